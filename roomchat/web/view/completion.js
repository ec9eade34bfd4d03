// The menu of the composer: what the word before the cursor may become.
//
// The field keeps the focus and its role (a text box of several lines); the option that is chosen is its
// aria-activedescendant, as the ARIA practices have it for a list that completes.

import { asksForSomeone, candidates } from "../model/complete.js";
import { meetEveryone } from "../model/everyone.js";
import { attribute, el, fill } from "./dom.js";
import { markOption, nextOption } from "./options.js";
import { colourOf, theirs } from "./person.js";

/** @typedef {import("../model/complete.js").Candidate} Candidate */

const ASK_EVERY = 60_000; // ms: how often everyone on the server is asked for

export class Completion {
  element = el("ul", {
    class: "completion", id: "completion", role: "listbox", "aria-label": "Suggestions", hidden: true,
    onpointerdown: (/** @type {Event} */ event) => event.preventDefault(), // the field keeps the focus
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
  }

  /** What stands in the field has changed: offer what fits, if it asks for that. */
  update() {
    const { word, found, isAsked, isSure } = this.#look();
    this.#show(word, isAsked ? found : [], isSure ? 0 : -1);
  }

  close() {
    this.#show("", [], -1);
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether it is done with it
   */
  takes({ key, shiftKey, ctrlKey, altKey, metaKey }) {
    if (ctrlKey || altKey || metaKey || shiftKey) return false;
    const { length } = this.#found;
    if (key === "Tab") return length ? this.#take(Math.max(this.#chosen, 0)) : this.#complete();
    if (!length) return false;
    if (key === "Enter") return this.#chosen >= 0 && !this.#isComplete() && this.#take(this.#chosen);
    const next = nextOption(key, this.#chosen, length);
    if (key === "Escape") this.close();
    else if (next === undefined) return false;
    else this.#mark(next);
    return true;
  }

  #look() {
    const { value, selectionStart, selectionEnd } = this.#field;
    return candidates(selectionStart === selectionEnd ? value.slice(0, selectionStart) : "", this.#app.chat);
  }

  /** Tab, where nothing is offered yet: what can be completed? @returns {boolean} */
  #complete() {
    const { word, found } = this.#look();
    if (!found.length) return word !== "" && this.#meetEveryone(); // if not: to what comes next on the page
    this.#show(word, found, 0);
    return found.length > 1 || this.#take(0);
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
   * @param {Candidate[]} found none: nothing is offered
   * @param {number} chosen
   */
  #show(word, found, chosen) {
    this.#word = word;
    this.#found = found;
    fill(this.element, ...found.map(({ text, meaning, uid }, place) => el(
      "li", { class: "list-row", id: `completion-${place}`, role: "option", onclick: () => this.#take(place) },
      theirs(text.trim().replace(/:$/, ""), uid !== undefined && `name ${colourOf(uid)}`),
      el("span", { class: "soft small ellipsis" }, uid === undefined ? meaning : `number ${uid}`),
    )));
    this.element.hidden = !found.length;
    attribute(this.#field, "aria-controls", found.length > 0 && this.element.id);
    this.#mark(chosen);
  }

  /** @param {number} chosen */
  #mark(chosen) {
    this.#chosen = chosen;
    markOption(this.#field, this.element, chosen);
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
