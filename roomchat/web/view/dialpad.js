// The dial pad: type a number, and be in the room that person is in, or in a new one with them.

import { row } from "./buttons.js";
import { openDialog } from "./dialog.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { nameElement, tile } from "./person.js";

const PAD = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "Erase", "0", "Call"];
const SUGGESTED = 5; // people below the pad
const UID = /^[1-9]\d{0,15}$/;

/**
 * Open the dial pad.
 *
 * @param {import("./app.js").App} app
 * @param {{digits?: string}} [options]
 */
export function openDialpad(app, { digits = "" } = {}) {
  const { chat } = app;
  const isTouch = matchMedia("(pointer: coarse)").matches;
  const typed = el("input", {
    class: "dial-number", "aria-label": "Number or name", placeholder: "Number or name", maxlength: 64,
    autocomplete: "off", autocapitalize: "none", spellcheck: "false",
    inputmode: isTouch ? "none" : "text", // no keyboard of the phone above this one
    value: digits, oninput: show,
  });
  const who = el("p", { class: "dial-who", role: "status" });
  const trouble = el("p", { class: "trouble", role: "alert" });
  const people = el("ul", { class: "list dial-people", "aria-label": "People" });
  const pad = el("div", { class: "dial-pad" }, ...PAD.map((key) => padKey(key, press)));
  const form = el("form", { class: "dial", onsubmit: call }, typed, who, pad, trouble, people);

  /** @param {string} key */
  function press(key) {
    typed.value = key === "Erase" ? typed.value.slice(0, -1) : typed.value + key;
    show();
    if (!isTouch) typed.focus();
  }

  function show() {
    const uid = numberOf(chat, typed.value);
    const known = uid !== null && chat.names.get(uid);
    fill(trouble);
    fill(who, uid === chat.me.uid ? "This is your own number." : known && nameElement(uid, known));
    fill(people, ...matching(chat, typed.value).map((one) =>
      row(() => choose(one.uid), tile(one.uid, "small"), nameElement(one.uid, one.name))));
  }

  /** @param {number} uid */
  function choose(uid) {
    typed.value = String(uid);
    show();
    typed.focus();
  }

  /** @param {Event} event */
  async function call(event) {
    event.preventDefault();
    const uid = numberOf(chat, typed.value);
    if (uid === null) return refuse("Type a number first, or the name of somebody who is here.");
    try {
      const { room } = await app.engine.ask({ type: "dial", uid });
      dialog.close();
      app.go(room);
    } catch (error) {
      refuse(/** @type {Error} */ (error).message);
    }
  }

  /** @param {string} sentence below the keys: in a short window that is out of sight */
  function refuse(sentence) {
    fill(trouble, sentence);
    trouble.scrollIntoView({ block: "nearest" });
  }

  const dialog = openDialog({ title: "Call a number", body: [form], kind: "dial-dialog" });
  show();
}

/**
 * @param {string} key
 * @param {(key: string) => void} press
 */
function padKey(key, press) {
  if (key === "Call") return el("button", { class: "pad-key call", "aria-label": key }, icon("phone"));
  return el("button", { class: "pad-key", type: "button", "aria-label": key, onclick: () => press(key) },
    key === "Erase" ? icon("back") : key);
}

/**
 * The UID that is meant: digits, or a name that only one has.
 *
 * @param {any} chat
 * @param {string} typed
 * @returns {number | null}
 */
function numberOf(chat, typed) {
  const who = typed.trim();
  if (UID.test(who)) return Number(who);
  const meant = who ? chat.meant(who) : [];
  return meant.length === 1 ? meant[0] : null;
}

/**
 * People whose number or name begins so. With nothing typed, those that one whispers with, and who is in the room.
 *
 * @param {any} chat
 * @param {string} typed
 * @returns {{uid: number, name: string}[]}
 */
function matching(chat, typed) {
  const begins = typed.trim().toLowerCase();
  const friends = [...chat.rooms.values()].filter((room) => room.isPair).map((room) => room.other);
  const all = new Map([...friends, ...chat.people(chat.current)].map((one) => [one.uid, one]));
  all.delete(chat.me.uid);
  return [...all.values()]
    .filter((one) => String(one.uid).startsWith(begins) || one.name.toLowerCase().startsWith(begins))
    .slice(0, SUGGESTED);
}
