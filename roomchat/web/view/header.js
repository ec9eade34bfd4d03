// The head of the room: its name, what it is about, and what one can do with it.

import { attribute, eachFrame, el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu } from "./menu.js";
import { theirs } from "./person.js";
import { copyText } from "./sidebar.js";
import { linkToRoom } from "./links.js";

/** The header; it shows the room that is looked at. */
export class Header {
  #app;
  #title = el("div", { class: "room-title" });
  #count = el("span", { class: "number" });
  #counts = el("button", { class: "icon-button people-count", type: "button", "aria-haspopup": "true" }, icon("people"), this.#count);
  #calls = el("span", { class: "calls-badge number", hidden: true });
  #search = el("button", { class: "icon-button", type: "button", "aria-label": "Search", title: "Search" }, icon("search"));
  #more = el("button", { class: "icon-button", type: "button", "aria-label": "Menu of the room", "aria-haspopup": "menu" }, icon("more"));

  /**
   * @param {import("./app.js").App} app
   * @param {{togglePeople: () => void, openRooms: () => void}} options
   */
  constructor(app, { togglePeople, openRooms }) {
    this.#app = app;
    this.#counts.addEventListener("click", togglePeople);
    this.#search.addEventListener("click", () => app.open("search"));
    this.#more.addEventListener("click", () => this.#menu());
    const rooms = el("button", { class: "icon-button only-narrow", type: "button", "aria-label": "Rooms", onclick: openRooms },
      icon("sidebar"), this.#calls);
    this.elements = [rooms, this.#title, this.#search, this.#counts, this.#more];
    app.chat.on("change", eachFrame(() => this.#show()));
  }

  get #room() {
    const { chat } = this.#app;
    return chat.rooms.get(chat.current);
  }

  #show() {
    const room = this.#room;
    this.#badge();
    for (const button of [this.#search, this.#more]) button.hidden = !room;
    this.#counts.hidden = !room || room.isPair;
    if (!room) {
      this.#title.dataset.state = "";
      return void fill(this.#title, el("h1", null, "You are not in a room now."));
    }
    const state = JSON.stringify([room.key, room.name, room.topic, room.role, room.membersTotal, room.other]);
    if (this.#title.dataset.state === state) return;
    this.#title.dataset.state = state;
    fill(this.#count, room.membersTotal);
    attribute(this.#counts, "aria-label", `People: ${room.membersTotal} here`);
    attribute(this.#counts, "title", "People");
    fill(this.#title, el("h1", null, ...heading(room)), this.#about(room));
  }

  #badge() {
    const others = [...this.#app.chat.rooms.values()].filter((room) => room.key !== this.#app.chat.current);
    const calls = others.reduce((sum, room) => sum + (room.isPair ? room.unread : room.mentions), 0);
    this.#calls.hidden = !calls && !others.some((room) => room.unread);
    fill(this.#calls, calls || "");
  }

  /** @param {any} room */
  #about(room) {
    if (room.isPair) {
      const { uid, offline } = room.other ?? {};
      return el("p", { class: "room-topic ellipsis" }, `Whispers with number ${uid}${offline ? ", offline: they will be seen later" : ""}`);
    }
    const mayEdit = this.#app.chat.may(room.key, "topic");
    if (!mayEdit) return room.topic ? el("p", { class: "room-topic ellipsis" }, theirs(room.topic)) : null;
    const edit = () => this.#app.open("topic", { room: room.key });
    return el("button", { class: "room-topic ellipsis", type: "button", title: "Say what the room is about", onclick: edit },
      room.topic ? theirs(room.topic) : "Say what this room is about", el("span", { class: "unseen" }, ", edit"));
  }

  #menu() {
    const room = this.#room;
    if (!room) return;
    const { ask, chat, open, tell } = this.#app;
    const link = () => copyText(linkToRoom(room.key), tell, "A link into this room is in the clipboard.");
    openMenu(this.#more, "Menu of the room", room.isPair
      ? [
        { label: "Call", icon: "phone", run: () => open("dial", { digits: String(room.other?.uid ?? "") }) },
        { label: "About this person", icon: "people", run: () => open("person", { uid: room.other?.uid }) },
        { label: "Close", icon: "close", apart: true, run: () => chat.close(room.key) },
      ]
      : [
        ...(room.isPrivate ? [] : [{ label: "Copy a link into this room", icon: "link", run: link }]),
        ...this.#app.roomItems(this.#app, room),
        { label: "Leave", icon: "leave", apart: true, danger: true, run: () => ask({ type: "leave", room: room.key }) },
      ]);
  }
}

/** @param {any} room @returns {import("./dom.js").Child[]} */
function heading(room) {
  if (room.isPair) return [theirs(room.other?.name ?? room.name, "ellipsis")];
  if (!room.isPrivate) return [theirs(room.name, "ellipsis")];
  return [icon("lock"), el("span", { class: "unseen" }, "private room "), theirs(room.name, "ellipsis"),
    room.founder && el("span", { class: "soft small number" }, `+${room.founder}`)];
}
