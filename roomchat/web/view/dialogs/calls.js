// What calls in one room, where it is to be another than everywhere.

import { Levels } from "../../model/calls.js";
import { cell } from "../../model/harmless.js";
import { el } from "../dom.js";
import { openDialog } from "../dialog.js";
import { choice } from "../field.js";

const LEVELS = {
  "": "As everywhere", everything: "For every message", mentions: "When somebody says my name", nothing: "None",
};

/** @param {import("../app.js").App} app @param {{room: string}} args */
export function openCalls(app, { room }) {
  const levels = new Levels(() => localStorage);
  /** @param {string} value */
  async function choose(value) {
    levels.set(room, /** @type {any} */ (value || undefined));
    if (value && value !== "nothing" && "Notification" in window) await Notification.requestPermission();
    app.settings.set({}); // whoever calls looks again at what is wanted
  }
  const legend = el("legend", { class: "unseen" }, "What calls");
  openDialog({
    title: `Notifications from ${cell(app.chat.rooms.get(room)?.name ?? room)}`,
    body: [choice(legend, "level", LEVELS, levels.get(room) ?? "", choose)],
  });
}
