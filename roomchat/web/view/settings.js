// How this browser shows the chat: kept in this browser only, the same in all its tabs.

import { keepHere, readHere } from "../model/kept_here.js";

/**
 * @typedef {Object} Values
 * @property {"auto" | "light" | "dark"} theme
 * @property {"normal" | "dense"} density
 * @property {boolean} people whether they stand beside the room, where there is space
 * @property {"nothing" | "mentions" | "everything"} notify what calls with a notification of the system
 * @property {boolean} sound whether it is heard, too
 */

/** @type {Values} */
const DEFAULTS = { theme: "auto", density: "normal", people: true, notify: "nothing", sound: false };
const KEY = "roomchat.settings";

export class Settings {
  values = DEFAULTS;

  constructor() {
    window.addEventListener("storage", ({ key }) => key === KEY && this.#take(readHere(KEY)));
    this.#take(readHere(KEY));
  }

  /** @param {Partial<Values>} changed */
  set(changed) {
    this.#take({ ...this.values, ...changed });
    keepHere(KEY, this.values);
  }

  /** @param {Partial<Values> | null} values */
  #take(values) {
    this.values = { ...DEFAULTS, ...values };
    const { theme, density } = this.values;
    Object.assign(document.documentElement.dataset, { theme, density });
  }
}
