// The two buttons above the messages: down to the newest, and up to where it begins to be new.

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { since } from "./times.js";

export class Jumps {
  #newest;
  #new;

  /** @param {() => void} toNewest @param {() => void} toNew */
  constructor(toNewest, toNew) {
    this.#newest = el("button", { class: "jump to-newest", type: "button", hidden: true, onclick: toNewest });
    this.#new = el("button", { class: "jump to-new", type: "button", hidden: true, onclick: toNew });
  }

  get elements() {
    return [this.#new, this.#newest];
  }

  /** @param {boolean} isFar whether the newest is out of sight @param {number} count of what came since */
  newest(isFar, count) {
    show(this.#newest, isFar ? (count ? `${count} new` : "To the newest") : "", "down");
    this.#newest.classList.toggle("counted", count > 0);
  }

  /** @param {boolean} isAbove whether new messages begin out of sight @param {number} [at] ms: since when */
  new(isAbove, at) {
    show(this.#new, isAbove ? (at ? `new since ${since(at)}` : "To what is new") : "", "down");
  }
}

/** @param {HTMLElement} button @param {string} words none: it is not shown @param {string} drawing */
function show(button, words, drawing) {
  button.hidden = !words;
  if (button.dataset.words === words || !words) return;
  button.dataset.words = words;
  fill(button, icon(drawing), el("span", null, words));
}
