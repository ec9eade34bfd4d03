// Whether the entrance is to be seen or the chat; and where a link leads to, when one is in.

import { keepHere } from "../model/kept_here.js";
import { takeLink } from "./links.js";
import { tell } from "./told.js";

const KNOWN = "roomchat.known"; // early.js shows the frame at once where somebody is logged in

/**
 * Put the focus there; not on a phone, which would show its keyboard before anybody has asked for it.
 *
 * @param {{focus: () => void}} part
 */
export function focusOn(part) {
  if (!matchMedia("(pointer: coarse)").matches) part.focus();
}

/**
 * @param {import("./app.js").App} app
 * @param {ReturnType<typeof import("./entrance.js").makeEntrance>} entrance
 * @param {() => void} listPeople they are to be seen now
 */
export function openDoor(app, entrance, listPeople) {
  const { chat, engine, open } = app;
  /** What this page was opened with. */
  let link = takeLink();
  /** @type {"starting" | "stranger" | "chat"} */
  let shown = "starting";
  let hadAccount = false; // who is here, or was last

  function turn() {
    const { phase } = engine.status;
    // While somebody comes in the entrance stays: it may be that they can't.
    const isComing = phase === "connecting" && shown === "stranger";
    if (!isComing) show(phase === "starting" || phase === "stranger" ? phase : "chat");
    if (phase === "online") follow();
  }

  /** @param {"starting" | "stranger" | "chat"} what */
  function show(what) {
    if (what === shown) return;
    shown = what;
    document.documentElement.dataset.phase = what;
    keepHere(KNOWN, what === "chat" || null);
    for (const dialog of document.querySelectorAll("dialog")) dialog.close(); // it was about who is no longer here
    if (what !== "chat") return greet(engine.status.sentence);
    listPeople(); // a room may be looked at already, as with an account
    focusOn(app);
  }

  /** @param {string} why nobody is logged in here any more, if somebody was */
  function greet(why) {
    const { invite, token, trouble = why } = link;
    delete link.invite; // it is used here, or not at all
    if (invite) entrance.show("register", { invite });
    else entrance.show(why && hadAccount ? "login" : "guest", { trouble, isAsked: !!token });
    focusOn(entrance);
  }

  /** To where the link leads; once. */
  function follow() {
    const { invite, room, token, dial, trouble } = link;
    link = {};
    if (trouble) tell(trouble);
    else if (invite && !chat.me.account) open("register", { invite });
    else if (room) open("join", { room, token });
    else if (dial) open("dial", { digits: dial });
  }

  engine.on("status", turn);
  chat.on("change", () => {
    if (chat.me.uid) hadAccount = chat.me.account; // nobody is known any more when that is to be told, or soon
  });
  window.addEventListener("hashchange", () => {
    link = takeLink();
    if (shown === "chat") follow();
    else greet("");
  });
  turn();
  if (document.documentElement.dataset.phase === "stranger") focusOn(entrance); // early.js expects it
}
