// The head of the room: its name, what it is about, and what one can do with it.

import { counts } from "../model/waiting.js";
import { iconButton, menuButton } from "./buttons.js";
import { openRoomMenu } from "./dialogs/menus.js";
import { byId, eachFrame, el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { theirs } from "./person.js";

/**
 * The header; it shows the room that is looked at.
 *
 * @param {import("./app.js").App} app
 * @param {(side: import("./drawers.js").Side) => void} toggle shows or hides it
 */
export function showHeader(app, toggle) {
  const { chat } = app;
  const title = el("div", { class: "room-title" });
  const total = el("span", { class: "number" });
  const elsewhere = el("span", { class: "count", hidden: true });
  const narrow = { class: "icon-button only-narrow" };
  const rooms = iconButton("sidebar", "Rooms", () => toggle("sidebar"), narrow, elsewhere);
  const counted = { class: "icon-button people-count" };
  const people = iconButton("people", "People", () => toggle("people"), counted, total);
  const search = iconButton("search", "Search", () => app.open("search"));
  const more = menuButton("more", "Menu of the room", () => openRoomMenu(app, more));
  fill(byId("room-header"), rooms, title, search, people, more);

  chat.on("change", eachFrame(() => {
    const room = chat.here;
    showElsewhere();
    search.hidden = more.hidden = !room;
    people.hidden = !room || room.isPair;
    const { key, name, topic, role, membersTotal, other } = room ?? {};
    const state = JSON.stringify([key, name, topic, role, membersTotal, other]);
    if (title.dataset.state === state) return;
    title.dataset.state = state;
    byId("room").ariaLabel = `Room ${name ?? ""}`;
    if (!room) return void fill(title, el("h1", null, "You are not in a room now."));
    fill(total, membersTotal);
    people.ariaLabel = `People: ${membersTotal} here`;
    fill(title, el("h1", null, ...roomTitle(room)), topicLine(room, app));
  }));

  /** How much is for this person in other rooms: beside the button behind which these are, where it is narrow. */
  function showElsewhere() {
    const { wanted, unread } = counts(chat, chat.current);
    elsewhere.hidden = !unread;
    elsewhere.classList.toggle("calls", wanted > 0);
    fill(elsewhere, wanted || "·");
  }
}

/**
 * @param {any} room
 * @param {import("./app.js").App} app
 */
function topicLine({ key, isPair, other, topic }, { chat, open }) {
  if (isPair) {
    const later = other.offline ? ", offline: they will be seen later" : "";
    return el("p", { class: "room-topic ellipsis" }, `Whispers with number ${other.uid}${later}`);
  }
  if (!chat.may(key, "topic")) return topic && el("p", { class: "room-topic ellipsis" }, theirs(topic));
  const edit = () => open("topic", { room: key });
  return el("button", { class: "room-topic ellipsis", type: "button", onclick: edit },
    topic ? theirs(topic) : "Say what this room is about", el("span", { class: "unseen" }, ", edit"));
}

/**
 * @param {any} room
 * @returns {import("./dom.js").Child[]}
 */
const roomTitle = ({ name, isPrivate, founder }) => [
  isPrivate && icon("lock"), isPrivate && el("span", { class: "unseen" }, "private room "),
  theirs(name, "ellipsis"),
  isPrivate && el("span", { class: "soft small number" }, `+${founder}`),
];
