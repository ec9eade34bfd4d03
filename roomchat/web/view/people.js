// Who is in the room that is looked at, and who is on the server.

import { attribute, el, fill, keyed } from "./dom.js";
import { icon } from "./icons.js";
import { name, presence, tile } from "./person.js";

/** @typedef {import("../core/protocol.js").Person & {role?: string}} Member */

const PAGE = 100; // people of one answer; docs/protocol.md, "who"
const ROLES = /** @type {Record<string, number>} */ ({ owner: 0, moderator: 1 }); // these stand first

/** The people of the room, or everyone; `show` and `hide` by whoever has the panel. */
export class People {
  #app;
  #everyone = false;
  /** @type {Member[]} */
  #found = [];
  #total = 0;
  #list = el("ul", { class: "list people-list", "aria-label": "People" });
  #here = el("button", { class: "tab", type: "button", onclick: () => this.#choose(false) }, "Here");
  #all = el("button", { class: "tab", type: "button", onclick: () => this.#choose(true) }, "Everyone");
  #filter = el("input", { class: "input", type: "search", "aria-label": "Find a person", placeholder: "Name or number", autocomplete: "off" });
  #more = el("button", { class: "button quiet wide", type: "button", onclick: () => this.#ask(this.#found.at(-1)?.uid) });

  /** @param {import("./app.js").App} app @param {() => void} close */
  constructor(app, close) {
    this.#app = app;
    this.#filter.addEventListener("input", () => this.#show());
    this.element = el(
      "div", { class: "people-inside" },
      el("div", { class: "people-head" }, el("h2", null, "People"),
        el("button", { class: "icon-button", type: "button", "aria-label": "Close people", onclick: close }, icon("close"))),
      el("div", { class: "tabs", role: "group", "aria-label": "Whose list" }, this.#here, this.#all),
      this.#filter,
      el("div", { class: "people-scroll" }, this.#list, this.#more),
    );
    app.chat.on("change", (/** @type {string} */ what) => {
      if (what === "people" || what === "current" || what === `room:${app.chat.current}`) this.#shown();
    });
    this.#choose(false);
  }

  /** Lists what is known now; asks for it where it may be old. */
  refresh() {
    if (this.#everyone || this.#isPartly()) this.#ask();
    this.#show();
  }

  /** @param {boolean} everyone */
  #choose(everyone) {
    this.#everyone = everyone;
    attribute(this.#here, "aria-pressed", String(!everyone));
    attribute(this.#all, "aria-pressed", String(everyone));
    this.#found = [];
    this.#total = 0;
    this.refresh();
  }

  #shown() {
    if (this.element.offsetParent === null) return; // nobody sees it: it is made when it is opened
    if (!this.#everyone) this.#found = [];
    this.#show();
  }

  get #room() {
    const { chat } = this.#app;
    return chat.current === null ? undefined : chat.rooms.get(chat.current);
  }

  /** Whether the room has more members than are known. */
  #isPartly() {
    const room = this.#room;
    return Boolean(room && !room.isPair && room.members.size < room.membersTotal);
  }

  /** @param {number} [after] the UID behind which the next page begins */
  async #ask(after) {
    const room = this.#everyone ? undefined : this.#room?.key;
    if (!this.#everyone && room === undefined) return;
    try {
      const page = await this.#app.engine.ask({ type: "who", ...(room && { room }), ...(after && { after }) });
      if (room !== (this.#everyone ? undefined : this.#room?.key)) return; // another list is looked at by now
      const old = after ? this.#found : [];
      this.#found = [...old, ...page.clients.map((/** @type {Member} */ one) => withRole(one, page))];
      this.#total = page.clients_total;
      this.#show();
    } catch {
      // Offline: what is known stays.
    }
  }

  #show() {
    const room = this.#room;
    const known = this.#found.length || this.#everyone ? this.#found : [...(room?.members.values() ?? [])];
    const typed = this.#filter.value.trim().toLowerCase();
    const people = known
      .filter((one) => !typed || one.name.toLowerCase().includes(typed) || String(one.uid).startsWith(typed))
      .sort((one, other) => rank(one) - rank(other) || one.uid - other.uid);
    const total = this.#found.length || this.#everyone ? this.#total : room?.membersTotal ?? 0;
    keyed(this.#list, people, (one) => String(one.uid), (one) => this.#make(one), (item, one) => this.#update(item, one));
    this.#more.hidden = known.length >= total || known.length % PAGE !== 0 || known.length === 0;
    fill(this.#more, `More (${total - known.length})`);
  }

  /** @param {Member} person */
  #make({ uid }) {
    const open = () => this.#app.open("person", { uid, name: this.#found.find((one) => one.uid === uid)?.name });
    return el("li", null, el("button", { class: "list-row", type: "button", "aria-haspopup": "dialog", onclick: open }));
  }

  /** @param {HTMLElement} item @param {Member} person */
  #update(item, person) {
    const button = /** @type {HTMLElement} */ (item.firstElementChild);
    const state = JSON.stringify(person);
    if (button.dataset.state === state) return;
    button.dataset.state = state;
    const isMe = person.uid === this.#app.chat.me?.uid;
    fill(button, tile(person.uid, "small"), name(person.uid, person.name), el("span", { class: "unseen" }, `, number ${person.uid}`),
      isMe && el("span", { class: "soft small" }, "you"),
      person.role && el("span", { class: "role" }, person.role), presence(person.away ?? false));
  }
}

/** @param {Member} person @param {any} page */
const withRole = (person, page) => ({
  ...person, role: page.owner === person.uid ? "owner" : page.moderators?.includes(person.uid) ? "moderator" : person.role,
});

/** @param {Member} person */
const rank = (person) => (ROLES[person.role ?? ""] ?? 2) + (person.away ? 3 : 0);
