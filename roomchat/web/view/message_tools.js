// What one can do with a message: a few buttons on the one that is pointed at, and all of it in its menu.

import { pairRoom } from "../core/protocol.js";
import { whose } from "../model/words.js";
import { iconButton } from "./buttons.js";
import { copy } from "./clipboard.js";
import { el } from "./dom.js";
import { openMenu } from "./menu.js";
import { tell } from "./told.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {{label: string, icon: string, run: () => void, danger?: boolean}} Deed */

export class MessageTools {
  element = el("div", { class: "tools", role: "group", "aria-label": "Message" });
  #app;
  #entry = /** @type {any} */ (null);

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
  }

  /**
   * Show the buttons on a row.
   * @param {HTMLElement} row
   * @param {any} entry a message or an action
   */
  show(row, entry) {
    if (this.element.parentElement === row && this.#entry === entry) return;
    this.#entry = entry;
    this.element.replaceChildren(...this.#deeds(entry).map((deed) => this.#button(deed)));
    row.append(this.element);
  }

  /**
   * Open the menu of a row.
   * @param {HTMLElement} row
   * @param {any} entry
   */
  menu(row, entry) {
    const { uid, name } = entry;
    const person =
      { label: whose(name, uid), icon: "people", run: () => this.#app.open("person", { uid, name }) };
    openMenu(row, "Message", [...this.#deeds(entry), person]);
  }

  /** @param {any} entry @returns {Deed[]} what this person may do with it */
  #deeds(entry) {
    const { chat, go, open } = this.#app, { uid, room } = entry, isMine = uid === chat.me.uid;
    /** @type {Deed[]} */
    const deeds = [{ label: "Copy", icon: "copy", run: () => this.#copy(entry) }];
    if (!isMine && !chat.rooms.get(room)?.isPair) {
      deeds.push({ label: "Whisper", icon: "whisper", run: () => go(pairRoom(chat.me.uid, uid)) });
    }
    if (!isMine) deeds.push({ label: "Call", icon: "phone", run: () => open("dial", { digits: String(uid) }) });
    if (isMine || chat.may(room, "delete", uid)) {
      deeds.push({ label: "Delete", icon: "trash", danger: true, run: () => open("delete", { entry }) });
    }
    return deeds;
  }

  /** @param {Deed} deed */
  #button({ label, icon: drawing, run, danger }) {
    return iconButton(drawing, label, run, { class: danger ? "tool danger" : "tool" });
  }

  /** @param {any} entry */
  async #copy({ text }) {
    try {
      await copy(text);
      tell("Copied.");
    } catch (error) {
      tell(/** @type {Error} */ (error).message);
    }
  }
}
