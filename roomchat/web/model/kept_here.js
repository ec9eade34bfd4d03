// Small things that this browser keeps beside the chat, as JSON. It may keep nothing, as in a private window: then
// they last until the tab is closed.

/** @typedef {() => Pick<Storage, "getItem" | "setItem">} Store to name one may be forbidden, too */

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

/** @param {Store} store @param {string} key @param {any} value */
export function keepHere(store, key, value) {
  try {
    store().setItem(key, JSON.stringify(value));
  } catch {
    // Nothing is kept here.
  }
}
