// Links into the chat: what stands behind the # of the address. It never goes to a server, and is taken out of the
// address bar, and out of the history, as soon as it was read.

import { readInvite } from "../model/invite.js";

/**
 * `invite`: to the server; `room` with `token`: into a room, a private one if it has a token; `dial`: a number to
 * call. `trouble` is a sentence, if what was pasted is not whole.
 * @typedef {{invite?: string, room?: string, token?: string, dial?: string, trouble?: string}} Link
 */

/**
 * What this page was opened with; empty if with nothing, and when it was taken before.
 *
 * @returns {Link}
 */
export function takeLink() {
  const { invite, join: room, token, dial } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  if (!invite && !room && !dial) return {};
  history.replaceState(history.state, "", location.pathname + location.search);
  if (!invite) return { room, token, dial: dial?.replace(/\D/g, "") };
  try {
    return { invite: readInvite(invite) };
  } catch (error) {
    return { trouble: /** @type {Error} */ (error).message };
  }
}

/** @param {Record<string, string>} fields @returns {string} a link that opens this page with them */
function linkWith(fields) {
  return `${location.origin}/#${new URLSearchParams(fields)}`;
}

/** @param {number} uid @returns {string} a link that calls that number */
export const linkToDial = (uid) => linkWith({ dial: String(uid) });

/** @param {string} room @param {string} [token] of an invitation, into a private one */
export const linkToRoom = (room, token) => linkWith(token ? { join: room, token } : { join: room });
