// How things stand, in one quiet place: nothing while all is well.

import { counted } from "../model/words.js";
import { el, fill } from "./dom.js";

const PATIENCE = 1500; // ms: a connection that is back sooner is not spoken of
const BACK_FOR = 4000; // ms that "is back" stands there

/** The status row; put `element` where it is to be. It is a live region, so it says each thing once. */
export class Status {
  #engine;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #wasLost = false;
  #notices = /** @type {Map<string, Node[]>} */ (new Map());
  #shown = "";
  /** @type {(() => number) | undefined} */
  #waiting;

  /**
   * @param {HTMLElement} element
   * @param {any} engine
   * @param {() => number} [waiting] how many lines wait for the server
   */
  constructor(element, engine, waiting) {
    this.element = element;
    this.#engine = engine;
    this.#waiting = waiting;
    engine.on("status", (/** @type {any} */ status) => this.#changed(status));
    engine.on("notice", (/** @type {string} */ sentence) => this.#notice(sentence, [button("Well", () => this.#drop(sentence))]));
    engine.on("update", () => this.#notice("There is a new version of this page.", [
      button("Use it", () => location.reload()), button("Later", () => this.#drop("There is a new version of this page.")),
    ]));
    this.#changed(engine.status);
  }

  /** @param {{phase: string, sentence: string, retryAt?: number}} status */
  #changed({ phase, sentence, retryAt }) {
    clearTimeout(this.#timer);
    if (phase === "online") return this.#online();
    if (phase === "starting" || phase === "stranger") return this.#show("");
    if (phase === "ended") {
      this.#wasLost = true;
      return this.#show(sentence || "You are logged out here.", [
        button("Come in here again", () => this.#engine.retry()), button("Somebody else", () => this.#engine.logout()),
      ]);
    }
    const retry = retryAt ? [button("Try now", () => this.#engine.retry())] : [];
    const words = sentence || "The connection is lost. Trying again; what you type is kept.";
    if (this.#wasLost) return this.#show(words, retry);
    this.#timer = setTimeout(() => {
      this.#wasLost = true;
      this.#show(words, retry);
    }, PATIENCE);
  }

  #online() {
    if (!this.#wasLost) return this.#show("");
    this.#wasLost = false;
    this.#show("The connection is back.", [], "is-fine");
    this.#timer = setTimeout(() => this.#show(""), BACK_FOR);
  }

  /** @param {string} sentence @param {Node[]} buttons */
  #notice(sentence, buttons) {
    this.#notices.set(sentence, buttons);
    if (!this.#wasLost) this.#show("");
  }

  /** @param {string} sentence */
  #drop(sentence) {
    this.#notices.delete(sentence);
    this.#show("");
  }

  /** @param {string} sentence empty: the last notice, or nothing @param {Node[]} [buttons] @param {string} [classes] */
  #show(sentence, buttons = [], classes = "") {
    const [notice, ...more] = sentence ? [] : [...this.#notices].at(-1) ?? [];
    const waiting = sentence && !classes ? this.#waiting?.() ?? 0 : 0;
    const words = `${sentence || notice || ""}${waiting ? ` ${counted(waiting, "message")} not sent yet.` : ""}`;
    if (words === this.#shown) return;
    this.#shown = words;
    this.element.className = `status ${classes || (notice ? "is-fine" : "")}`;
    if (!words) return void fill(this.element);
    fill(this.element, el("p", null, words), ...(notice ? /** @type {Node[]} */ (more.flat()) : buttons));
  }
}

/** @param {string} label @param {() => void} run */
const button = (label, run) => el("button", { class: "button", type: "button", onclick: run }, label);
