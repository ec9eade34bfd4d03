// Which room is looked at, where nobody has chosen one.

import { isPair } from "../core/protocol.js";
import { forgetLevels } from "../model/calls.js";
import { keepHere, readHere } from "../model/kept_here.js";
import { isLookedAt, onLook } from "./looked_at.js";

const KEY = "roomchat.room"; // where one was, for when the page is loaded again
const ofThisTab = () => sessionStorage;

export class Whereabouts {
  #app;

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
    const { chat, engine } = app;
    chat.on("change", (/** @type {string} */ what) => {
      if (what === "rooms") this.#choose();
      else if (what === "current") this.#turned();
    });
    engine.on("status", () => this.#choose());
    const look = () => (chat.isWatched = isLookedAt());
    onLook(look);
    look();
  }

  /**
   * Look where one looked in this tab: in what is known then, others may have looked elsewhere.
   * @param {boolean} isSame whether who was here before still is; if not, nothing of them is left
   * @param {() => void} restore what is known
   */
  begin(isSame, restore) {
    const before = isSame ? kept() : null;
    restore();
    if (!isSame) {
      keep(null);
      forgetLevels();
    }
    if (this.#app.chat.rooms.has(before)) this.#app.chat.look(before);
    this.#choose();
  }

  /** Look at a room, if at none: the one of before, if we come back into it, or the one where people meet. */
  #choose() {
    const { chat, engine } = this.#app;
    if (chat.current !== null || !chat.rooms.size) return;
    const before = kept();
    if (chat.rooms.has(before)) chat.look(before);
    else if (before === null || engine.status.phase === "online") {
      const lobby = chat.lobby ?? "";
      chat.look(chat.rooms.has(lobby) ? lobby : [...chat.rooms.keys()][0]);
    }
  }

  /** Others who dial this person come where they look: so the server is to know. */
  #turned() {
    const { chat, engine } = this.#app;
    const room = chat.current;
    if (room === null) return;
    keep(room);
    if (!isPair(room) && engine.status.phase === "online") engine.ask({ type: "join", room }).catch(() => {});
  }
}

/** @param {string | null} room that is looked at in this tab */
const keep = (room) => keepHere(KEY, room, ofThisTab);

/** @returns {any} the room that was looked at in this tab before, or null */
const kept = () => readHere(KEY, ofThisTab);
