// A run of a room's log without a hole, and what was told between its entries.

import { tombstone } from "../core/kept.js";

/** @typedef {import("../core/protocol.js").Entry} Entry */
/** @typedef {import("./comings.js").Comings} Comings */

/**
 * A line of ours, as the engine has it. `at`: ms.
 * @typedef {{id: string, room?: string, uid?: number, text: string, kind?: "action", at: number}} Line
 *
 * What is shown, each with a key that nothing else in its timeline has, and the ms when it was. They are never
 * changed, only replaced.
 * @typedef {{kind: "entry", key: string, at: number, entry: Entry}} Logged
 * @typedef {"printed" | "quiet" | "trouble"} Tone asked for; what one may overlook; what one should not
 * @typedef {{kind: "gap", key: string, at: number, after: number, before: number}} Hole
 * @typedef {{kind: "told", key: string, at: number, lines: string[], tone: Tone}} Told
 * @typedef {{kind: "refused", key: string, at: number, line: Line, reason: string}} RefusedLine
 * @typedef {{kind: "waiting", key: string, at: number, line: Line}} Waiting
 * @typedef {Logged | Hole | Told | RefusedLine | Waiting | Comings} Item
 */

/**
 * @param {Entry} entry
 * @returns {Logged}
 */
export const logged = (entry) => ({
  kind: "entry", entry, at: Date.parse(entry.ts) || 0, key: entry.own ? `line:${entry.own}` : `seq:${entry.seq}`,
});

/** @param {Item | null} [item] the place of an entry in the log; 0 of what is no entry */
export const seqOf = (item) => (item?.kind === "entry" ? item.entry.seq : 0);

/** Items in order. Each has a number that it keeps: those put before the first one get smaller numbers. */
export class Run {
  #isWhole = false;
  /** The number of the first item. */
  start = 0;

  /** @param {Item[]} [items] */
  constructor(items = []) {
    this.items = items;
  }

  /** Whether it begins with the first entry of the log. */
  get isWhole() {
    return this.#isWhole || this.firstSeq === 1;
  }

  set isWhole(isIt) {
    this.#isWhole = isIt;
  }

  /** The number behind the last item's. */
  get end() {
    return this.start + this.items.length;
  }

  /** The first entry's; 0 if there is none. */
  get firstSeq() {
    return seqOf(this.items.find(seqOf));
  }

  /** The last entry's; 0 if there is none. */
  get lastSeq() {
    return seqOf(this.items.findLast(seqOf));
  }

  /** @param {number} number @returns {Item | undefined} */
  at(number) {
    return this.items[number - this.start];
  }

  /**
   * The nearest item before that number of which something is so.
   * @param {number} number
   * @param {(item: Item) => unknown} isSo
   */
  before(number, isSo) {
    return this.items.slice(0, Math.max(0, number - this.start)).findLast(isSo) ?? null;
  }

  /** @param {number} seq whether the entry with that seq is here, if it is anywhere */
  reaches(seq) {
    return (this.firstSeq <= seq || this.isWhole) && seq <= this.lastSeq;
  }

  /**
   * Put one behind all others. An entry that is not newer than the last one goes where it belongs, if it is not
   * here.
   * @param {Item} item
   */
  append(item) {
    const seq = seqOf(item);
    if (!seq || seq > this.lastSeq) return void this.items.push(item);
    const place = this.items.findLastIndex((one) => seqOf(one) && seqOf(one) <= seq);
    // Before all that is here it would leave a hole; it comes with its page.
    if (place >= 0 && seqOf(this.items[place]) !== seq) this.items.splice(place + 1, 0, item);
  }

  /**
   * Put a page before all that is here; what is here already is passed over.
   * @param {Entry[]} entries by their seq
   */
  prepend(entries) {
    const first = this.firstSeq || Infinity;
    const older = entries.filter((entry) => entry.seq < first).map(logged);
    this.items = [...older, ...this.items];
    this.start -= older.length;
  }

  /**
   * Put a page behind all that is here; what is here already is passed over.
   * @param {Entry[]} entries by their seq
   */
  extend(entries) {
    const last = this.lastSeq;
    this.items.push(...entries.filter((entry) => entry.seq > last).map(logged));
  }

  /**
   * Put a tombstone in the place of words.
   * @param {number} seq
   */
  erase(seq) {
    const place = this.items.findLastIndex((item) => seqOf(item) === seq);
    const item = this.items[place];
    if (item?.kind !== "entry" || !("text" in item.entry)) return;
    this.items[place] = { ...item, entry: tombstone(item.entry) };
  }

  /**
   * Give up what is before that number; it can be fetched again.
   * @param {number} number
   */
  forgetBefore(number) {
    const gone = number - this.start;
    if (gone <= 0) return;
    this.items.splice(0, gone);
    this.start = number;
    this.isWhole = false;
  }

  /**
   * Take away what is at that number and behind it.
   * @param {number} number
   * @returns {Item[]} what is taken
   */
  cut(number) {
    return this.items.splice(Math.max(0, number - this.start));
  }

  /**
   * The number of the entry with that seq (from 1), or of the first one behind it; the end, if there is none.
   * @param {number} seq
   */
  find(seq) {
    const place = this.items.findIndex((item) => seqOf(item) >= seq);
    return place < 0 ? this.end : this.start + place;
  }
}
