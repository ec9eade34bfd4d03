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
    hint && el("p", { class: "soft small", id: `${id}-hint` }, hint),
  );
}

/**
 * A box that can be checked, with what it says beside it.
 *
 * @param {string} label
 * @param {import("./dom.js").Props} props of the input
 */
export const check = (label, props) =>
  el("label", { class: "check" }, el("input", { type: "checkbox", ...props }), label);

/**
 * Some of which one is chosen.
 *
 * @param {HTMLElement} legend
 * @param {string} name
 * @param {Record<string, string>} values what each is called
 * @param {string} now the one that is chosen
 * @param {(value: string) => void} choose
 */
export const choice = (legend, name, values, now, choose) =>
  el("fieldset", { class: "choice" }, legend, ...Object.entries(values).map(([value, label]) =>
    check(label, { type: "radio", name, value, checked: value === now, onchange: () => choose(value) })));
