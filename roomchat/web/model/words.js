// Parts of sentences that are the same wherever they stand, and the same as in the terminal.

import { ACTION, isPair, otherOf } from "../core/protocol.js";
import { cell } from "./harmless.js";

/** @typedef {import("../core/protocol.js").Person} Person */
/** @typedef {import("../core/protocol.js").Entry} Entry */
/** @typedef {import("../core/protocol.js").Spoken} Spoken */

/**
 * What the words need to know of the chat.
 * @typedef {{me: {uid: number, name: string}, names: Map<number, string>}} Known
 */

export const DELETED = "(deleted)"; // is shown in the place of words that were deleted

/** @param {number} number */
const two = (number) => String(number).padStart(2, "0");

/**
 * A moment (RFC 3339) in this machine's zone, as 2024-05-01 08:30; what is none, as it is.
 * @param {string} ts
 */
export function localTime(ts) {
  const date = new Date(ts);
  if (Number.isNaN(date.getTime())) return cell(ts);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(date)}`;
}

/** @param {Date} date as 08:30 */
export const clock = (date) => date.toTimeString().slice(0, 5);

/** @param {number} at ms @returns {string} the day here, as Wed May 01 2024 */
export const dayOf = (at) => new Date(at).toDateString();

/** @param {Date} date as Wednesday, 01 May 2024 */
export function dayWords(date) {
  /** @param {Intl.DateTimeFormatOptions} options */
  const part = (options) => date.toLocaleDateString("en-GB", options);
  return `${part({ weekday: "long" })}, ${part({ day: "2-digit", month: "long", year: "numeric" })}`;
}

/**
 * A number of things, as people write it.
 * @param {number} number
 * @param {string} thing
 * @param {string} [things]
 */
export const counted = (number, thing, things = `${thing}s`) => `${number} ${number === 1 ? thing : things}`;

/**
 * Several, in one sentence; of those that are not there, the number.
 * @param {string} title
 * @param {string[]} names
 * @param {number} [total]
 */
export function listed(title, names, total = names.length) {
  const more = total > names.length ? ` and ${total - names.length} more` : "";
  return `${title}: ${names.join(", ")}${more}.`;
}

/**
 * Somebody in a sentence: ann (7).
 * @param {string} name
 * @param {number} uid
 */
export const whose = (name, uid) => `${cell(name)} (${uid})`;

/** @param {Person} person in a list */
export const personName = (person) => whose(person.name, person.uid) + (person.away ? " [away]" : "");

/**
 * Who has that UID, as far as we know.
 * @param {number} uid
 * @param {Known} chat
 */
export function uidName(uid, chat) {
  const name = chat.names.get(uid);
  return name === undefined ? `UID ${uid}` : whose(name, uid);
}

/**
 * The other one in a room of two, as a sentence calls them.
 * @param {string} room
 * @param {Known} chat
 */
export function whisperer(room, chat) {
  const uid = otherOf(room, chat.me.uid) ?? 0;
  return cell(chat.names.get(uid) ?? `UID ${uid}`);
}

/**
 * A room as people know it.
 * @param {string} room
 * @param {Known} chat
 */
export const roomName = (room, chat) => (isPair(room) ? `whisper with ${whisperer(room, chat)}` : cell(room));

/** @param {string} name what someone is told who begins to whisper */
export const whispersTold = (name) =>
  `Whispers go only to you and ${name} (the server's operator can read them).`;

/** @param {string} name what someone is told who whispers to a person that is not connected */
export const willSeeLater = (name) => `${name} is offline and will see your whispers later.`;

/**
 * A name as it stands before what was said: one that could be taken for something else, with the UID.
 * @param {number} uid
 * @param {string} name
 */
export function speaker(uid, name) {
  const isName = /\p{L}/u.test(name) && /^[\p{L}\p{N}_]/u.test(name) && !/[:,]$/.test(name);
  return isName && name.toLowerCase() !== "server" ? cell(name) : whose(name, uid);
}

/**
 * The words, and whether they tell what their sender does: then a star stands before the name.
 * @param {Spoken} entry
 * @returns {{star: boolean, text: string}} the text is as it came: not harmless
 */
export function said({ type, text }) {
  if (type !== "action" && text.startsWith(ACTION)) return { star: true, text: text.slice(ACTION.length) };
  return { star: type === "action", text };
}

/**
 * How long something lasts, and why, if that is said.
 * @param {{until?: string, reason?: string}} entry
 */
export const untilAndWhy = ({ until, reason }) =>
  (until ? ` until ${localTime(until)}` : "") + (reason ? `: ${cell(reason)}` : "");

/** @type {Record<string, (whom: string, room: string) => string>} */
const DEEDS = {
  deleted: (whom, room) => `deleted a message in ${room}`,
  kicked: (whom, room) => `put ${whom} out of ${room}`,
  banned: (whom, room) => `banned ${whom} from ${room}`,
  unbanned: (whom, room) => `lifted the ban of ${whom} from ${room}`,
  muted: (whom, room) => `muted ${whom} in ${room}`,
  unmuted: (whom, room) => `let ${whom} speak in ${room} again`,
  promoted: (whom, room) => `made ${whom} a moderator of ${room}`,
  demoted: (whom, room) => `made ${whom} a moderator of ${room} no longer`,
  owner: (whom, room) => `made ${whom} the owner of ${room}`,
};

/** @param {{type: string}} entry whether it tells what somebody has done about a room */
export const isDeed = (entry) => entry.type === "topic" || Object.hasOwn(DEEDS, entry.type);

/**
 * What is said of a deed behind the name of whoever did it: put eve out of tea: spam. All of it harmless.
 * @param {any} entry a deed
 * @param {string} [whom] what to call whom it was done to, if not by the name
 */
export function deed(entry, whom = cell(entry.whom_name ?? "")) {
  const room = cell(entry.room);
  if (entry.type === "topic") {
    return `set the topic of ${room}${entry.topic ? `: ${cell(entry.topic)}` : " to nothing"}`;
  }
  if (entry.type === "owner" && entry.whom === entry.uid) return `became the owner of ${room}`;
  return DEEDS[entry.type](whom, room) + untilAndWhy(entry);
}

/**
 * Who did it, and what: You put eve out of tea.
 * @param {any} entry a deed
 * @param {Known} chat
 */
export const deedWords = (entry, chat) =>
  `${entry.uid === chat.me.uid ? "You" : whose(entry.name, entry.uid)} ${deed(entry)}`;
