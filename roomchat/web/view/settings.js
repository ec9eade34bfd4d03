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

/** The values, and whom to tell when one changes. */
export class Settings {
  /** @type {((values: Values) => void)[]} */
  #listeners = [];
  /** @type {Values} */
  #values = { ...DEFAULTS, ...stored() };

  constructor() {
    window.addEventListener("storage", (event) => {
      if (event.key === KEY) this.#take({ ...DEFAULTS, ...stored() });
    });
    this.#show();
  }

  get values() {
    return this.#values;
  }

  /** @param {Partial<Values>} changed */
  set(changed) {
    const values = { ...this.#values, ...changed };
    keepHere(() => localStorage, KEY, values);
    this.#take(values);
  }

  /** @param {(values: Values) => void} listener */
  onchange(listener) {
    this.#listeners.push(listener);
  }

  /** @param {Values} values */
  #take(values) {
    this.#values = values;
    this.#show();
    for (const listener of this.#listeners) listener(values);
  }

  #show() {
    const { dataset } = document.documentElement;
    dataset.theme = this.#values.theme;
    dataset.density = this.#values.density;
  }
}

/** @returns {Partial<Values>} */
const stored = () => readHere(() => localStorage, KEY) ?? {};
