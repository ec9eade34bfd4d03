// What is to be said beside the box where one writes: one sentence on how things stand, the most pressing one.

import { cell } from "./harmless.js";
import { counted, untilAndWhy, willSeeLater } from "./words.js";

const NEAR = 200; // characters before the limit at which it is told

/**
 * @typedef {{text: string, isTooLong?: boolean}} Standing
 */

/**
 * How near a text is to what the server takes; null: not near.
 * @param {string} text
 * @param {number | undefined} most characters
 * @returns {Standing | null}
 */
export function lengthStanding(text, most) {
  if (most === undefined || text.length < most - NEAR) return null; // a character is one unit or two
  const left = most - [...text].length;
  if (left > NEAR) return null;
  if (left >= 0) return { text: `${left} of ${most} characters left.` };
  return { text: `${counted(-left, "character")} too many: a message may have ${most}.`, isTooLong: true };
}

/**
 * How things stand where one writes; "": nothing is in the way.
 * @param {{phase: string}} status of the engine
 * @param {any} chat
 * @param {any} [muted] the entry by which this person was muted in that room
 * @param {number} [now] ms
 */
export function standing(status, chat, muted, now = Date.now()) {
  const room = chat.rooms.get(chat.current);
  if (status.phase === "ended") return "Nothing can be sent from here any more.";
  if (!room) return "You are not in a room. Join one, or dial someone.";
  if (muted && !(muted.until && new Date(muted.until).getTime() <= now)) {
    return `You are muted in ${cell(room.key)}${untilAndWhy(muted)}.`;
  }
  if (status.phase !== "online") return "You are not connected: what you write is kept, and sent when you are.";
  return room.other?.offline ? willSeeLater(cell(room.other.name)) : "";
}
