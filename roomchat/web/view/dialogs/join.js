// Into a room by its name; or one of all those that there are; or a new one, also a private one.

import { PAGE } from "../../core/protocol.js";
import { counted } from "../../model/words.js";
import { row } from "../buttons.js";
import { formDialog, openDialog } from "../dialog.js";
import { el, fill, keyed } from "../dom.js";
import { check, field } from "../field.js";
import { icon } from "../icons.js";
import { theirs } from "../person.js";

const PAGES = 10; // as many are looked through; a server with more is searched by typing the name

/** @typedef {import("../../core/protocol.js").RoomSummary} RoomSummary */

/**
 * @param {import("../app.js").App} app
 * @param {{room?: string, token?: string}} [args] what a link or an invitation says
 */
export function openJoin(app, { room = "", token } = {}) {
  const name = field("Room", {
    name: "room", value: room, maxlength: 80, placeholder: "tea", autocapitalize: "none", spellcheck: "false",
  });
  const input = /** @type {HTMLInputElement} */ (name.querySelector("input"));
  const hint = el("p", { class: "soft small", role: "status" });
  const trouble = el("p", { class: "trouble", role: "alert" });
  const join = el("button", { class: "button main" });
  const list = el("ul", { class: "list", "aria-label": "All rooms" });
  const form = el("form", { onsubmit: submit }, name,
    !token && check("Private: nobody finds it, only the invited come in", { name: "private" }),
    el("div", { class: "row spread" }, hint, join), trouble);
  /** @type {RoomSummary[]} */
  let all = [...app.chat.heard.values()];

  /** @param {any} command */
  async function go(command) {
    try {
      const joined = await app.engine.ask({ type: "join", ...command });
      dialog.close();
      app.go(joined.room);
    } catch (error) {
      fill(trouble, /** @type {Error} */ (error).message);
    }
  }

  const typed = () => input.value.trim().replace(/^#/, "");

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    if (!typed()) return void fill(trouble, "Type the name of a room first.");
    const isPrivate = new FormData(form).has("private") || undefined;
    return go({ room: typed(), invitation: token, private: isPrivate });
  }

  function show() {
    const wanted = typed().toLowerCase();
    const isNew = wanted && !token && !all.some((one) => one.room.toLowerCase() === wanted);
    fill(trouble);
    fill(join, isNew ? "Make it" : "Join");
    fill(hint, isNew && "There is no such room yet: you will own it.");
    const found = all.filter((one) => one.room.toLowerCase().includes(wanted));
    found.sort((one, other) => other.members_total - one.members_total);
    keyed(list, found, (one) => one.room, (one) => row(() => go({ room: one.room })), update);
  }

  /** @param {HTMLElement} item @param {RoomSummary} one */
  const update = ({ firstElementChild: line }, { room: named, members_total: members }) =>
    fill(/** @type {HTMLElement} */ (line), icon("room"), theirs(named),
      el("span", { class: "soft small counts" }, app.chat.rooms.has(named) && "you are in it, ",
        counted(members, "person", "people")));

  async function load() {
    /** @type {RoomSummary[]} */
    const found = [];
    for (let page = 0; page < PAGES; page += 1) {
      const after = found.at(-1)?.room;
      const { rooms } = await app.engine.ask({ type: "rooms", ...(after && { after }) });
      found.push(...rooms);
      if (rooms.length < PAGE) break;
    }
    all = found;
    show();
  }

  input.addEventListener("input", show);
  const dialog = openDialog({ title: token ? "An invitation" : "Join or make a room", body: [form, list] });
  show();
  load().catch(() => undefined); // offline: what was heard of is shown
}

/**
 * @param {import("../app.js").App} app
 * @param {{room: string}} args
 */
export function openTopic({ chat, engine }, { room }) {
  const { topic } = chat.rooms.get(room) ?? {};
  const body = [field("Topic", { name: "topic", value: topic, maxlength: 400 }, "Empty: nothing in particular.")];
  formDialog({ title: "What the room is about", submit: "Say so", body },
    (fields) => engine.ask({ type: "topic", room, topic: fields.topic.trim() }));
}
