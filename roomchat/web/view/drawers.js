// The two sides: on a wide screen they stand beside the room, on a narrow one they come in above it, one at a
// time.

import { byId, el } from "./dom.js";

/** @typedef {"sidebar" | "people"} Side by its id */

/**
 * The sides, and which of them is to be seen.
 *
 * @param {import("./settings.js").Settings} settings
 * @param {() => void} listPeople they are to be seen now
 */
export function makeDrawers(settings, listPeople) {
  // Where a side is a drawer, as in shell.css.
  const narrow = { sidebar: matchMedia("(max-width: 720px)"), people: matchMedia("(max-width: 1080px)") };
  const shade = el("button",
    { class: "shade", type: "button", tabindex: "-1", "aria-label": "Close", onclick: closeAbove });
  /** @type {Side | null} */
  let above = null;
  /** @type {HTMLElement | null} */
  let before = null;

  /** @param {Side | null} side that is to be above the room */
  function show(side) {
    const people = byId("people"), wasHidden = people.hidden;
    above = side;
    byId("chat").dataset.drawer = side ?? "";
    byId("sidebar").inert = side ? side !== "sidebar" : narrow.sidebar.matches;
    byId("room").inert = !!side;
    people.hidden = narrow.people.matches ? side !== "people" : !settings.values.people;
    shade.hidden = !side;
    if (wasHidden && !people.hidden) listPeople();
  }

  /** @param {Side} side */
  function toggle(side) {
    if (!narrow[side].matches) {
      settings.set({ people: !settings.values.people });
      return show(above);
    }
    if (above === side) return void closeAbove();
    before = /** @type {HTMLElement | null} */ (document.activeElement);
    show(side);
    /** @type {HTMLElement | null} */ (byId(side).querySelector("[aria-current], button"))?.focus();
  }

  /**
   * Close what lies above the room.
   *
   * @returns {boolean} whether there was something
   */
  function closeAbove() {
    if (above === null) return false;
    show(null);
    before?.focus();
    return true;
  }

  byId("chat").append(shade);
  for (const query of Object.values(narrow)) query.addEventListener("change", () => show(null));
  show(null);
  return { toggle, closeAbove };
}
