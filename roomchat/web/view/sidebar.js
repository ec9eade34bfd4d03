// The sidebar: one's own number, the rooms one is in, and whom one whispers with.

import { cell } from "../model/harmless.js";
import { whose } from "../model/words.js";
import { attribute, eachFrame, el, fill, keyed } from "./dom.js";
import { icon } from "./icons.js";
import { linkToDial } from "./links.js";
import { openMenu } from "./menu.js";
import { name, presence, theirs, tile } from "./person.js";

const MOST = 99; // a higher count is shown as 99+

/** The sidebar; it shows what `chat` knows. */
export class Sidebar {
  #app;
  #number = el("span", { class: "plate-number number" });
  #name = el("span", { class: "plate-name" });
  #rooms = el("ul", { class: "list", "aria-labelledby": "rooms-title" });
  #whispers = el("ul", { class: "list", "aria-labelledby": "whispers-title" });
  #none = el("p", { class: "soft small list-none" }, "Nobody yet. Call someone, or whisper to a person in a room.");

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
    const copy = el(
      "button", { class: "my-number", type: "button", title: "Copy it", onclick: () => this.#copy() },
      el("span", { class: "my-number-says" }, "Your number is"), " ", this.#number, el("span", { class: "unseen" }, ", copy it"),
    );
    const menu = el("button", {
      class: "icon-button", type: "button", "aria-label": "You and settings", "aria-haspopup": "menu", onclick: () => this.#menu(menu),
    }, icon("settings"));
    const call = el("button", { class: "button", type: "button", title: "Call a number", onclick: () => app.open("dial") },
      icon("dial"), "Call", el("span", { class: "unseen" }, " a number"));
    this.element = el(
      "div", { class: "sidebar-inside" },
      el("div", { class: "my-card" }, copy, menu, this.#name, call),
      el("div", { class: "sidebar-lists" },
        heading("rooms-title", "Rooms", "Join or make a room", () => app.open("join")), this.#rooms,
        heading("whispers-title", "Whispers", "Find a person", () => app.open("switch")), this.#whispers, this.#none),
    );
    app.chat.on("change", eachFrame(() => this.#show()));
  }

  #show() {
    const { chat } = this.#app;
    fill(this.#number, chat.me.uid);
    attribute(this.#number, "data-digits", String(chat.me.uid).length);
    fill(this.#name, theirs(chat.me.name, "ellipsis"), !chat.me.account && el("span", { class: "soft small" }, "guest"));
    const all = [...chat.rooms.values()];
    const whispers = all.filter((room) => room.isPair);
    const make = (/** @type {any} */ room) => this.#make(room);
    const update = (/** @type {HTMLElement} */ item, /** @type {any} */ room) => this.#update(item, room);
    keyed(this.#rooms, all.filter((room) => !room.isPair), keyOf, make, update);
    keyed(this.#whispers, whispers, keyOf, make, update);
    this.#none.hidden = whispers.length > 0;
  }

  /** @param {any} room */
  #make(room) {
    const key = keyOf(room);
    return el("li", null, el("button", { class: "list-row", type: "button", onclick: () => this.#app.go(key) }));
  }

  /** @param {HTMLElement} item @param {any} room */
  #update(item, room) {
    const { chat } = this.#app;
    const button = /** @type {HTMLElement} */ (item.firstElementChild);
    const isCurrent = chat.current === keyOf(room);
    const state = JSON.stringify([isCurrent, room.unread, room.mentions, room.name, room.other]);
    if (button.dataset.state === state) return; // a busy room must not paint the sidebar at each message
    button.dataset.state = state;
    attribute(button, "aria-current", isCurrent ? "page" : null);
    button.classList.toggle("is-unread", room.unread > 0);
    attribute(button, "aria-label", label(room));
    fill(button, ...(room.isPair ? pair(room) : named(room)), counts(room));
  }

  async #copy() {
    const { chat, tell } = this.#app;
    await copyText(String(chat.me.uid), tell, `Your number, ${chat.me.uid}, is in the clipboard.`);
  }

  /** @param {HTMLElement} button */
  #menu(button) {
    const { open, chat, tell, engine } = this.#app;
    const link = () => copyText(linkToDial(chat.me.uid), tell, "A link that calls you is in the clipboard.");
    openMenu(button, "You and settings", [
      { label: chat.me.account ? "Account and devices" : "Name and account", icon: "key", run: () => open("account") },
      { label: "Copy a link that calls you", icon: "link", run: link },
      { label: "Settings", icon: "settings", run: () => open("settings"), apart: true },
      { label: "Keys", icon: "help", keys: "?", run: () => open("keys") },
      { label: "About", icon: "room", run: () => open("about") },
      chat.me.account
        ? { label: "Log out", icon: "leave", danger: true, apart: true, run: () => engine.logout() }
        : { label: "Forget me here", icon: "leave", danger: true, apart: true, run: () => open("forget") },
    ]);
  }
}

/**
 * @param {string} text
 * @param {(sentence: string) => void} tell
 * @param {string} sentence what is told when it is done
 */
export async function copyText(text, tell, sentence) {
  try {
    await navigator.clipboard.writeText(text);
    tell(sentence);
  } catch {
    tell(text); // no clipboard outside of a secure context: it can be read and marked at least
  }
}

/** @param {any} room */
const keyOf = (room) => room.key;

/** @param {string} id @param {string} label @param {string} plus what its button does @param {() => void} run */
function heading(id, label, plus, run) {
  return el("div", { class: "list-head" }, el("h2", { id }, label),
    el("button", { class: "icon-button", type: "button", "aria-label": plus, title: plus, onclick: run }, icon("plus")));
}

/** What is to be known of a room, in words. @param {any} room */
function label({ name: text, isPair, isPrivate, founder, other, unread, mentions }) {
  const called = isPair ? whose(other.name, other.uid) : cell(text);
  return [called, isPrivate && `private, of ${founder}`, other?.offline && "away", unread && `${unread} unread`,
    !isPair && mentions && `${mentions} to you`].filter(Boolean).join(", ");
}

/** @param {any} room @returns {import("./dom.js").Child[]} */
const named = ({ name: text, isPrivate, founder }) => [icon(isPrivate ? "lock" : "room"), theirs(text, "ellipsis"),
  isPrivate && el("span", { class: "soft small number" }, `+${founder}`)];

/** @param {any} room @returns {import("./dom.js").Child[]} */
const pair = ({ other: { uid, name: text, offline } }) => [tile(uid, "small"), name(uid, text), presence(offline)];

/** @param {any} room */
function counts({ isPair, unread, mentions }) {
  const calls = isPair ? unread : mentions;
  const shown = calls || unread;
  return shown > 0 && el("span", { class: `count${calls ? " calls" : ""}` }, shown > MOST ? `${MOST}+` : shown);
}
