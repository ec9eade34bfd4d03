// The keys, and what this is.

import { COMMANDS } from "../../model/commands.js";
import { harmlessLines } from "../../model/harmless.js";
import { el } from "../dom.js";
import { openDialog } from "../dialog.js";

/** @type {[string, string][]} */
const KEYS = [
  ["Enter", "send"],
  ["Shift Enter", "a new line"],
  ["Tab", "complete a command, a person or a room"],
  ["Up", "bring back the last line"],
  ["Ctrl K, Alt K", "go to a room or a person"],
  ["Alt Up, Alt Down", "the room above, below"],
  ["Alt 1 to Alt 9", "a room by its place"],
  ["Alt A", "where somebody wants you"],
  ["Alt D", "call a number"],
  ["PageUp, Home", "back in what was said"],
  ["Escape", "to the newest; closes what is open"],
  ["?", "these keys"],
];

/** @param {import("../dom.js").Child[]} keys @param {string} does */
const line = (keys, does) => el("div", { class: "key-row" }, el("dt", null, ...keys), el("dd", null, does));

export function openKeys() {
  const key = (/** @type {string} */ part, /** @type {number} */ i) => (i % 2 ? part : el("kbd", null, part));
  const rows = KEYS.map(([keys, does]) => line(keys.split(/(, | to | )/).map(key), does));
  const more = el("p", { class: "soft small" }, "/help lists the commands that can be typed.");
  openDialog({ title: "Keys", body: [el("dl", { class: "keys" }, ...rows), more] });
}

/** All that can be typed with a slash. */
export function openHelp() {
  const groups = Map.groupBy(COMMANDS, ({ group }) => group);
  const body = [...groups].map(([group, commands]) => el("section", null, el("h3", null, group),
    el("dl", { class: "commands" }, ...commands.map(({ form, help }) => line([el("code", null, form)], help)))));
  openDialog({
    title: "Commands", kind: "wide", body: [el("p", { class: "soft", tabindex: "0" },
      "Anything else is sent to the room. // at the start sends a message that begins with /. " +
      "You can use a person's name in place of a UID, with or without @. A room may be typed as #tea."), ...body],
  });
}

/** @param {import("../app.js").App} app */
export function openAbout(app) {
  const { chat } = app;
  openDialog({
    title: "About", body: [
      el("p", null, "roomchat: rooms, whispers, and a number for everyone. Nothing is lost, nothing comes twice."),
      chat.motd && el("p", { class: "motd", dir: "auto" }, harmlessLines(chat.motd)),
      el("p", { class: "soft small" }, "The same rooms in a terminal: ",
        el("code", null, `roomchat join ${location.host}`)),
    ],
  });
}
