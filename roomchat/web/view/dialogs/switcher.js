// Go to a room or a person by some letters of the name.

import { pairRoom } from "../../core/protocol.js";
import { attribute, el, fill } from "../dom.js";
import { openDialog } from "../dialog.js";
import { icon } from "../icons.js";
import { name, theirs, tile } from "../person.js";

const MOST = 12; // lines

/** @typedef {{key: string, words: string, nodes: () => Node[], unread: number, last: string}} Place */

/** @param {import("../app.js").App} app */
export function openSwitcher(app) {
  const input = el("input", {
    class: "input", role: "combobox", "aria-label": "Room or person", "aria-expanded": "true", "aria-controls": "switch-list",
    "aria-autocomplete": "list", placeholder: "Room or person", autocomplete: "off", autocapitalize: "none", spellcheck: "false",
  });
  const list = el("ul", { class: "list switch-list", id: "switch-list", role: "listbox", "aria-label": "Where to" });
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
    found = places(app.chat, input.value);
    chosen = 0;
    fill(list, ...found.map((place, index) => el("li", {
      class: "list-row", role: "option", id: `switch-${index}`, onclick: () => go(place),
    }, ...place.nodes(), place.unread > 0 && el("span", { class: "counts soft small" }, `${place.unread} unread`))));
    if (!found.length) fill(list, el("li", { class: "soft list-none", role: "option", "aria-disabled": "true" }, "Nothing is called so."));
    mark();
  }

  function mark() {
    for (const [index, item] of [...list.children].entries()) attribute(item, "aria-selected", String(index === chosen));
    attribute(input, "aria-activedescendant", found.length ? `switch-${chosen}` : null);
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  }

  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") go(found[chosen]);
    else if (step && found.length) chosen = (chosen + step + found.length) % found.length;
    else return;
    event.preventDefault();
    mark();
  });
  const dialog = openDialog({ title: "Go to", body: [input, list], kind: "switch-dialog" });
  show();
}

/**
 * What is called so: rooms first that want something of us, then those that were spoken in last; then other people.
 *
 * @param {any} chat
 * @param {string} typed
 * @returns {Place[]}
 */
function places(chat, typed) {
  const wanted = typed.trim().toLowerCase().replace(/^[#@]/, "");
  /** @type {Place[]} */
  const rooms = [...chat.rooms.values()].map((room) => ({
    key: room.key, words: `${room.name} ${room.other?.uid ?? ""}`.toLowerCase(), unread: room.unread, last: room.lastTs ?? "",
    nodes: () => (room.isPair
      ? [tile(room.other?.uid ?? 0, "small"), name(room.other?.uid ?? 0, room.other?.name ?? room.name)]
      : [icon(room.isPrivate ? "lock" : "room"), theirs(room.name)]),
  }));
  const paired = new Set(rooms.map(({ key }) => key));
  const people = !wanted ? [] : [...chat.names]
    .filter(([uid]) => uid !== chat.me.uid && !paired.has(pairRoom(chat.me.uid, uid)))
    .map(([uid, text]) => ({
      key: pairRoom(chat.me.uid, uid), words: `${text} ${uid}`.toLowerCase(), unread: 0, last: "",
      nodes: () => [tile(uid, "small"), name(uid, text), el("span", { class: "soft small" }, "whisper")],
    }));
  const rank = (/** @type {Place} */ place) => (place.words.startsWith(wanted) ? 0 : 1);
  return [
    ...rooms.filter(({ key }) => wanted || key !== chat.current)
      .sort((one, other) => Number(other.unread > 0) - Number(one.unread > 0) || (one.last < other.last ? 1 : -1)),
    ...people,
  ].filter(({ words }) => words.includes(wanted)).sort((one, other) => rank(one) - rank(other)).slice(0, MOST);
}
