// A field of a form.

import { el } from "./dom.js";

let number = 0;

/**
 * A field with its label above it, and what it is for below.
 *
 * @param {string} label
 * @param {import("./dom.js").Props} props of the input; `name` is needed
 * @param {string} [hint]
 * @returns {HTMLDivElement} its input is `querySelector("input")`
 */
export function field(label, props, hint) {
  const id = `field-${++number}`;
  return el(
    "div", { class: "field" },
    el("label", { for: id }, label),
    el("input", { class: "input", id, "aria-describedby": hint && `${id}-hint`, autocomplete: "off", ...props }),
    hint && el("p", { class: "hint", id: `${id}-hint` }, hint),
  );
}
