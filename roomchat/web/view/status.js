// How things stand, in one quiet place: nothing while all is well.

import { reload } from "../core/offline.js";
import { button } from "./buttons.js";
import { el, fill } from "./dom.js";

const PATIENCE = 1500; // ms: a connection that is back sooner is not spoken of
const BACK_FOR = 4000; // ms for which it says that the connection is back
const UPDATE = "There is a new version of this page.";

/** @typedef {{phase: string, sentence: string, retryAt?: number}} How */

/** The status row. It is a live region, so a screen reader says each thing once. */
export class Status {
  #element;
  #engine;
  /** @type {"well" | "losing" | "lost" | "back"} */
  #state = "well";
  #wasOnline = false;
  /** @type {How} */
  #how;
  /** @type {Map<string, Node[]>} what is to be known beside that: sentences with their buttons */
  #notices = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {HTMLElement} element
   * @param {any} engine
   */
  constructor(element, engine) {
    this.#element = element;
    this.#engine = engine;
    this.#how = engine.status;
    engine.on("status", (/** @type {How} */ how) => this.#changed(how));
    engine.on("notice", (/** @type {string} */ sentence) => this.#notice(sentence, "All right"));
    engine.on("update", () => this.#notice(UPDATE, "Later", button("Load it", reload)));
  }

  /** @param {How} how */
  #changed(how) {
    // That it is tried again is no news, and would be read out each time.
    if (this.#how.phase !== "offline" || how.phase !== "offline" || how.retryAt) this.#how = how;
    // To connect for the first time may take its time: there was nothing that could be lost.
    const isFirst = how.phase === "connecting" && !this.#wasOnline && this.#state === "well";
    const isLost = how.phase === "offline" || (how.phase === "connecting" && !isFirst);
    this.#wasOnline = how.phase === "online" || (isLost && this.#wasOnline);
    if (how.phase === "ended") this.#turn("lost");
    else if (isLost && this.#state !== "lost" && this.#state !== "losing") this.#turn("losing", PATIENCE, "lost");
    else if (how.phase === "online" && this.#state === "lost") this.#turn("back", BACK_FOR, "well");
    else if (!isLost && this.#state !== "back") this.#turn("well");
    else this.#show();
  }

  /**
   * @param {"well" | "losing" | "lost" | "back"} state
   * @param {number} [after] ms until it is
   * @param {"well" | "lost"} [next]
   */
  #turn(state, after = 0, next) {
    clearTimeout(this.#timer);
    this.#state = state;
    if (next) this.#timer = setTimeout(() => this.#turn(next), after);
    this.#show();
  }

  /**
   * @param {string} sentence
   * @param {string} away the label of the button that takes it away
   * @param {...Node} buttons before that one
   */
  #notice(sentence, away, ...buttons) {
    const drop = button(away, () => {
      this.#notices.delete(sentence);
      this.#show();
    });
    this.#notices.set(sentence, [...buttons, drop]);
    this.#show();
  }

  #show() {
    const [words, buttons] = this.#said();
    this.#element.classList.toggle("is-fine", this.#state !== "lost" || this.#how.phase === "connecting");
    if (this.#element.firstChild?.textContent === words) return; // said, and pressed perhaps
    fill(this.#element, words && el("p", null, words), ...buttons);
  }

  /** @returns {[string, Node[]]} */
  #said() {
    const { phase, sentence } = this.#how;
    if (this.#state === "back") return ["The connection is back.", []];
    if (this.#state !== "lost") return [...this.#notices].at(-1) ?? ["", []];
    const retry = () => this.#engine.retry();
    if (phase !== "ended") return [sentence, [button("Try now", retry)]];
    return [sentence, [button("Come in here again", retry), button("Log out", () => this.#engine.logout())]];
  }
}
