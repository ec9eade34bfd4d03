// The dial pad: type a number, and be in the room that person is in, or in a new one with them.

import { el, fill } from "./dom.js";
import { openDialog } from "./dialog.js";
import { icon } from "./icons.js";
import { name, tile } from "./person.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "erase", "0", "call"];
const SUGGESTED = 5; // people below the pad
const LONGEST = 16; // digits of a UID

/**
 * Open the dial pad.
 *
 * @param {import("./app.js").App} app
 * @param {{digits?: string}} [options]
 */
export function openDialpad(app, { digits = "" } = {}) {
  const coarse = matchMedia("(pointer: coarse)").matches;
  const shown = el("input", {
    class: "dial-number number", "aria-label": "Number or name", autocomplete: "off", autocapitalize: "none", spellcheck: "false",
    inputmode: coarse ? "none" : "text", placeholder: "Number or name", maxlength: 64,
  });
  const who = el("p", { class: "dial-who", role: "status" });
  const trouble = el("p", { class: "trouble", role: "alert" });
  const suggested = el("ul", { class: "list dial-people", "aria-label": "People" });
  const keys = KEYS.map((key) => padKey(key, () => press(key)));
  const form = el("form", { class: "dial", onsubmit: call }, shown, who, el("div", { class: "dial-pad" }, ...keys), trouble, suggested);

  /** @param {string} key */
  function press(key) {
    if (key === "call") return;
    if (key === "erase") shown.value = shown.value.slice(0, -1);
    else if (shown.value.length < LONGEST) shown.value += key;
    show();
    if (!coarse) shown.focus();
  }

  function show() {
    fill(trouble);
    const typed = shown.value.trim();
    const found = matching(app.chat, typed);
    const uid = numberOf(app.chat, typed);
    const known = uid !== null ? app.chat.names.get(uid) : undefined;
    if (uid === app.chat.me.uid) fill(who, "This is your own number.");
    else fill(who, known !== undefined ? name(/** @type {number} */ (uid), known) : "");
    fill(suggested, ...found.map((one) => el("li", null, el("button", {
      class: "list-row", type: "button", onclick: () => choose(one.uid),
    }, tile(one.uid, "small"), name(one.uid, one.name)))));
  }

  /** @param {number} uid */
  function choose(uid) {
    shown.value = String(uid);
    show();
    shown.focus();
  }

  /** @param {Event} event */
  async function call(event) {
    event.preventDefault();
    const uid = numberOf(app.chat, shown.value.trim());
    if (uid === null) return void fill(trouble, shown.value.trim() ? "Nobody here is known by that name." : "Type a number first.");
    try {
      const { room } = await app.engine.ask({ type: "dial", uid });
      dialog.close();
      app.go(room);
    } catch (error) {
      fill(trouble, /** @type {Error} */ (error).message);
    }
  }

  shown.addEventListener("input", show);
  shown.value = digits;
  const dialog = openDialog({ title: "Call a number", body: [form], kind: "dial-dialog" });
  show();
}

/** @param {string} key @param {() => void} run */
function padKey(key, run) {
  if (key === "call") return el("button", { class: "pad-key call", "aria-label": "Call", title: "Call" }, icon("phone"));
  const label = key === "erase" ? "Erase" : null;
  return el("button", { class: "pad-key", type: "button", "aria-label": label, title: label, onclick: run },
    key === "erase" ? icon("back") : key);
}

/**
 * The UID that is meant: digits, or a name that is known.
 *
 * @param {any} chat
 * @param {string} typed
 * @returns {number | null}
 */
function numberOf(chat, typed) {
  if (/^[1-9]\d{0,15}$/.test(typed)) return Number(typed);
  const same = matching(chat, typed).filter((one) => one.name.toLowerCase() === typed.toLowerCase().replace(/^@/, ""));
  return same.length === 1 ? same[0].uid : null;
}

/**
 * People whose number or name begins so; with nothing typed, those that one had to do with last.
 *
 * @param {any} chat
 * @param {string} typed
 * @returns {{uid: number, name: string}[]}
 */
export function matching(chat, typed) {
  const begins = typed.toLowerCase().replace(/^@/, "");
  const recent = [...chat.rooms.values()].filter((room) => room.isPair && room.other).map((room) => room.other);
  const here = chat.current === null ? [] : [...(chat.rooms.get(chat.current)?.members.values() ?? [])];
  const others = [...chat.names].map(([uid, text]) => ({ uid, name: text }));
  /** @type {Map<number, {uid: number, name: string}>} */
  const all = new Map();
  for (const one of [...recent, ...here, ...(begins ? others : [])]) if (!all.has(one.uid)) all.set(one.uid, one);
  all.delete(chat.me.uid);
  return [...all.values()]
    .filter((one) => String(one.uid).startsWith(begins) || one.name.toLowerCase().startsWith(begins))
    .slice(0, SUGGESTED);
}
