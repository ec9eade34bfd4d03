// The menus of the page: one's own, and that of the room that is looked at.

import { copyText } from "../clipboard.js";
import { linkToDial, linkToRoom } from "../links.js";
import { openMenu } from "../menu.js";
import { roomItems } from "./room_items.js";

/** @typedef {import("../app.js").App} App */

/**
 * What one can do for oneself.
 *
 * @param {App} app
 * @param {HTMLElement} anchor the button that it belongs to
 */
export function openMyMenu({ open, chat }, anchor) {
  const { uid, account } = chat.me;
  const link = () => copyText(linkToDial(uid), "A link that calls you is in the clipboard.");
  const ends = account ? ["Log out", "logout"] : ["Forget me here", "forget"];
  openMenu(anchor, "You and settings", [
    { label: account ? "Account and devices" : "Name and account", icon: "key", run: () => open("account") },
    { label: "Copy a link that calls you", icon: "link", run: link },
    { label: "Settings", icon: "settings", run: () => open("settings"), apart: true },
    { label: "Keys", icon: "help", keys: "?", run: () => open("keys") },
    { label: "About", icon: "room", run: () => open("about") },
    { label: ends[0], icon: "leave", danger: true, apart: true, run: () => open(ends[1]) },
  ]);
}

/**
 * What one can do with the room that is looked at.
 *
 * @param {App} app
 * @param {HTMLElement} anchor the button that it belongs to
 */
export function openRoomMenu(app, anchor) {
  const { ask, chat, open } = app;
  const room = chat.here;
  if (!room) return;
  const { key, isPair, isPrivate, other } = /** @type {any} */ (room);
  const link = () => copyText(linkToRoom(key), "A link into this room is in the clipboard.");
  openMenu(anchor, "Menu of the room", isPair
    ? [
      { label: "Call", icon: "phone", run: () => open("dial", { digits: String(other.uid) }) },
      { label: "About this person", icon: "people", run: () => open("person", { uid: other.uid }) },
      { label: "Close", icon: "close", apart: true, run: () => chat.close(key) },
    ]
    : [
      ...(isPrivate ? [] : [{ label: "Copy a link into this room", icon: "link", run: link }]),
      ...roomItems(app, room),
      { label: "Leave", icon: "leave", apart: true, danger: true, run: () => ask({ type: "leave", room: key }) },
    ]);
}
