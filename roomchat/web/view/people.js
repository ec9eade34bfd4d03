// Who is in the room that is looked at, and who is on the server.

import { PAGE } from "../core/protocol.js";
import { whose } from "../model/words.js";
import { button, iconButton, row, tab, tabs } from "./buttons.js";
import { byId, eachFrame, el, fill, keyed } from "./dom.js";
import { nameElement, presence, tile } from "./person.js";

/** @typedef {import("../core/protocol.js").Person & {role?: string}} Member */

const RANKED = ["owner", "moderator", ""]; // the role of who stands at the top, and below

/**
 * The panel.
 *
 * @param {import("./app.js").App} app
 * @param {() => void} close
 * @returns {() => void} it is to be seen now: what may be old is asked for
 */
export function showPeople(app, close) {
  const { chat } = app;
  let isEveryone = false;
  /** @type {Member[] | null} what the server has answered, where it knows more than we are told */
  let found = null;
  let total = 0;
  /** @type {Set<string>} rooms of which we have asked who has a role there */
  const asked = new Set();
  const list = el("ul", { class: "list people-list", "aria-label": "People" });
  const filter = el("input", {
    class: "input", type: "search", "aria-label": "Find a person", placeholder: "Name or number",
    autocomplete: "off", oninput: show,
  });
  const more = button("", () => ask(found?.at(-1)?.uid), "quiet wide");
  const choices = [tab("Here", () => choose(false)), tab("Everyone", () => choose(true))];
  fill(byId("people"),
    el("div", { class: "people-head" }, el("h2", null, "People"), iconButton("close", "Close people", close)),
    tabs("Whose list", choices),
    filter,
    el("div", { class: "people-scroll" }, list, more),
  );

  function refresh() {
    turn();
    if (isEveryone) ask();
  }

  /** @param {boolean} everyone */
  function choose(everyone) {
    isEveryone = everyone;
    for (const [index, one] of choices.entries()) one.ariaPressed = String(everyone === !!index);
    found = null;
    refresh();
  }

  const isSeen = () => list.checkVisibility();

  /** Another room is looked at. */
  function turn() {
    if (isEveryone || !isSeen()) return;
    found = null;
    show();
    const room = chat.here;
    if (!room || room.isPair || (asked.has(room.key) && room.members.size >= room.membersTotal)) return;
    asked.add(room.key);
    ask();
  }

  /** The room whose people are shown; undefined: all who are on the server. */
  const where = () => (isEveryone ? undefined : chat.current);

  /** @param {number} [after] the UID behind which the page begins */
  async function ask(after) {
    const room = where();
    if (room === null) return;
    try {
      const page = await app.engine.ask({ type: "who", room, after });
      if (room !== where()) return; // one has turned away meanwhile
      total = page.clients_total;
      // A room of which all are known is shown as it is known: that changes as they come and go.
      const isPart = isEveryone || total > PAGE;
      found = isPart ? [...(after ? found ?? [] : []), ...page.clients] : null;
      show();
    } catch {
      asked.delete(room ?? ""); // offline: what is known stays
    }
  }

  function show() {
    if (!isSeen()) return; // it is made when it is opened
    const room = chat.here;
    const known = found ?? (isEveryone ? [] : [...(room?.members.values() ?? [])]);
    const typed = filter.value.trim().toLowerCase();
    /** @type {Member[]} */
    const people = known
      .map((one) => ({ ...one, role: isEveryone ? "" : room?.roles.get(one.uid) }))
      .filter((one) => !typed || one.name.toLowerCase().includes(typed) || String(one.uid).startsWith(typed))
      .sort((one, other) => rank(one) - rank(other) || one.uid - other.uid);
    keyed(list, people, (one) => String(one.uid), (one) => row(() => app.open("person", one)), update);
    const left = found ? total - found.length : 0;
    more.hidden = left <= 0;
    fill(more, `Show more (${left})`);
  }

  /**
   * @param {HTMLElement} item
   * @param {Member} person
   */
  function update(item, { uid, name: text, role, away = false }) {
    const line = /** @type {HTMLElement} */ (item.firstElementChild);
    const isMe = uid === chat.me.uid;
    const said = [whose(text, uid), isMe && "you", role, away && "away"].filter(Boolean).join(", ");
    if (line.ariaLabel === said) return;
    line.ariaLabel = said;
    fill(
      line, tile(uid, "small"), nameElement(uid, text), isMe && el("span", { class: "soft small" }, "you"),
      role && el("span", { class: "role" }, role), presence(away),
    );
  }

  const showSoon = eachFrame(show);
  chat.on("change", (/** @type {string} */ what) => {
    if (what === "current") turn();
    else if (what === "people" || what === `room:${chat.current}`) showSoon();
  });
  choose(false);
  return refresh;
}

/**
 * Who has a role first, and who is away last.
 *
 * @param {Member} person
 */
const rank = ({ role = "", away }) =>
  RANKED.indexOf(role) + (away ? RANKED.length : 0);
