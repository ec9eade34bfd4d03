// A list of options beside a field, which keeps the focus: one of them is chosen with the arrows. As the ARIA
// practices have it, the field says by aria-activedescendant which.

import { attribute } from "./dom.js";

/**
 * Mark the one that is chosen.
 * @param {HTMLElement} field
 * @param {HTMLElement} list
 * @param {number} chosen -1: none
 */
export function markOption(field, list, chosen) {
  for (const [index, option] of [...list.children].entries()) {
    attribute(option, "aria-selected", String(index === chosen));
  }
  attribute(field, "aria-activedescendant", list.children[chosen]?.id || null);
  list.children[chosen]?.scrollIntoView({ block: "nearest" });
}

/**
 * Where a key leads to, round about; undefined: it is none that leads anywhere.
 * @param {string} key
 * @param {number} chosen -1: none
 * @param {number} length
 * @returns {number | undefined}
 */
export const nextOption = (key, chosen, length) =>
  ({ ArrowDown: (chosen + 1) % length, ArrowUp: (chosen > 0 ? chosen : length) - 1 })[key];
