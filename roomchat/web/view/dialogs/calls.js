// What calls in one room, where it is to be another than everywhere.

import { levelIn, setLevel } from "../../model/calls.js";
import { cell } from "../../model/harmless.js";
import { el } from "../dom.js";
import { openDialog } from "../dialog.js";

/** @type {[level: string, label: string][]} */
const LEVELS = [
  ["", "As everywhere"], ["everything", "For every message"], ["mentions", "When somebody says my name"],
  ["nothing", "None"],
];

/** @param {import("../app.js").App} app @param {{room: string}} args */
export function openCalls(app, { room }) {
  const now = levelIn(room) ?? "";
  const choices = LEVELS.map(([value, label]) => {
    const radio = el("input", { type: "radio", name: "level", value, checked: value === now });
    radio.addEventListener("change", async () => {
      setLevel(room, /** @type {any} */ (value || undefined));
      if (value && value !== "nothing" && "Notification" in window) await Notification.requestPermission();
    });
    return el("label", { class: "check" }, radio, label);
  });
  openDialog({
    title: `Notifications from ${cell(app.chat.rooms.get(room)?.name ?? room)}`,
    body: [el("fieldset", { class: "choice" }, el("legend", { class: "unseen" }, "What calls"), ...choices)],
  });
}
