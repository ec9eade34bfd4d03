// What the rows of a room need to know of the chat.

import { compared } from "../core/protocol.js";

/** @typedef {import("./row_list.js").Look} Look */

export class RowLooks {
  #app;
  /** @type {Map<string, number> | null} UIDs by compared names; null: to be made anew */
  #people = null;

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
  }

  /** Somebody has another name. */
  forget() {
    this.#people = null;
  }

  /**
   * As things are now.
   * @param {string} room
   * @returns {Look}
   */
  at(room) {
    const { chat, engine } = this.#app, { me, names, rooms } = chat,
      { mark = 0, isPair = false } = rooms.get(room) ?? {};
    return {
      ...{ me: { uid: me.uid, name: me.name }, names, mark, isPair, isOffline: engine.status?.phase !== "online" },
      hides: (entry) => chat.hides(entry),
      meant: (text) => this.#meant(text),
    };
  }

  /** @type {import("../model/text.js").Meant} */
  #meant(text) {
    const { me, names, rooms, heard } = this.#app.chat, name = compared(text.slice(1));
    if (text[0] === "#") return rooms.has(name) || heard.has(name) ? { kind: "room", room: name } : undefined;
    this.#people ??= new Map([...names, [me.uid, me.name]].map(([uid, called]) => [compared(called), uid]));
    const uid = this.#people.get(name);
    return uid === undefined ? undefined : { kind: "person", uid };
  }
}
