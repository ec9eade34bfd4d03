// Go to a room or a person by some letters of the name.

import { pairRoom } from "../../core/protocol.js";
import { openDialog } from "../dialog.js";
import { el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { markOption, nextOption } from "../options.js";
import { nameElement, theirs, tile } from "../person.js";

const MOST = 12; // lines

/** @typedef {{key: string, words: string, nodes: Node[], unread: number}} Place */

/** @param {import("../app.js").App} app */
export function openSwitcher(app) {
  const input = el("input", {
    class: "input", role: "combobox", "aria-label": "Room or person", placeholder: "Room or person",
    "aria-expanded": "true", "aria-controls": "switch-list", "aria-autocomplete": "list",
    autocomplete: "off", autocapitalize: "none", spellcheck: "false", oninput: show, onkeydown: press,
  });
  const list = el("ul", { class: "list", id: "switch-list", role: "listbox", "aria-label": "Where to" });
  /** @type {Place[]} */
  let found = [];
  let chosen = 0;

  /** @param {Place | undefined} place */
  function go(place) {
    if (!place) return;
    dialog.close();
    app.go(place.key);
  }

  function show() {
    found = places(app.chat, input.value.trim().toLowerCase().replace(/^[#@]/, ""));
    chosen = found.length ? 0 : -1;
    fill(list, ...found.map((place, index) => el(
      "li", { class: "list-row", role: "option", id: `switch-${index}`, onclick: () => go(place) },
      ...place.nodes, place.unread > 0 && el("span", { class: "counts soft small" }, `${place.unread} unread`),
    )));
    if (!found.length) {
      fill(list, el("li", { class: "soft", role: "option", "aria-disabled": "true" }, "Nothing is called so."));
    }
    markOption(input, list, chosen);
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    const next = nextOption(event.key, chosen, found.length);
    if (event.key === "Enter") go(found[chosen]);
    else if (next === undefined || !found.length) return;
    else chosen = next;
    event.preventDefault();
    markOption(input, list, chosen);
  }

  const dialog = openDialog({ title: "Go to", body: [input, list] });
  show();
}

/**
 * What is called so: rooms in which something is new, those that were spoken in last; then other people.
 *
 * @param {any} chat
 * @param {string} wanted
 * @returns {Place[]}
 */
function places(chat, wanted) {
  const rooms = [...chat.rooms.values()]
    .filter(({ key }) => wanted || key !== chat.current)
    .sort((one, other) => Number(other.unread > 0) - Number(one.unread > 0) ||
      (one.lastTs < other.lastTs ? 1 : -1));
  const hasNoRoom = (/** @type {any} */ { uid }) => !chat.rooms.has(pairRoom(chat.me.uid, uid));
  const people = wanted ? chat.people(null).filter(hasNoRoom) : [];
  const all = [...rooms.map(room), ...people.map((/** @type {any} */ one) => person(chat, one))];
  const begins = (/** @type {Place} */ { words }) => Number(!words.startsWith(wanted));
  const found = all.filter(({ words }) => words.includes(wanted));
  return found.sort((one, other) => begins(one) - begins(other)).slice(0, MOST);
}

/**
 * @param {any} room
 * @returns {Place}
 */
const room = ({ key, name: text, other, unread, isPrivate }) => ({
  key, unread, words: `${text} ${other?.uid ?? ""}`.toLowerCase(),
  nodes: other
    ? [tile(other.uid, "small"), nameElement(other.uid, other.name)]
    : [icon(isPrivate ? "lock" : "room"), theirs(text)],
});

/**
 * @param {any} chat
 * @param {{uid: number, name: string}} one
 * @returns {Place}
 */
const person = (chat, { uid, name: text }) => ({
  key: pairRoom(chat.me.uid, uid), unread: 0, words: `${text} ${uid}`.toLowerCase(),
  nodes: [tile(uid, "small"), nameElement(uid, text), el("span", { class: "soft small" }, "whisper")],
});
