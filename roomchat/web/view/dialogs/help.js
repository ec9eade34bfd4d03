// The keys, and what this is.

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

export function openKeys() {
  const rows = KEYS.map(([keys, does]) => el("div", { class: "key-row" }, el("dt", null, ...keys.split(/(, | to | )/).map((part) =>
    /^(, | to | )$/.test(part) ? part : el("kbd", null, part))), el("dd", null, does)));
  openDialog({ title: "Keys", body: [el("dl", { class: "keys" }, ...rows), el("p", { class: "soft small" }, "/help lists the commands that can be typed.")] });
}

/** What a command prints that is longer than a line. @param {any} _app @param {{lines?: string[], title?: string}} [args] */
export function openHelp(_app, { lines = [], title = "Commands" } = {}) {
  openDialog({ title, kind: "wide", body: [el("pre", { class: "help-lines", tabindex: "0", dir: "auto" }, lines.join("\n"))] });
}

/** @param {import("../app.js").App} app */
export function openAbout(app) {
  const { chat } = app;
  openDialog({
    title: "About", body: [
      el("p", null, "roomchat: rooms, whispers, and a number for everyone. Nothing is lost, nothing comes twice."),
      chat.motd && el("p", { class: "motd", dir: "auto" }, harmlessLines(chat.motd)),
      el("p", { class: "soft small" }, `This server: ${location.host}. Programs and terminals reach the same rooms on the same port: `,
        el("code", null, `roomchat join ${location.host}`)),
    ],
  });
}
