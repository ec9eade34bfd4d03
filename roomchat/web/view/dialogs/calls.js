// What calls in one room, where it is to be another than everywhere.

import { levelIn, setLevel } from "../../model/calls.js";
import { cell } from "../../model/harmless.js";
import { el } from "../dom.js";
import { openDialog } from "../dialog.js";
import { choice } from "../field.js";

const LEVELS = {
  "": "As everywhere", everything: "For every message", mentions: "When somebody says my name", nothing: "None",
};

/** @param {import("../app.js").App} app @param {{room: string}} args */
export function openCalls(app, { room }) {
  /** @param {string} value */
  async function choose(value) {
    setLevel(room, /** @type {any} */ (value || undefined));
    if (value && value !== "nothing" && "Notification" in window) await Notification.requestPermission();
  }
  const legend = el("legend", { class: "unseen" }, "What calls");
  openDialog({
    title: `Notifications from ${cell(app.chat.rooms.get(room)?.name ?? room)}`,
    body: [choice(legend, "level", LEVELS, levelIn(room) ?? "", choose)],
  });
}
