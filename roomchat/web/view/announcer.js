// What a screen reader says by itself: new messages of the room that is looked at, a few at a time.

import { counted } from "../model/words.js";
import { el } from "./dom.js";
import { spokenWords } from "./message.js";

const PAUSE = 1500; // ms: what comes within it is said at once
const MOST = 3; // messages that are read out; of more only the number is said

export class Announcer {
  element = el("div", { class: "unseen", "aria-live": "polite" });
  /** @type {any[]} */
  #waiting = [];
  #timer = 0;

  /** @param {any} entry a message */
  take(entry) {
    this.#waiting.push(entry);
    this.#timer ||= window.setTimeout(() => this.#say(), PAUSE);
  }

  /** @param {number} seq of words that are deleted: nobody is to hear them any more */
  erase(seq) {
    this.#waiting = this.#waiting.filter((one) => one.seq !== seq);
    this.element.replaceChildren();
  }

  /** Another room is looked at. */
  forget() {
    this.#waiting = [];
    this.element.replaceChildren();
  }

  #say() {
    const all = this.#waiting;
    this.#waiting = [];
    this.#timer = 0;
    const sentences = all.length > MOST ? [counted(all.length, "new message")] : all.map(spokenWords);
    this.element.replaceChildren(...sentences.map((one) => el("p", { dir: "auto" }, one)));
  }
}
