// The two sides: on a wide screen they stand beside the room, on a narrow one they come in above it, one at a
// time.

import { byId, el } from "./dom.js";


/** @typedef {"sidebar" | "people"} Side by its id */

/** The sides, and which of them is to be seen. */
export class Drawers {
  /** Where a side is a drawer, as in shell.css. */
  #drawers = { sidebar: matchMedia("(max-width: 720px)"), people: matchMedia("(max-width: 1080px)") };
  #settings;
  #listPeople;
  /** @type {Side | null} */
  #above = null;
  /** @type {HTMLElement | null} */
  #before = null;
  #shade = el("button", { class: "shade", type: "button", tabindex: "-1", "aria-label": "Close" });

  /**
   * @param {import("./settings.js").Settings} settings
   * @param {() => void} listPeople they are to be seen now
   */
  constructor(settings, listPeople) {
    this.#settings = settings;
    this.#listPeople = listPeople;
    this.#shade.addEventListener("click", () => this.closeAbove());
    byId("chat").append(this.#shade);
    for (const query of Object.values(this.#drawers)) {
      query.addEventListener("change", () => {
        this.#above = null;
        this.#show();
      });
    }
    this.#show();
  }

  /** @param {Side} side */
  toggle(side) {
    if (!this.#drawers[side].matches) {
      this.#settings.set({ people: !this.#settings.values.people });
      return this.#show();
    }
    if (this.#above === side) return void this.closeAbove();
    this.#before = /** @type {HTMLElement | null} */ (document.activeElement);
    this.#above = side;
    this.#show();
    /** @type {HTMLElement | null} */ (byId(side).querySelector("[aria-current], button"))?.focus();
  }

  /**
   * Close what lies above the room.
   *
   * @returns {boolean} whether there was something
   */
  closeAbove() {
    if (this.#above === null) return false;
    this.#above = null;
    this.#show();
    if (this.#before?.isConnected) this.#before.focus();
    return true;
  }

  #show() {
    const people = byId("people"), wasHidden = people.hidden, { sidebar, people: drawer } = this.#drawers;
    byId("chat").dataset.drawer = this.#above ?? "";
    byId("sidebar").inert = this.#above ? this.#above !== "sidebar" : sidebar.matches;
    byId("room").inert = !!this.#above;
    people.hidden = drawer.matches ? this.#above !== "people" : !this.#settings.values.people;
    this.#shade.hidden = !this.#above;
    if (wasHidden && !people.hidden) this.#listPeople();
  }
}
