// The buttons above the messages: down to the newest, and up to where it begins to be new.

import { el } from "./dom.js";
import { icon } from "./icons.js";

/** @param {string} kind @param {() => void} run */
export const jump = (kind, run) =>
  el("button", { class: `jump ${kind}`, type: "button", hidden: true, onclick: run }, icon("down"), el("span"));

/** @param {HTMLElement} button @param {string | false} words none: it is not shown */
export function label(button, words) {
  button.hidden = !words;
  const says = /** @type {HTMLElement} */ (button.lastElementChild);
  if (words && says.textContent !== words) says.textContent = words;
}
