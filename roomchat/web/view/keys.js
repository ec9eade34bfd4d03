// The keys that work wherever one is. Those of a field, a menu or a dialog are theirs.

/**
 * Listen for them.
 *
 * @param {import("./app.js").App} app
 * @param {{write: (text?: string) => void, escape: () => boolean}} options escape: closes what lies above, if there is something
 */
export function listenForKeys(app, { write, escape }) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.documentElement.dataset.phase !== "chat") return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && escape()) return;
    const run = shortcut(app, event);
    if (run) {
      event.preventDefault();
      return run();
    }
    // Who types without having looked where wants to write.
    const isFree = event.target === document.body || /** @type {HTMLElement} */ (event.target).id === "composer";
    const isText = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isFree && isText) write();
  });
}

/** @param {import("./app.js").App} app @param {KeyboardEvent} event @returns {(() => void) | undefined} */
function shortcut(app, event) {
  const { key, altKey, ctrlKey, metaKey, shiftKey, code } = event;
  const command = (ctrlKey || metaKey) && !altKey && !shiftKey;
  if (command && key.toLowerCase() === "k") return () => app.open("switch");
  if (key === "?" && !isField(event.target)) return () => app.open("keys");
  if (!altKey || ctrlKey || metaKey) return undefined;
  // With Alt, a Mac types other letters: what the key is called counts as well.
  const letter = /^[a-z0-9]$/i.test(key) ? key.toLowerCase() : code.replace(/^(Key|Digit)/, "").toLowerCase();
  const rooms = order(app.chat);
  if (/^[1-9]$/.test(letter)) return () => goTo(app, rooms[Number(letter) - 1]);
  return {
    ArrowUp: () => goTo(app, beside(app.chat, rooms, -1)),
    ArrowDown: () => goTo(app, beside(app.chat, rooms, 1)),
    k: () => app.open("switch"),
    a: () => wanted(app, rooms),
    d: () => app.open("dial"),
  }[key.startsWith("Arrow") ? key : letter];
}

/** @param {EventTarget | null} target whether text is typed into it */
const isField = (target) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** The rooms as the sidebar has them, from its top. @param {any} chat @returns {any[]} */
const order = (chat) => [...chat.rooms.values()].sort((one, other) => Number(one.isPair) - Number(other.isPair));

/** @param {import("./app.js").App} app @param {any} room */
function goTo(app, room) {
  if (room) app.go(room.key);
}

/** @param {any} chat @param {any[]} rooms @param {number} step */
function beside(chat, rooms, step) {
  const now = rooms.findIndex((room) => room.key === chat.current);
  return rooms[(now + step + rooms.length) % rooms.length];
}

/** Where somebody wants this person: the next such room below, then from the top. @param {import("./app.js").App} app @param {any[]} rooms */
function wanted(app, rooms) {
  const now = rooms.findIndex((room) => room.key === app.chat.current);
  const ring = [...rooms.slice(now + 1), ...rooms.slice(0, now + 1)];
  const room = ring.find((one) => (one.isPair ? one.unread : one.mentions) > 0) ?? ring.find((one) => one.unread > 0);
  if (room) app.go(room.key);
  else app.tell("Nobody wants you anywhere.");
}
