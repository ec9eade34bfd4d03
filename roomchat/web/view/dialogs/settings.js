// How this browser shows the chat, and how it calls.

import { openDialog } from "../dialog.js";
import { el, fill } from "../dom.js";
import { check, choice } from "../field.js";

/** @typedef {"theme" | "density" | "notify"} Key */

/** @type {[title: string, key: Key, values: Record<string, string>][]} */
const CHOICES = [
  ["Colours", "theme", { auto: "As the system", light: "Light", dark: "Dark" }],
  ["Lines", "density", { normal: "With room", dense: "Dense" }],
  ["Notifications", "notify", {
    nothing: "None", mentions: "When somebody whispers or says my name", everything: "For every message",
  }],
];

/** @param {import("../app.js").App} app */
export function openSettings({ settings }) {
  const trouble = el("p", { class: "trouble", role: "alert" });

  /**
   * @param {Key} key
   * @param {string} value
   */
  async function choose(key, value) {
    fill(trouble);
    if (key === "notify" && value !== "nothing") fill(trouble, await whyNoNotifications());
    settings.set({ [key]: value });
  }

  const { values: now } = settings;
  const choices = CHOICES.map(([title, key, values]) =>
    choice(el("legend", null, title), key, values, now[key], (value) => choose(key, value)));
  const onchange = (/** @type {any} */ { target }) => settings.set({ sound: target.checked });
  openDialog({
    title: "Settings", body: [...choices, check("A sound, too", { checked: now.sound, onchange }), trouble],
  });
}

/** @returns {Promise<string>} empty: this browser shows them */
async function whyNoNotifications() {
  if (!("Notification" in window)) return "This browser shows no notifications, or not over this connection.";
  if ((await Notification.requestPermission()) === "granted") return "";
  return "The browser does not allow it yet; its settings for this page can be changed beside the address.";
}
