// Small things that this browser keeps beside the chat, as JSON. It may keep nothing, as in a private window: then
// they last until the tab is closed.

/** @typedef {() => Pick<Storage, "getItem" | "setItem" | "removeItem">} Store to name one may be forbidden, too */

/**
 * @param {Store} store
 * @param {string} key
 * @returns {any} null: there is nothing, or nothing that can be read
 */
export function readHere(store, key) {
  try {
    return JSON.parse(store().getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** @param {Store} store @param {string} key @param {any} [value] undefined: nothing is kept any more */
export function keepHere(store, key, value) {
  try {
    if (value === undefined) store().removeItem(key);
    else store().setItem(key, JSON.stringify(value));
  } catch {
    // Nothing is kept here.
  }
}
