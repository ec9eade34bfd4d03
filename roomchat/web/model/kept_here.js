// Small things that this browser keeps beside the chat, as JSON. It may keep nothing, as in a private window: then
// they last until the tab is closed.

/** @typedef {() => Pick<Storage, "getItem" | "setItem" | "removeItem">} Store to name one may be forbidden, too */

/** @type {Store} */
const ofAllTabs = () => localStorage;

/**
 * @param {string} key
 * @param {Store} [store]
 * @returns {any} null: there is nothing, or nothing that can be read
 */
export function readHere(key, store = ofAllTabs) {
  try {
    return JSON.parse(store().getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {any} value null: keep nothing any more
 * @param {Store} [store]
 */
export function keepHere(key, value, store = ofAllTabs) {
  try {
    if (value === null) store().removeItem(key);
    else store().setItem(key, JSON.stringify(value));
  } catch {
    // Nothing is kept here.
  }
}
