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
      meant: { person: (name) => this.#personOf(name), room: (name) => this.#roomOf(name) },
    };
  }

  /** @param {string} name */
  #personOf(name) {
    const { me, names } = this.#app.chat;
    this.#people ??= new Map([...names, [me.uid, me.name]].map(([uid, called]) => [compared(called), uid]));
    return this.#people.get(compared(name)) ?? null;
  }

  /** @param {string} name */
  #roomOf(name) {
    const { rooms, heard } = this.#app.chat, key = compared(name);
    return rooms.has(key) || heard.has(key) ? key : null;
  }
}
