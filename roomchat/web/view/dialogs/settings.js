// How this browser shows the chat, and how it calls.

import { el, fill } from "../dom.js";
import { openDialog } from "../dialog.js";

/** @param {import("../app.js").App} app */
export function openSettings(app) {
  const { settings } = app;
  const trouble = el("p", { class: "trouble", role: "alert" });

  /**
   * Some values to choose from.
   *
   * @param {string} title @param {"theme" | "density" | "notify"} key @param {Record<string, string>} values
   * @param {(value: string) => Promise<boolean>} [allowed]
   */
  function choice(title, key, values, allowed) {
    const radios = Object.entries(values).map(([value, label]) => {
      const radio = el("input", { type: "radio", name: key, value, checked: settings.values[key] === value });
      radio.addEventListener("change", async () => {
        fill(trouble);
        if (allowed && !(await allowed(value))) radio.checked = false;
        else settings.set(/** @type {any} */ ({ [key]: value }));
      });
      return el("label", { class: "check" }, radio, label);
    });
    return el("fieldset", { class: "choice" }, el("legend", null, title), ...radios);
  }

  /** @param {string} value whether the browser lets us */
  async function mayNotify(value) {
    if (value === "nothing") return true;
    if (!("Notification" in window)) return refuse("This browser shows no notifications, or not over this connection.");
    if ((await Notification.requestPermission()) === "granted") return true;
    return refuse("The browser does not allow it; its settings for this page can be changed beside the address.");
  }

  /** @param {string} sentence */
  function refuse(sentence) {
    fill(trouble, sentence);
    return false;
  }

  const sound = el("input", { type: "checkbox", checked: settings.values.sound });
  sound.addEventListener("change", () => settings.set({ sound: sound.checked }));
  openDialog({
    title: "Settings", body: [
      choice("Colours", "theme", { auto: "As the system", light: "Light", dark: "Dark" }),
      choice("Lines", "density", { normal: "With room", dense: "Dense" }),
      choice("Notifications", "notify", {
        nothing: "None", mentions: "When somebody whispers or says my name", everything: "For every message",
      }, mayNotify),
      el("label", { class: "check" }, sound, "A sound, too"),
      trouble,
    ],
  });
}
