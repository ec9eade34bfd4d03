// Which room is looked at, where nobody has chosen one; and what is told of being called to another.

import { isPair } from "../core/protocol.js";
import { keepHere, readHere } from "../model/kept_here.js";
import { dialledElsewhere } from "../model/told.js";
import { tell } from "./told.js";

const KEY = "roomchat.room"; // in this tab: where one was, for when the page is loaded again

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
    chat.on("call", (/** @type {any} */ { event, isHere }) => {
      if (isHere || isPair(event.room)) return;
      tell(dialledElsewhere(event, chat), { label: "Go there", run: () => app.go(event.room) });
    });
    const look = () => (chat.isWatched = document.visibilityState === "visible" && document.hasFocus());
    for (const kind of ["focus", "blur"]) window.addEventListener(kind, look);
    document.addEventListener("visibilitychange", look);
    look();
  }

  /**
   * What is known is there: look where one looked in this tab.
   * @param {boolean} isSame whether who was here before still is; if not, nothing of them is left
   */
  begin(isSame) {
    if (!isSame) forget();
    const before = kept();
    if (before !== null && this.#app.chat.rooms.has(before)) this.#app.chat.look(before);
    this.#choose();
  }

  /** Look at a room, if at none: the one of before, if we come back into it, or the one where people meet. */
  #choose() {
    const { chat, engine } = this.#app;
    if (chat.current !== null || !chat.rooms.size) return;
    const before = kept();
    if (before !== null && chat.rooms.has(before)) chat.look(before);
    else if (before === null || engine.status.phase === "online") {
      chat.look(chat.rooms.has(chat.lobby) ? chat.lobby : [...chat.rooms.keys()][0]);
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

/** @returns {string | null} the room that was looked at in this tab before */
const kept = () => readHere(() => sessionStorage, KEY);

function forget() {
  keepHere(() => sessionStorage, KEY);
  keepHere(() => localStorage, "roomchat.calls"); // names rooms, too
}

/** @param {string} room */
const keep = (room) => keepHere(() => sessionStorage, KEY, room);
