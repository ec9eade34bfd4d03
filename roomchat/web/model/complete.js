// What Tab and the menu offer: commands, people, rooms. Pure: a text in, candidates out. As in the terminal.

import { compared, isPair, privateOf } from "../core/protocol.js";
import { BY_NAME, COMMANDS } from "./commands.js";
import { harmless } from "./harmless.js";

/**
 * What may take the place of the word before the cursor, and what it is.
 * @typedef {{text: string, meaning: string, uid?: number}} Candidate
 *
 * @typedef {{people(room: string | null): {uid: number, name: string}[], meant(who: string): number[],
 *   rooms: Map<string, {key: string, isHere?: boolean, other?: {uid: number, name: string}}>,
 *   heard: Map<string, any>, invited: Map<string, any>, current: string | null}} Known
 *
 * What the word before the cursor is: the beginning of what, and what is put behind what it becomes.
 * @typedef {{kind: "command" | "topic" | "person" | "name" | "room" | "any room" | "", word: string,
 *   end?: string}} Asked
 */

const MAX_CANDIDATES = 50;
const ANY_ROOM = ["/join", "/who"]; // not only where one is

/** @typedef {(asked: Asked, chat: Known) => Iterable<Candidate>} Offer */

/** @type {Record<Asked["kind"], Offer>} */
const OFFERS = {
  command: commands,
  topic: ({ word }) => COMMANDS.filter(({ name }) => name.slice(1).startsWith(word.toLowerCase()))
    .map(({ name, help }) => ({ text: name.slice(1), meaning: help })),
  person: people, name: people, room: rooms, "any room": rooms, "": () => [],
};

/**
 * The word before the cursor, and what it may become.
 * @param {string} before the text before the cursor
 * @param {Known} chat
 * @returns {{word: string, found: Candidate[], isAsked: boolean, isSure: boolean}} isAsked: a menu may open by
 *   itself; isSure: what is begun is nothing by itself, so Enter may take the first one
 */
export function candidates(before, chat) {
  const what = asked(before);
  const { kind, word } = what;
  const found = [];
  for (const one of OFFERS[kind](what, chat)) {
    if (harmless(one.text) === one.text) found.push(one);
    if (found.length === MAX_CANDIDATES) break;
  }
  const isAsked = kind === "name" ? word.startsWith("@")
    : kind === "room" ? word !== "" : kind !== "" && kind !== "topic";
  const isSure = kind === "command" || (/^(person|name)$/.test(kind) && /^@?[^@\d]/.test(word));
  return { word, found, isAsked, isSure };
}

/**
 * Whether the word before the cursor is the beginning of somebody's name, whom we need not have heard of.
 * @param {string} before
 */
export function asksForSomeone(before) {
  const { kind, word } = asked(before);
  return kind === "person" || (kind === "name" && word.length > 1);
}

/** @param {string} before @returns {Asked} */
function asked(before) {
  const word = /[^ \n]*$/.exec(before)?.[0] ?? "";
  if (!before.startsWith("/") || before.startsWith("//")) return inText(word, before === word ? ": " : " ");
  if (!before.includes(" ")) return { kind: "command", word };
  const [name, ...typed] = before.split(" ");
  const command = BY_NAME.get(name.toLowerCase());
  if (!command) return { kind: "", word };
  const { forms } = command;
  const place = typed.slice(0, -1).filter(Boolean).length;
  const form = forms[Math.min(place, forms.length - 1)];
  if (["TEXT", "WORDS", "WHY"].includes(form)) return inText(word, " ");
  if (place >= forms.length) return { kind: "", word };
  if (form === "UID") return { kind: "person", word, end: place >= forms.length - 1 ? "" : " " };
  if (form === "ROOM") return { kind: ANY_ROOM.includes(command.name) ? "any room" : "room", word };
  return form === "COMMAND" ? { kind: "topic", word: word.replace(/^\//, "") } : { kind: "", word };
}

/**
 * Of somebody, or of a room, in a text: an @ may stand behind anything but a letter, where it would be an address.
 * @param {string} word
 * @param {string} end
 * @returns {Asked}
 */
function inText(word, end) {
  if (/^#./.test(word)) return { kind: "any room", word, end: " " };
  const at = word.lastIndexOf("@");
  if (at > 0 && !/[\p{L}\p{N}]$/u.test(word.slice(0, at))) return { kind: "name", word: word.slice(at), end: " " };
  return { kind: "name", word, end };
}

/** @type {Offer} */
function* commands({ word }) {
  const typed = word.toLowerCase();
  for (const { name, help, form } of COMMANDS) {
    const forms = form.slice(name.length);
    if (name.startsWith(typed)) yield { text: `${name} `, meaning: `${forms} ${help}`.trim() };
  }
  if (word.length < 2) return;
  for (const { aliases, help } of COMMANDS) {
    for (const alias of aliases) if (alias.startsWith(typed)) yield { text: `${alias} `, meaning: help };
  }
}

/**
 * By UID or name, with or without an @ before it; who shares the name with others is meant by UID. In a text, by
 * name alone.
 * @type {Offer}
 */
function* people({ kind, word, end = "" }, chat) {
  const wanted = compared(word.replace(/^@/, "")), at = word.startsWith("@") ? "@" : "", isText = kind === "name";
  if (isText && !word) return;
  const all = chat.people(chat.current), bearers = Map.groupBy(all, ({ name }) => compared(name));
  for (const { uid, name } of all) {
    const key = compared(name);
    if (!key.startsWith(wanted) && (isText || !String(uid).startsWith(wanted))) continue;
    const isAlone = bearers.get(key)?.length === 1 && !/^@?\d+$/.test(name); // else it takes longer to find out
    const called = isText || isAlone ? [uid] : chat.meant(name);
    const who = called.length === 1 && called[0] === uid ? name : uid;
    yield { text: `${at}${who}${isText && at ? " " : end}`, meaning: `number ${uid}`, uid };
  }
}

/**
 * Of a list of rooms the last one is completed; who writes #tea goes on to do so.
 * @type {Offer}
 */
function* rooms({ kind, word, end = "" }, chat) {
  const [, before, sign, last] = /** @type {RegExpExecArray} */ (/^(.*,)?(#?)(.*)$/s.exec(word));
  const wanted = compared(last);
  const others = kind === "any room" ? [...chat.heard.keys(), ...chat.invited.keys()].sort() : [];
  for (const key of new Set([...chat.rooms.keys(), ...others])) {
    const other = isPair(key) && chat.rooms.get(key)?.other;
    if (isPair(key) && (sign || !other)) continue;
    const name = other ? `@${other.name}` : key;
    const own = privateOf(key); // /join plans, where one is asked into +7/plans
    const fits = compared(name).startsWith(wanted) || compared(name) === `@${wanted}` ||
      (own && wanted && compared(own.name).startsWith(wanted));
    if (fits) yield { text: `${before ?? ""}${sign}${name}${end}`, meaning: other ? "whispers" : "room" };
  }
}

/**
 * What a begun command does; "" for anything else.
 * @param {string} text
 */
export function hint(text) {
  const command = BY_NAME.get(/^\S+(?= )/.exec(text)?.[0].toLowerCase() ?? "");
  return command ? `${command.form}: ${command.help}` : "";
}
