// Somebody wants this person: how it is said outside of the page, and how often.

import { isPair } from "../core/protocol.js";
import { cell, harmlessLines, short } from "./harmless.js";
import { keepHere, readHere } from "./kept_here.js";
import { said, speaker } from "./words.js";

/** @typedef {"everything" | "mentions" | "nothing"} Level */

const RINGS = 3; // that may come at once
const RING_EVERY = 10_000; // ms until one more may come: a flood of mentions is heard, and no alarm
const LONGEST = 300; // characters of a message that a notification shows
const LEVELS = "roomchat.calls";

/** @returns {Map<string, Level>} what calls in each room, where it is not as everywhere; kept in this browser */
const levels = () => new Map(Object.entries(readHere(LEVELS) ?? {}));

/** @param {string} room @returns {Level | undefined} undefined: as everywhere */
export const levelIn = (room) => levels().get(room);

/** @param {string} room @param {Level | undefined} level */
export function setLevel(room, level) {
  const all = levels();
  if (level) all.set(room, level);
  else all.delete(room);
  keepHere(LEVELS, Object.fromEntries(all));
}

/** Few at a time: three at once, then one in ten seconds. */
export class Pace {
  #left = RINGS;
  #counted = 0;

  /** @param {number} now ms @returns {boolean} whether one more may come */
  takes(now) {
    this.#left = Math.min(RINGS, this.#left + (now - this.#counted) / RING_EVERY);
    this.#counted = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** Whoever was here has gone: the levels name rooms. */
export const forgetLevels = () => keepHere(LEVELS, null);

/**
 * Whether something that was said calls this person.
 * @param {any} entry
 * @param {any} chat
 * @param {Level} level of its room
 */
export function calls(entry, chat, level) {
  if (level === "nothing" || !chat.isOfOthers(entry) || chat.isOld(entry)) return false;
  return level === "everything" || chat.wants(entry);
}

/**
 * A notification of it.
 * @param {any} entry
 * @returns {{title: string, body: string}} harmless
 */
export function callOf(entry) {
  const { star, text } = said(entry), who = speaker(entry.uid, entry.name);
  const title = isPair(entry.room) ? `${who} whispers to you` : `${who} in ${cell(entry.room)}`;
  return { title, body: (star ? `* ${who} ` : "") + harmlessLines(short(text, LONGEST)) };
}
