// The head of the room: its name, what it is about, and what one can do with it.

import { counts } from "../model/waiting.js";
import { iconButton, menuButton } from "./buttons.js";
import { openRoomMenu } from "./dialogs/menus.js";
import { byId, eachFrame, el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { theirs } from "./person.js";

/** The header; it shows the room that is looked at. */
export class Header {
  #app;
  #title = el("div", { class: "room-title" });
  #count = el("span", { class: "number" });
  #elsewhere = el("span", { class: "count", hidden: true });
  #people;
  #more;
  #search;

  /**
   * @param {import("./app.js").App} app
   * @param {import("./drawers.js").Drawers} drawers
   */
  constructor(app, drawers) {
    this.#app = app;
    const narrow = { class: "icon-button only-narrow" };
    const rooms = iconButton("sidebar", "Rooms", () => drawers.toggle("sidebar"), narrow, this.#elsewhere);
    const counted = { class: "icon-button people-count" };
    this.#people = iconButton("people", "People", () => drawers.toggle("people"), counted, this.#count);
    this.#search = iconButton("search", "Search", () => app.open("search"));
    this.#more = menuButton("more", "Menu of the room", () => openRoomMenu(app, this.#more));
    this.elements = [rooms, this.#title, this.#search, this.#people, this.#more];
    app.chat.on("change", eachFrame(() => this.#show()));
  }

  #show() {
    const room = this.#app.chat.here;
    this.#showElsewhere();
    this.#search.hidden = this.#more.hidden = !room;
    this.#people.hidden = !room || room.isPair;
    const { key, name, topic, role, membersTotal, other } = room ?? {};
    const state = JSON.stringify([key, name, topic, role, membersTotal, other]);
    if (this.#title.dataset.state === state) return;
    this.#title.dataset.state = state;
    byId("room").ariaLabel = `Room ${name ?? ""}`;
    if (!room) return void fill(this.#title, el("h1", null, "You are not in a room now."));
    fill(this.#count, membersTotal);
    this.#people.ariaLabel = `People: ${membersTotal} here`;
    fill(this.#title, el("h1", null, ...heading(room)), this.#about(room));
  }

  /** How much is for this person in other rooms: beside the button behind which these are, where it is narrow. */
  #showElsewhere() {
    const { chat } = this.#app, { wanted, unread } = counts(chat, chat.current);
    this.#elsewhere.hidden = !unread;
    this.#elsewhere.classList.toggle("calls", wanted > 0);
    fill(this.#elsewhere, wanted || "·");
  }

  /** @param {any} room */
  #about({ key, isPair, other, topic }) {
    if (isPair) {
      const later = other.offline ? ", offline: they will be seen later" : "";
      return el("p", { class: "room-topic ellipsis" }, `Whispers with number ${other.uid}${later}`);
    }
    if (!this.#app.chat.may(key, "topic"))
      return topic && el("p", { class: "room-topic ellipsis" }, theirs(topic));
    const edit = () => this.#app.open("topic", { room: key });
    return el("button", { class: "room-topic ellipsis", type: "button", onclick: edit },
      topic ? theirs(topic) : "Say what this room is about", el("span", { class: "unseen" }, ", edit"));
  }
}

/**
 * @param {any} room
 * @returns {import("./dom.js").Child[]}
 */
const heading = ({ name, isPrivate, founder }) => [
  isPrivate && icon("lock"), isPrivate && el("span", { class: "unseen" }, "private room "),
  theirs(name, "ellipsis"),
  isPrivate && el("span", { class: "soft small number" }, `+${founder}`),
];
