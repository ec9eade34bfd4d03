// The lines that were typed in this browser, to bring them back.

const MOST = 100; // lines that are kept
const LONGEST = 2000; // characters of one: a paste is not kept twice

/** @typedef {{getItem(key: string): string | null, setItem(key: string, value: string): void}} Store */

const KEY = "roomchat.typed";

export class TypedHistory {
  #store;
  /** @type {string[]} */
  #lines = [];
  #place = 0; // of the line that is shown; behind the last one: none

  /** @param {() => Store} store gives localStorage; it may refuse */
  constructor(store) {
    this.#store = store;
    this.#load();
  }

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
    try {
      const lines = JSON.parse(this.#store().getItem(KEY) ?? "[]");
      if (Array.isArray(lines)) this.#lines = lines.filter((line) => typeof line === "string");
    } catch {
      // Somebody else's, or none is kept here: what we have is enough.
    }
  }

  /** @param {string[]} lines */
  #keep(lines) {
    this.#lines = lines;
    this.rest();
    try {
      this.#store().setItem(KEY, JSON.stringify(lines));
    } catch {
      // A private window may keep nothing: they last until the tab is closed.
    }
  }
}
