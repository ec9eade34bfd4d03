// The keys that work wherever one is. Those of a field, a menu or a dialog are theirs.

import { inOrder } from "../model/local.js";
import { tell } from "./told.js";

/**
 * Listen for them.
 *
 * @param {import("./app.js").App} app
 * @param {() => boolean} escape closes what lies above the room; whether there was something
 */
export function listenForKeys(app, escape) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.documentElement.dataset.phase !== "chat") return;
    if (document.querySelector("dialog[open], .menu:popover-open") || (event.key === "Escape" && escape())) return;
    const run = shortcut(app, event);
    if (!run) return;
    event.preventDefault();
    run();
  });
}

/**
 * @param {import("./app.js").App} app
 * @param {KeyboardEvent} event
 * @returns {(() => void) | undefined}
 */
function shortcut(app, { key, code, altKey, ctrlKey, metaKey, shiftKey, target }) {
  const isCommand = (ctrlKey || metaKey) && !altKey && !shiftKey;
  if (isCommand && key.toLowerCase() === "k") return () => app.open("switch");
  if (key === "?" && !isField(target)) return () => app.open("keys");
  if (!altKey || ctrlKey || metaKey) return undefined;
  // With Alt, a Mac types other letters: what the key is called counts as well.
  const name = (/^([a-z0-9]|Arrow\w+)$/i.test(key) ? key : code.replace(/^(Key|Digit)/, "")).toLowerCase();
  const rooms = inOrder(app.chat);
  const now = rooms.findIndex((room) => room.key === app.chat.current);
  const later = [...rooms.slice(now + 1), ...rooms.slice(0, now + 1)];
  const go = (/** @type {any} */ room) => () => room && app.go(room.key);
  if (/^[1-9]$/.test(name)) return go(rooms[Number(name) - 1]);
  return {
    arrowup: go(rooms.at((now - 1) % rooms.length)),
    arrowdown: go(later[0]),
    k: () => app.open("switch"),
    a: () => goWhereWanted(app, later),
    d: () => app.open("dial"),
  }[name];
}

/** @param {EventTarget | null} target whether text is typed into it */
const isField = (target) => target instanceof Element && target.matches("input, textarea, select");

/**
 * @param {import("./app.js").App} app
 * @param {any[]} rooms from the one below, and then from the top
 */
function goWhereWanted(app, rooms) {
  const room = rooms.find((one) => one.mentions) ?? rooms.find((one) => one.unread);
  if (room) app.go(room.key);
  else tell("There is nothing new.");
}
