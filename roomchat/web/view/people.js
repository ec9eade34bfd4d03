// Who is in the room that is looked at, and who is on the server.

import { PAGE } from "../core/protocol.js";
import { whose } from "../model/words.js";
import { button, iconButton, row, tab, tabs } from "./buttons.js";
import { eachFrame, el, fill, keyed } from "./dom.js";
import { nameElement, presence, tile } from "./person.js";

/** @typedef {import("../core/protocol.js").Person & {role?: string}} Member */

const RANKED = ["owner", "moderator", ""]; // the role of who stands at the top, and below

/** The panel; `refresh` when it is opened. */
export class PeoplePane {
  #app;
  #isEveryone = false;
  /** @type {Member[] | null} what the server has answered, where it knows more than we are told */
  #found = null;
  #total = 0;
  /** @type {Set<string>} rooms of which we have asked who has a role there */
  #asked = new Set();
  #list = el("ul", { class: "list people-list", "aria-label": "People" });
  #filter = el("input", {
    class: "input", type: "search", "aria-label": "Find a person", placeholder: "Name or number",
    autocomplete: "off",
  });
  #more = button("", () => this.#ask(this.#found?.at(-1)?.uid), "quiet wide");
  #tabs = [tab("Here", () => this.#choose(false)), tab("Everyone", () => this.#choose(true))];

  /**
   * @param {import("./app.js").App} app
   * @param {() => void} close
   */
  constructor(app, close) {
    this.#app = app;
    this.#filter.addEventListener("input", () => this.#show());
    this.element = el(
      "div", { class: "people-inside" },
      el("div", { class: "people-head" }, el("h2", null, "People"), iconButton("close", "Close people", close)),
      tabs("Whose list", this.#tabs),
      this.#filter,
      el("div", { class: "people-scroll" }, this.#list, this.#more),
    );
    const show = eachFrame(() => this.#show());
    app.chat.on("change", (/** @type {string} */ what) => {
      if (what === "current") this.#turn();
      else if (what === "people" || what === `room:${app.chat.current}`) show();
    });
    this.#choose(false);
  }

  /** It is to be seen: what may be old is asked for. */
  refresh() {
    this.#turn();
    if (this.#isEveryone) this.#ask();
  }

  /** The room whose people are shown; undefined: all who are on the server. */
  get #where() {
    return this.#isEveryone ? undefined : this.#app.chat.current;
  }

  get #isSeen() {
    return this.element.offsetParent !== null;
  }

  /** @param {boolean} isEveryone */
  #choose(isEveryone) {
    this.#isEveryone = isEveryone;
    for (const [index, one] of this.#tabs.entries()) one.ariaPressed = String(isEveryone === !!index);
    this.#found = null;
    this.refresh();
  }

  /** Another room is looked at. */
  #turn() {
    if (this.#isEveryone || !this.#isSeen) return;
    this.#found = null;
    this.#show();
    const room = this.#app.chat.here;
    if (!room || room.isPair || (this.#asked.has(room.key) && room.members.size >= room.membersTotal)) return;
    this.#asked.add(room.key);
    this.#ask();
  }

  /** @param {number} [after] the UID behind which the page begins */
  async #ask(after) {
    const room = this.#where;
    if (room === null) return;
    try {
      const page = await this.#app.engine.ask({ type: "who", room, after });
      if (room !== this.#where) return; // one has turned away meanwhile
      this.#total = page.clients_total;
      // A room of which all are known is shown as it is known: that changes as they come and go.
      const isPart = this.#isEveryone || page.clients_total > PAGE;
      this.#found = isPart ? [...(after ? this.#found ?? [] : []), ...page.clients] : null;
      this.#show();
    } catch {
      this.#asked.delete(room ?? ""); // offline: what is known stays
    }
  }

  #show() {
    if (!this.#isSeen) return; // it is made when it is opened
    const room = this.#app.chat.here;
    const known = this.#found ?? (this.#isEveryone ? [] : [...(room?.members.values() ?? [])]);
    const typed = this.#filter.value.trim().toLowerCase();
    /** @type {Member[]} */
    const people = known
      .map((one) => ({ ...one, role: this.#isEveryone ? "" : room?.roles.get(one.uid) }))
      .filter((one) => !typed || one.name.toLowerCase().includes(typed) || String(one.uid).startsWith(typed))
      .sort((one, other) => rank(one) - rank(other) || one.uid - other.uid);
    const make = (/** @type {Member} */ one) => row(() => this.#app.open("person", one));
    keyed(this.#list, people, (one) => String(one.uid), make, (item, one) => this.#update(item, one));
    const left = this.#found ? this.#total - this.#found.length : 0;
    this.#more.hidden = left <= 0;
    fill(this.#more, `Show more (${left})`);
  }

  /**
   * @param {HTMLElement} item
   * @param {Member} person
   */
  #update(item, { uid, name: text, role, away = false }) {
    const line = /** @type {HTMLElement} */ (item.firstElementChild);
    const isMe = uid === this.#app.chat.me.uid;
    const said = [whose(text, uid), isMe && "you", role, away && "away"].filter(Boolean).join(", ");
    if (line.ariaLabel === said) return;
    line.ariaLabel = said;
    fill(
      line, tile(uid, "small"), nameElement(uid, text), isMe && el("span", { class: "soft small" }, "you"),
      role && el("span", { class: "role" }, role), presence(away),
    );
  }
}

/**
 * Who has a role first, and who is away last.
 *
 * @param {Member} person
 */
const rank = ({ role = "", away }) =>
  RANKED.indexOf(role) + (away ? RANKED.length : 0);
