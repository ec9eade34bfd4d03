// A menu at a button: a native popover, so it is above everything, and Escape or a press elsewhere closes it.
// Keys as the ARIA practices have them: arrows, Home, End, the first letter; the focus goes back to the button.

import { el } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @typedef {Object} MenuEntry
 * @property {string} label
 * @property {() => void} run
 * @property {string} icon of icons.js
 * @property {string} [keys] a shortcut, shown at the end of the line
 * @property {boolean} [danger] whether it takes something away
 * @property {boolean} [apart] whether a line parts it from the one above
 */

const MARGIN = 8; // px between a menu and the edge of the screen
const SAME_PRESS = 250; // ms: a press on the button of an open menu closes it, and must not open it again

/** @type {{anchor: any, at: number}} the menu that was closed last */
let lastClosed = { anchor: null, at: 0 };

/**
 * Open a menu.
 *
 * @param {HTMLElement | {x: number, y: number}} anchor what it belongs to; or a point, for a context menu
 * @param {string} label its name, for a screen reader
 * @param {MenuEntry[]} entries
 */
export function openMenu(anchor, label, entries) {
  if (anchor === lastClosed.anchor && performance.now() - lastClosed.at < SAME_PRESS) return;
  const before = anchor instanceof HTMLElement ? anchor :
    /** @type {HTMLElement | null} */ (document.activeElement);
  const items = entries.map((entry) => item(entry, () => menu.hidePopover()));
  const menu = el("div", { class: "menu", role: "menu", "aria-label": label, popover: "auto" }, ...items);
  menu.addEventListener("keydown", (event) => move(event, items));
  menu.addEventListener("beforetoggle", (event) => {
    if (event.newState === "closed") lastClosed = { anchor, at: performance.now() };
  });
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    const inside = menu.contains(document.activeElement) || document.activeElement === document.body;
    menu.remove();
    if (anchor instanceof HTMLElement) anchor.setAttribute("aria-expanded", "false");
    if (inside && before?.isConnected && !document.querySelector("dialog[open]:not(:has(.menu))")) before.focus();
  });
  // Inside a modal dialog everything outside of it is inert, a popover too; elsewhere it belongs to its landmark.
  const home = before?.closest("dialog, nav, main, aside") ?? document.body;
  home.append(menu);
  menu.showPopover();
  place(menu, anchor instanceof HTMLElement ? anchor.getBoundingClientRect() : new DOMRect(anchor.x, anchor.y));
  if (anchor instanceof HTMLElement) anchor.setAttribute("aria-expanded", "true");
  items[0]?.focus();
}

/** @param {MenuEntry} entry @param {() => void} close */
function item(entry, close) {
  const classes = `menu-item${entry.danger ? " danger" : ""}${entry.apart ? " apart" : ""}`;
  const button = el(
    "button", { class: classes, role: "menuitem", type: "button", tabindex: "-1" },
    icon(entry.icon), el("span", null, entry.label), entry.keys && el("kbd", null, entry.keys),
  );
  button.addEventListener("click", () => {
    close(); // first: the focus goes back, and what it opens finds it there
    lastClosed.anchor = null;
    entry.run();
  });
  return button;
}

/** @param {KeyboardEvent} event @param {HTMLElement[]} items */
function move(event, items) {
  const now = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: -1 }[event.key];
  if (event.key === "Tab") return event.preventDefault();
  if (to !== undefined) {
    event.preventDefault();
    return items.at(to % items.length)?.focus();
  }
  if (event.key.length !== 1 || event.key === " ") return;
  const ring = [...items.slice(now + 1), ...items.slice(0, now + 1)];
  ring.find((one) => one.textContent?.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
}

/** @param {HTMLElement} menu @param {DOMRect} at */
function place(menu, at) {
  const { width, height } = menu.getBoundingClientRect();
  const left = Math.min(at.left, window.innerWidth - width - MARGIN);
  const below = at.bottom + 4;
  const top = below + height < window.innerHeight - MARGIN ? below : Math.max(MARGIN, at.top - height - 4);
  menu.style.left = `${Math.max(MARGIN, left)}px`;
  menu.style.top = `${top}px`;
}
