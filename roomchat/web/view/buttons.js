// Buttons as the page has them: none of them sends a form.

import { el } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./dom.js").Child} Child */

/**
 * A button with words, and perhaps a drawing before them.
 *
 * @param {string} label
 * @param {() => void} run
 * @param {string} [kind] "main", "danger", "quiet", "wide"
 * @param {string} [drawing] of icons.js
 */
export const button = (label, run, kind = "", drawing = "") =>
  el("button", { class: `button ${kind}`, type: "button", onclick: run }, drawing && icon(drawing), label);

/**
 * A button that is a drawing only; its name is for those who can't see it, and for a mouse that rests on it.
 *
 * @param {string} drawing
 * @param {string} label
 * @param {() => void} run
 * @param {import("./dom.js").Props} [more] other attributes
 * @param {...Child} children behind the drawing
 */
export const iconButton = (drawing, label, run, more = {}, ...children) =>
  el("button", { class: "icon-button", type: "button", "aria-label": label, title: label, onclick: run, ...more },
    icon(drawing), ...children);

/**
 * A button that opens a menu below it.
 *
 * @param {string} drawing
 * @param {string} label
 * @param {() => void} run
 */
export const menuButton = (drawing, label, run) => iconButton(drawing, label, run, { "aria-haspopup": "menu" });

/**
 * A line of a list that can be pressed.
 *
 * @param {(() => void) | null} run
 * @param {...Child} children
 */
export const row = (run, ...children) =>
  el("li", null, el("button", { class: "list-row", type: "button", onclick: run }, ...children));

/**
 * A line of a list that does something: a drawing, and what it does.
 *
 * @param {string} drawing
 * @param {string} label
 * @param {() => void} run
 * @param {boolean} [isDanger] whether it takes something away
 */
export function actionRow(drawing, label, run, isDanger = false) {
  const item = row(run, icon(drawing), label);
  item.firstElementChild?.classList.toggle("danger", isDanger);
  return item;
}

/**
 * A few values of which one is chosen.
 *
 * @param {string} label
 * @param {Child[]} tabs
 */
export const tabs = (label, tabs) => el("div", { class: "tabs", role: "group", "aria-label": label }, ...tabs);

/**
 * @param {string} label
 * @param {() => void} run
 */
export const tab = (label, run) => el("button", { class: "tab", type: "button", onclick: run }, label);
