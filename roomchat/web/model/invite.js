// An invite to a server, as it is handed around: one word (roomchat/invites.py makes it).

import { Refused } from "../core/protocol.js";

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567"; // base32 (RFC 4648), in small letters
// 16 bytes; perhaps 32 bytes follow: the fingerprint of the server's key, which a browser has no use for.
const INVITE = /^([a-z2-7]{25})([a-z2-7])([a-z2-7]{51})?$/;

/**
 * The token of an invite, which proves it.
 *
 * @param {string} word as it was pasted
 * @returns {string}
 * @throws {Refused} with a sentence: it is none
 */
export function readInvite(word) {
  const match = INVITE.exec(word.trim().toLowerCase());
  if (!match) throw new Refused("invite", "This is not an invite; check that it was copied whole.");
  const [, begin, last] = match; // in the last letter the token ends, after 3 of its 5 bits
  return begin + LETTERS[LETTERS.indexOf(last) & 0b11100];
}
