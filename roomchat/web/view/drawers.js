// The two sides: on a wide screen they stand beside the room, on a narrow one they come in above it, one at a
// time.

import { attribute, byId, el } from "./dom.js";

const NARROW = "(max-width: 720px)"; // as in shell.css: the sidebar is a drawer
const MIDDLE = "(max-width: 1080px)"; // the people are one

/** @typedef {"rooms" | "people"} Side */

/** The sides, and which of them is to be seen. */
export class Drawers {
  #narrow = matchMedia(NARROW);
  #middle = matchMedia(MIDDLE);
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
    for (const query of [this.#narrow, this.#middle]) {
      query.addEventListener("change", () => {
        this.#above = null;
        this.#show();
      });
    }
    this.#show();
  }

  /** @param {Side} side */
  toggle(side) {
    if (!this.#isDrawer(side)) {
      this.#settings.set({ people: !this.#settings.values.people });
      return this.#show();
    }
    if (this.#above === side) return void this.closeAbove();
    this.#before = /** @type {HTMLElement | null} */ (document.activeElement);
    this.#above = side;
    this.#show();
    const place = byId(side === "rooms" ? "sidebar" : "people");
    /** @type {HTMLElement | null} */ (place.querySelector("[aria-current], button"))?.focus();
  }

  /** Close the people, whatever they are. */
  close() {
    if (this.#isDrawer("people")) this.closeAbove();
    else this.toggle("people");
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

  /** @param {Side} side */
  #isDrawer(side) {
    return side === "rooms" ? this.#narrow.matches : this.#middle.matches;
  }

  #show() {
    const [sidebar, room, people] = ["sidebar", "room", "people"].map(byId);
    const wasHidden = people.hidden;
    attribute(byId("chat"), "data-drawer", this.#above);
    attribute(sidebar, "inert", (this.#narrow.matches && this.#above !== "rooms") || this.#above === "people");
    attribute(room, "inert", this.#above !== null);
    people.hidden = this.#middle.matches ? this.#above !== "people" : !this.#settings.values.people;
    this.#shade.hidden = this.#above === null;
    if (wasHidden && !people.hidden) this.#listPeople();
  }
}
