// Somebody wants this person: how it is said outside of the page, and how often.

import { isPair } from "../core/protocol.js";
import { cell, harmlessLines, short } from "./harmless.js";
import { keepHere, readHere } from "./kept_here.js";
import { caller } from "./told.js";
import { said, speaker } from "./words.js";

/** @typedef {"everything" | "mentions" | "nothing"} Level */

const RINGS = 3; // that may come at once
const RING_EVERY = 10_000; // ms until one more may come: a flood of mentions is heard, and no alarm
const LONGEST = 300; // characters of a message that a notification shows
const KEY = "roomchat.calls";

/** What calls in each room, where it is not as everywhere. Kept in this browser. */
export class Levels {
  #store;

  /** @param {import("./kept_here.js").Store} store gives localStorage */
  constructor(store) {
    this.#store = store;
  }

  /** @param {string} room @returns {Level | undefined} undefined: as everywhere */
  get(room) {
    const all = this.#all();
    return Object.hasOwn(all, room) ? all[room] : undefined;
  }

  /** @param {string} room @param {Level | undefined} level */
  set(room, level) {
    const { [room]: _, ...others } = this.#all();
    keepHere(this.#store, KEY, level ? { ...others, [room]: level } : others);
  }

  /** @returns {Record<string, Level>} */
  #all() {
    return readHere(this.#store, KEY) ?? {};
  }
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

/**
 * Whether something that was said calls this person.
 * @param {any} entry
 * @param {any} chat
 * @param {Level} level of its room
 */
export function calls(entry, chat, level) {
  if (level === "nothing" || (entry.type !== "message" && entry.type !== "action")) return false;
  if (!chat.isOfOthers(entry) || chat.isOld(entry)) return false;
  return level === "everything" || chat.wants(entry);
}

/**
 * A notification of it.
 * @param {any} entry
 * @param {any} chat
 * @returns {{title: string, body: string}} harmless
 */
export function callOf(entry, chat) {
  const { star, text } = said(entry), who = speaker(entry.uid, entry.name);
  const title = isPair(entry.room) ? `${who} whispers to you` : `${who} in ${cell(entry.room)}`;
  return { title, body: (star ? `* ${who} ` : "") + harmlessLines(short(text, LONGEST)) };
}

/**
 * Somebody has dialled this person.
 * @param {any} event joined, with `by`
 * @param {any} chat
 */
export function dialOf(event, chat) {
  return { title: `${caller(event, chat)} dialled you`, body: `You are in ${cell(event.room)}.` };
}
