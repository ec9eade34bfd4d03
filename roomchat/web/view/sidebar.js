// The sidebar: one's own number, the rooms one is in, and whom one whispers with.

import { cell } from "../model/harmless.js";
import { caller } from "../model/told.js";
import { whose } from "../model/words.js";
import { iconButton, menuButton, row } from "./buttons.js";
import { copyText } from "./clipboard.js";
import { openMyMenu } from "./dialogs/menus.js";
import { byId, eachFrame, el, fill, keyed } from "./dom.js";
import { icon } from "./icons.js";
import { nameElement, presence, theirs, tile } from "./person.js";

const MOST_SHOWN = 99; // a higher count is shown as 99+

/**
 * The sidebar; it shows what `chat` knows.
 *
 * @param {import("./app.js").App} app
 */
export function showSidebar(app) {
  const { chat, open } = app;
  const number = el("span", { class: "plate-number" });
  const name = el("span", { class: "plate-name" });
  const rooms = el("ul", { class: "list", "aria-labelledby": "rooms-title" });
  const whispers = el("ul", { class: "list", "aria-labelledby": "whispers-title" });
  const nobody = el("p", { class: "soft small list-none" },
    "Nobody yet. Call someone, or whisper to a person in a room.");
  const copyNumber = () => copyText(String(chat.me.uid), `Your number, ${chat.me.uid}, is in the clipboard.`);
  const copy = el(
    "button", { class: "my-number", type: "button", title: "Copy it", onclick: copyNumber },
    el("span", { class: "my-number-says" }, "Your number is"), " ", number,
  );
  const menu = menuButton("settings", "You and settings", () => openMyMenu(app, menu));
  const call = el("button", { class: "button", type: "button", onclick: () => open("dial") },
    icon("dial"), "Call", el("span", { class: "unseen" }, " a number"));
  fill(byId("sidebar"), el("div", { class: "my-card" }, copy, menu, name, call), el(
    "div", { class: "sidebar-lists" },
    heading("rooms-title", "Rooms", "Join or make a room", () => open("join")), rooms,
    heading("whispers-title", "Whispers", "Find a person", () => open("switch")), whispers, nobody,
  ));

  /** @param {any} room */
  const make = ({ key }) => row(() => app.go(key));

  /**
   * @param {HTMLElement} item
   * @param {any} room
   */
  function update(item, room) {
    const line = /** @type {HTMLElement} */ (item.firstElementChild);
    line.ariaCurrent = chat.current === room.key ? "page" : null;
    const said = label(room, chat);
    if (line.ariaLabel === said) return; // a busy room does not paint the sidebar at each message
    line.ariaLabel = said;
    line.classList.toggle("is-unread", room.unread + room.mentions > 0);
    fill(line, ...(room.isPair ? pair(room) : named(room)), count(room));
  }

  chat.on("change", eachFrame(() => {
    const { me } = chat;
    fill(number, me.uid || "–"); // not let in yet
    number.style.setProperty("--digits", String(String(me.uid).length));
    fill(name, theirs(me.name, "ellipsis"), !me.account && el("span", { class: "soft small" }, "guest"));
    for (const list of [rooms, whispers]) {
      const shown = [...chat.rooms.values()].filter((room) => room.isPair === (list === whispers));
      keyed(list, shown, ({ key }) => key, make, update);
    }
    nobody.hidden = whispers.childElementCount > 0;
  }));
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
function count({ unread, mentions }) {
  const shown = mentions || unread;
  const classes = mentions ? "count calls" : "count";
  return shown > 0 && el("span", { class: classes }, shown > MOST_SHOWN ? `${MOST_SHOWN}+` : shown);
}
