// Into a room by its name; or one of all those that there are; or a new one, also a private one.

import { counted } from "../../model/words.js";
import { el, fill, keyed } from "../dom.js";
import { field, openDialog } from "../dialog.js";
import { icon } from "../icons.js";
import { theirs } from "../person.js";

const PAGE = 100; // rooms of one answer; docs/protocol.md, "rooms"
const PAGES = 10; // as many are looked through; a server with more is searched by typing the name

/**
 * @param {import("../app.js").App} app
 * @param {{room?: string, token?: string}} [args] what a link or an invitation says
 */
export function openJoin(app, { room = "", token } = {}) {
  const name = field("Room", { name: "room", value: room, maxlength: 80, placeholder: "tea", autocapitalize: "none", spellcheck: "false" });
  const input = /** @type {HTMLInputElement} */ (name.querySelector("input"));
  const isPrivate = el("input", { type: "checkbox", name: "private" });
  const hint = el("p", { class: "soft small" });
  const trouble = el("p", { class: "trouble", role: "alert" });
  const join = el("button", { class: "button main" }, "Join");
  const list = el("ul", { class: "list rooms-list", "aria-label": "All rooms" });
  const form = el("form", { onsubmit: submit }, name,
    el("label", { class: "check", hidden: Boolean(token) }, isPrivate, "Private: nobody finds it, only the invited come in"),
    el("div", { class: "row spread" }, hint, join), trouble);
  /** @type {import("../../core/protocol.js").RoomSummary[]} */
  let all = [...(app.chat.heard?.values() ?? [])];

  /** @param {string} named @param {boolean} hidden */
  async function go(named, hidden) {
    try {
      const joined = await app.engine.ask({
        type: "join", room: named, ...(hidden && { private: true }), ...(token && { invitation: token }),
      });
      dialog.close();
      app.go(joined.room);
    } catch (error) {
      fill(trouble, /** @type {Error} */ (error).message);
    }
  }

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const named = input.value.trim().replace(/^#/, "");
    if (!named) return void fill(trouble, "Type the name of a room first.");
    return go(named, isPrivate.checked && !token);
  }

  function show() {
    const typed = input.value.trim().replace(/^#/, "").toLowerCase();
    fill(trouble);
    const found = all.filter((one) => one.room.toLowerCase().includes(typed)).sort((one, other) => other.members_total - one.members_total);
    const isThere = all.some((one) => one.room.toLowerCase() === typed);
    fill(join, token || isThere || !typed ? "Join" : "Make it");
    fill(hint, typed && !isThere && !token ? "There is no such room yet: you will own it." : "");
    keyed(list, found, (one) => one.room, row, () => undefined);
  }

  /** @param {import("../../core/protocol.js").RoomSummary} one */
  function row({ room: named, members_total: members }) {
    const isIn = app.chat.rooms.has(named);
    return el("li", null, el("button", { class: "list-row", type: "button", onclick: () => go(named, false) },
      icon("room"), theirs(named), el("span", { class: "soft small counts" }, isIn ? "you are in it, " : "", counted(members, "person", "people"))));
  }

  async function load() {
    try {
      /** @type {typeof all} */
      const found = [];
      for (let page = 0; page < PAGES; page += 1) {
        const after = found.at(-1)?.room;
        const { rooms } = await app.engine.ask({ type: "rooms", ...(after && { after }) });
        found.push(...rooms);
        if (rooms.length < PAGE) break;
      }
      all = found;
      if (dialog.isConnected) show();
    } catch {
      // Offline: what was heard of is shown.
    }
  }

  input.addEventListener("input", show);
  const dialog = openDialog({ title: token ? "An invitation" : "Join or make a room", body: [form, list], kind: "join-dialog" });
  show();
  load();
}

/**
 * What the room is about.
 *
 * @param {import("../app.js").App} app
 * @param {{room: string}} args
 */
export function topicField(app, { room }) {
  return field("Topic", { name: "topic", value: app.chat.rooms.get(room)?.topic ?? "", maxlength: 400 }, "Empty: nothing in particular.");
}
