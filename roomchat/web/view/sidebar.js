// The sidebar: one's own number, the rooms one is in, and whom one whispers with.

import { cell } from "../model/harmless.js";
import { caller } from "../model/told.js";
import { whose } from "../model/words.js";
import { iconButton, menuButton, row } from "./buttons.js";
import { copyText } from "./clipboard.js";
import { attribute, eachFrame, el, fill, keyed } from "./dom.js";
import { icon } from "./icons.js";
import { nameElement, presence, theirs, tile } from "./person.js";

const MOST = 99; // a higher count is shown as 99+

/** The sidebar; it shows what `chat` knows. */
export class Sidebar {
  #app;
  #number = el("span", { class: "plate-number" });
  #name = el("span", { class: "plate-name" });
  #rooms = el("ul", { class: "list", "aria-labelledby": "rooms-title" });
  #whispers = el("ul", { class: "list", "aria-labelledby": "whispers-title" });
  #nobody = el("p", { class: "soft small list-none" },
    "Nobody yet. Call someone, or whisper to a person in a room.");

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
    const copy = el(
      "button", { class: "my-number", type: "button", title: "Copy it", onclick: () => this.#copy() },
      el("span", { class: "my-number-says" }, "Your number is"), " ", this.#number,
    );
    const menu = menuButton("settings", "You and settings", () => app.open("my-menu", { anchor: menu }));
    const call = el("button", { class: "button", type: "button", onclick: () => app.open("dial") },
      icon("dial"), "Call", el("span", { class: "unseen" }, " a number"));
    this.element = el(
      "div", { class: "sidebar-inside" },
      el("div", { class: "my-card" }, copy, menu, this.#name, call),
      el("div", { class: "sidebar-lists" },
        heading("rooms-title", "Rooms", "Join or make a room", () => app.open("join")), this.#rooms,
        heading("whispers-title", "Whispers", "Find a person", () => app.open("switch")), this.#whispers,
        this.#nobody),
    );
    app.chat.on("change", eachFrame(() => this.#show()));
  }

  #show() {
    const { me, rooms } = this.#app.chat;
    fill(this.#number, me.uid || "–"); // not let in yet
    this.#number.style.setProperty("--digits", String(String(me.uid).length));
    fill(this.#name, theirs(me.name, "ellipsis"), !me.account && el("span", { class: "soft small" }, "guest"));
    const all = [...rooms.values()];
    this.#list(this.#rooms, all.filter((room) => !room.isPair));
    this.#list(this.#whispers, all.filter((room) => room.isPair));
    this.#nobody.hidden = this.#whispers.childElementCount > 0;
  }

  /**
   * @param {HTMLElement} list
   * @param {any[]} rooms
   */
  #list(list, rooms) {
    const make = (/** @type {any} */ { key }) => row(() => this.#app.go(key));
    keyed(list, rooms, ({ key }) => key, make, (item, room) => this.#update(item, room));
  }

  /**
   * @param {HTMLElement} item
   * @param {any} room
   */
  #update(item, room) {
    const line = /** @type {HTMLElement} */ (item.firstElementChild);
    attribute(line, "aria-current", this.#app.chat.current === room.key && "page");
    const said = label(room, this.#app.chat);
    if (line.ariaLabel === said) return; // a busy room does not paint the sidebar at each message
    line.ariaLabel = said;
    line.classList.toggle("is-unread", room.unread + room.mentions > 0);
    fill(line, ...(room.isPair ? pair(room) : named(room)), counts(room));
  }

  #copy() {
    const { uid } = this.#app.chat.me;
    return copyText(String(uid), this.#app.tell);
  }
}

/**
 * @param {string} id
 * @param {string} label
 * @param {string} plus what its button does
 * @param {() => void} run
 */
const heading = (id, label, plus, run) =>
  el("div", { class: "list-head" }, el("h2", { id }, label), iconButton("plus", plus, run));

/**
 * What is to be known of a room, in words.
 *
 * @param {any} room
 * @param {any} chat
 */
function label({ name: text, isPair, isPrivate, founder, other, unread, mentions, dialledBy: by }, chat) {
  const called = isPair ? whose(other.name, other.uid) : cell(text);
  return [called, isPrivate && `private, of ${founder}`, other?.offline && "away", unread && `${unread} unread`,
    !isPair && mentions && `${mentions} to you`,
    by && `${caller({ by }, chat)} dialled you`].filter(Boolean).join(", ");
}

/**
 * @param {any} room
 * @returns {import("./dom.js").Child[]}
 */
const named = ({ name: text, isPrivate, founder }) => [icon(isPrivate ? "lock" : "room"), theirs(text, "ellipsis"),
  isPrivate && el("span", { class: "soft small number" }, `+${founder}`)];

/**
 * @param {any} room
 * @returns {import("./dom.js").Child[]}
 */
const pair = ({ other: { uid, name, offline } }) =>
  [tile(uid, "small"), nameElement(uid, name), presence(offline)];

/** @param {any} room */
function counts({ isPair, unread, mentions }) {
  const calls = isPair ? unread : mentions;
  const shown = calls || unread;
  return shown > 0 && el("span", { class: `count${calls ? " calls" : ""}` }, shown > MOST ? `${MOST}+` : shown);
}
