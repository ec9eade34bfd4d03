// The keys that work wherever one is. Those of a field, a menu or a dialog are theirs.

import { inOrder } from "../model/local.js";

/**
 * Listen for them.
 *
 * @param {import("./app.js").App} app
 * @param {() => boolean} escape closes what lies above the room; whether there was something
 */
export function listenForKeys(app, escape) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.documentElement.dataset.phase !== "chat") return;
    if (document.querySelector("dialog[open]") || (event.key === "Escape" && escape())) return;
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
  const letter = /^[a-z0-9]$/i.test(key) ? key.toLowerCase() : code.replace(/^(Key|Digit)/, "").toLowerCase();
  const rooms = inOrder(app.chat);
  const now = rooms.findIndex((room) => room.key === app.chat.current);
  const go = (/** @type {number} */ index) => () => rooms.length && app.go(rooms.at(index % rooms.length)?.key);
  if (/^[1-9]$/.test(letter)) return () => Number(letter) <= rooms.length && go(Number(letter) - 1)();
  return {
    ArrowUp: go(now - 1),
    ArrowDown: go(now + 1),
    k: () => app.open("switch"),
    a: () => goWhereWanted(app, [...rooms.slice(now + 1), ...rooms.slice(0, now + 1)]),
    d: () => app.open("dial"),
  }[key.startsWith("Arrow") ? key : letter];
}

/** @param {EventTarget | null} target whether text is typed into it */
const isField = (target) => target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);

/**
 * @param {import("./app.js").App} app
 * @param {any[]} rooms from the one below, and then from the top
 */
function goWhereWanted(app, rooms) {
  const room = rooms.find((one) => (one.isPair ? one.unread : one.mentions) > 0) ??
    rooms.find((one) => one.unread > 0);
  if (room) app.go(room.key);
  else app.tell("There is nothing new.");
}
