// The menu of the composer: what the word before the cursor may become.
//
// The field keeps the focus and its role (a text box of several lines); the option that is chosen is its
// aria-activedescendant, as the ARIA practices have it for a list that completes.

import { asksForSomeone, candidates } from "../model/complete.js";
import { meetEveryone } from "../model/everyone.js";
import { attribute, el, fill } from "./dom.js";
import { colourOf } from "./person.js";

/** @typedef {import("../model/complete.js").Candidate} Candidate */

const ASK_EVERY = 60_000; // ms: how often everyone on the server is asked for

export class Completion {
  element = el("ul", {
    class: "completion", id: "completion", role: "listbox", "aria-label": "Suggestions", hidden: true,
  });
  #app;
  #field;
  /** @type {Candidate[]} */
  #found = [];
  #word = "";
  #chosen = -1; // none: Enter sends what stands there
  #asked = -Infinity; // when everyone was asked for

  /**
   * @param {import("./app.js").App} app
   * @param {HTMLTextAreaElement} field
   */
  constructor(app, field) {
    this.#app = app;
    this.#field = field;
    for (const [name, value] of [["aria-autocomplete", "list"], ["aria-haspopup", "listbox"]]) {
      field.setAttribute(name, value);
    }
    this.element.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    this.element.addEventListener("click", (event) => {
      const option = /** @type {Element} */ (event.target).closest("[role=option]");
      if (option) this.#take([...this.element.children].indexOf(option));
    });
  }

  /** Whether something is offered. */
  get isOpen() {
    return !this.element.hidden;
  }

  /** What stands in the field has changed: offer what fits, if it asks for that. */
  update() {
    const { word, found, isAsked, isSure } = this.#look();
    if (!isAsked || !found.length) return this.close();
    this.#show(word, found, isSure ? 0 : -1);
  }

  close() {
    this.element.hidden = true;
    this.#found = [];
    this.#mark(-1);
    attribute(this.#field, "aria-controls", null);
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether it is done with it
   */
  takes({ key, shiftKey, ctrlKey, altKey, metaKey }) {
    if (ctrlKey || altKey || metaKey) return false;
    if (key === "Tab" && !shiftKey) return this.isOpen ? this.#take(Math.max(this.#chosen, 0)) : this.#complete();
    if (!this.isOpen || shiftKey) return false;
    switch (key) {
      case "ArrowDown": return this.#step(1);
      case "ArrowUp": return this.#step(-1);
      case "Enter": return this.#chosen >= 0 && !this.#isComplete() && this.#take(this.#chosen);
      case "Escape":
        this.close();
        return true;
      default: return false;
    }
  }

  #look() {
    const { value, selectionStart, selectionEnd } = this.#field;
    if (selectionStart !== selectionEnd) return { word: "", found: [], isAsked: false, isSure: false };
    return candidates(value.slice(0, selectionStart), this.#app.chat);
  }

  /** Tab, where nothing is offered yet: what can be completed? @returns {boolean} */
  #complete() {
    const { word, found } = this.#look();
    if (found.length === 1) {
      this.#show(word, found, 0);
      return this.#take(0);
    }
    if (found.length) this.#show(word, found, 0);
    else if (!word || !this.#meetEveryone()) return false; // to what comes next on the page
    return true;
  }

  /** Somebody is to be named of whom we may not have heard. @returns {boolean} */
  #meetEveryone() {
    const before = this.#field.value.slice(0, this.#field.selectionStart);
    if (!asksForSomeone(before) || performance.now() < this.#asked + ASK_EVERY) return false;
    this.#asked = performance.now();
    meetEveryone(this.#app.engine).then(() => this.#field.value.startsWith(before) && this.#complete(), () => {});
    return true;
  }

  /** Whether what is typed is what one of the candidates would make of it: then Enter sends it. */
  #isComplete() {
    const word = this.#word.toLowerCase();
    return this.#found.some(({ text, uid }) =>
      text.trim().toLowerCase() === word || String(uid) === word.replace("@", ""));
  }

  /**
   * @param {string} word
   * @param {Candidate[]} found
   * @param {number} chosen
   */
  #show(word, found, chosen) {
    this.#word = word;
    this.#found = found;
    fill(this.element, ...found.map(option));
    this.element.hidden = false;
    this.#field.setAttribute("aria-controls", this.element.id);
    this.#mark(chosen);
  }

  /** @param {number} by @returns {true} */
  #step(by) {
    const { length } = this.#found;
    this.#mark(this.#chosen < 0 && by < 0 ? length - 1 : (this.#chosen + by + length) % length);
    return true;
  }

  /** @param {number} chosen */
  #mark(chosen) {
    const options = this.element.children;
    options[this.#chosen]?.setAttribute("aria-selected", "false");
    this.#chosen = chosen;
    const option = options[chosen];
    attribute(this.#field, "aria-activedescendant", option?.id);
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} place @returns {true} */
  #take(place) {
    const { text } = this.#found[place], end = this.#field.selectionStart;
    this.#field.setRangeText(text, end - this.#word.length, end, "end");
    this.close();
    this.#field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    return true;
  }
}

/** @param {Candidate} candidate @param {number} place */
function option({ text, meaning, uid }, place) {
  const classes = uid !== undefined && `name ${colourOf(uid)}`;
  const name = el("bdi", { class: classes }, text.trim().replace(/:$/, ""));
  return el(
    "li", { class: "list-row", id: `completion-${place}`, role: "option", "aria-selected": "false" },
    name, el("span", { class: "soft small ellipsis" }, uid === undefined ? meaning : `number ${uid}`),
  );
}
