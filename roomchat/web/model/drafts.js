// What was begun in each room, and is not sent yet.

import { browser } from "../core/outside.js";

const KEEP_AFTER = 50; // ms: a draft is kept when one pauses; a page that is left has no time for it any more

export class Drafts {
  /** @type {Map<string, string>} */
  #texts = new Map();
  #stop = () => {};
  #keep;
  #after;

  /**
   * @param {(room: string, text: string) => void} keep on the disk; "": there is none any more
   * @param {import("../core/outside.js").Outside["after"]} [after]
   */
  constructor(keep, after = browser.after) {
    this.#keep = keep;
    this.#after = after;
  }

  /** @param {Record<string, string>} kept begin with those that are on the disk */
  load(kept) {
    this.#texts = new Map(Object.entries(kept));
  }

  /** @param {string} room @returns {string} "": there is none */
  of(room) {
    return this.#texts.get(room) ?? "";
  }

  /** @param {string} room @param {string} text that is kept already, or is not to be */
  put(room, text) {
    this.#texts.set(room, text);
  }

  /** @param {string} room @param {string} text after one more key */
  typed(room, text) {
    this.#stop();
    this.#stop = this.#after(KEEP_AFTER, () => this.keep(room, text));
  }

  /** @param {string} room @param {string} text that stands there, while one sends it or turns away */
  keep(room, text) {
    this.#stop();
    if (text === this.of(room)) return;
    this.put(room, text);
    this.#keep(room, text);
  }
}
