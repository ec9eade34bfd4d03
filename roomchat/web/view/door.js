// Whether the entrance is to be seen or the chat; and where a link leads to, when one is in.

import { takeLink } from "./links.js";

const KNOWN = "roomchat.known"; // early.js shows the frame at once where somebody was logged in

/** @typedef {import("./links.js").Link} Link */

/**
 * Put the focus there; not on a phone, which would show its keyboard before anybody has asked for it.
 *
 * @param {{focus: () => void}} part
 */
export function focusOn(part) {
  if (!matchMedia("(pointer: coarse)").matches) part.focus();
}

export class Door {
  #app;
  #entrance;
  /** @type {Link} what this page was opened with */
  #link = takeLink();
  /** @type {"starting" | "stranger" | "chat"} */
  #shown = "starting";

  /**
   * @param {import("./app.js").App} app
   * @param {import("./entrance.js").Entrance} entrance
   */
  constructor(app, entrance) {
    this.#app = app;
    this.#entrance = entrance;
    app.engine.on("status", () => this.#changed());
    window.addEventListener("hashchange", () => {
      this.#link = takeLink();
      if (this.#shown === "chat") this.#follow();
    });
    this.#changed();
    if (document.documentElement.dataset.phase === "stranger") focusOn(entrance); // early.js expects it
  }

  #changed() {
    const { phase } = this.#app.engine.status;
    // While somebody comes in the entrance stays: it may be that they can't.
    const isComing = phase === "connecting" && this.#shown === "stranger";
    if (!isComing) this.#show(phase === "starting" || phase === "stranger" ? phase : "chat");
    if (phase === "online") this.#follow();
  }

  /** @param {"starting" | "stranger" | "chat"} what */
  #show(what) {
    if (what === this.#shown) return;
    this.#shown = what;
    document.documentElement.dataset.phase = what;
    remember(what === "chat");
    for (const dialog of document.querySelectorAll("dialog")) dialog.close(); // it was about who is no longer here
    if (what === "chat") focusOn(this.#app);
    else this.#greet(this.#app.engine.status.sentence);
  }

  /** @param {string} why nobody is logged in here any more, if somebody was */
  #greet(why) {
    const { invite, trouble = why } = this.#link;
    delete this.#link.invite; // it is used here, or not at all
    if (invite) this.#entrance.show("register", { invite });
    else this.#entrance.show("guest", { trouble });
    focusOn(this.#entrance);
  }

  /** To where the link leads; once. */
  #follow() {
    const { invite, room, token, dial, trouble } = this.#link;
    const { chat, open, tell } = this.#app;
    this.#link = {};
    if (trouble) tell(trouble);
    else if (invite && !chat.me.account) open("register", { invite });
    else if (room) open("join", { room, token });
    else if (dial) open("dial", { digits: dial });
  }
}

/** @param {boolean} isKnown whether somebody is logged in here */
function remember(isKnown) {
  try {
    if (isKnown) localStorage.setItem(KNOWN, "1");
    else localStorage.removeItem(KNOWN);
  } catch {
    // Nothing is kept here: the next start begins with the frame.
  }
}
