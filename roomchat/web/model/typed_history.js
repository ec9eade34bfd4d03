// The lines that were typed in this browser, to bring them back.

import { keepHere, readHere } from "./kept_here.js";

const MOST = 100; // lines that are kept
const LONGEST = 2000; // characters of one: a paste is not kept twice

const KEY = "roomchat.typed";

export class TypedHistory {
  /** @type {string[]} */
  #lines = [];
  #place = 0; // of the line that is shown; behind the last one: none

  /** @param {string} line was typed and sent */
  add(line) {
    this.#load();
    if (line !== this.#lines.at(-1) && line.length <= LONGEST) this.#keep([...this.#lines, line].slice(-MOST));
    this.rest();
  }

  /** @param {string} text is not to be found again: it was deleted */
  forget(text) {
    this.#load();
    this.#keep(this.#lines.filter((line) => line !== text && line !== `/me ${text}`));
  }

  /** Forget all. */
  clear() {
    this.#keep([]);
  }

  /** What is typed next is new. */
  rest() {
    this.#place = this.#lines.length;
  }

  /**
   * The line before the one that is shown; null: there is none, or what is shown was changed.
   * @param {string} shown
   */
  older(shown) {
    if (this.#place >= this.#lines.length) {
      if (shown) return null;
      this.#load();
      this.rest();
    } else if (shown !== this.#lines[this.#place]) return null;
    return this.#place > 0 ? this.#lines[--this.#place] : null;
  }

  /**
   * The line behind the one that is shown, at last an empty one; null: there is none.
   * @param {string} shown
   */
  newer(shown) {
    if (this.#place >= this.#lines.length || shown !== this.#lines[this.#place]) return null;
    this.#place += 1;
    return this.#lines[this.#place] ?? "";
  }

  #load() {
    const lines = readHere(KEY); // perhaps somebody else's
    if (Array.isArray(lines)) this.#lines = lines.filter((line) => typeof line === "string");
  }

  /** @param {string[]} lines */
  #keep(lines) {
    this.#lines = lines;
    this.rest();
    keepHere(KEY, lines);
  }
}
