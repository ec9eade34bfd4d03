// One row of a room: a message, a deed, who came, "new since". Whatever others wrote is in text nodes only.

import { comingsWords } from "../model/comings.js";
import { cell, short } from "../model/harmless.js";
import { isMentioned } from "../model/mentions.js";
import { isPictures, lines, tokens } from "../model/text.js";
import { told } from "../model/told.js";
import { DELETED, deedWords, said, speaker } from "../model/words.js";
import { el } from "./dom.js";
import { colourOf, isolated, tile } from "./person.js";
import { since, timeElement } from "./times.js";

/** @typedef {import("../model/rows.js").Row} Row */
/** @typedef {import("../model/text.js").Token} Token */

/**
 * What a row needs to know of the chat.
 * @typedef {{me: {uid: number, name: string}, names: Map<number, string>, isOffline: boolean, isPair: boolean,
 *   meant: import("../model/text.js").Meant}} Look
 */

/** @type {Record<Row["kind"], (row: Row & {item: any}, look: Look) => HTMLElement>} */
const MAKE = {
  words: saidRow,
  tombstone: saidRow,
  deed: (row, look) => aside(row, [deedWords(row.item.entry, look)]),
  gap: (row, look) => aside(row, told({ type: "gap", ...row.item }, look)),
  comings: (row) => aside(row, [comingsWords(row.item)]),
  told: (row) => aside(row, row.item.lines, row.item.tone),
  new: ({ at }) =>
    el("div", { class: "new", role: "separator" }, el("span", null, at ? `new since ${since(at)}` : "new")),
};

/**
 * A row as an element.
 * @param {Row} row
 * @param {Look} look
 * @returns {HTMLElement}
 */
export const rowElement = (row, look) => MAKE[row.kind](row, look);

/** @param {Row & {item: any}} row @param {Look} look */
function saidRow({ item: { kind: state, entry, line, reason }, kind, at, isHead, key }, look) {
  const spoken = { text: DELETED, ...(entry ?? { ...line, ...look.me, type: line.kind }) };
  const { star, text } = said(spoken), { uid, name } = spoken, isMine = uid === look.me.uid;
  const isForMe = kind === "words" && !isMine && !look.isPair && isMentioned(look.me.name, text);
  const classes =
    ["said", kind, state, isHead && "head", star && "action", isMine && "mine", isForMe && "for-me"];
  return el("article", { class: classes.filter(Boolean).join(" "), tabindex: "-1", "data-key": key },
    isHead && tile(uid),
    el("header", { class: isHead ? "who" : "who unseen" },
      pressable(`name ${colourOf(uid)}`, { "data-uid": uid, "data-name": name }, speaker(uid, name)), " "),
    timeElement(at),
    el("div", { class: !star && isPictures(text) ? "text large" : "text", dir: "auto" },
      ...words(tokens(text, look.meant), look)),
    state === "waiting" && el("p", { class: "state" }, look.isOffline ? "waits: you are offline" : "waits"),
    state === "refused" && el("p", { class: "state trouble" }, `not sent: ${reason} `,
      el("button", { class: "link", type: "button", "data-again": "true" }, "Try again"), " ",
      el("button", { class: "link", type: "button", "data-drop": "true" }, "Remove")),
  );
}

/** @param {string} classes @param {Record<string, any>} data what pressed.js is to know @param {string} text */
const pressable = (classes, data, text) =>
  el("button", { class: classes, type: "button", tabindex: "-1", dir: "auto", ...data }, text);

/**
 * What is told beside what people say.
 * @param {Row} row
 * @param {string[]} sentences made harmless
 * @param {string} [kind]
 */
function aside({ kind: rowKind, at, key }, sentences, kind = rowKind) {
  const shown = sentences.map((one) => el("p", { dir: "ltr" }, ...isolated(one)));
  return el("article", { class: `aside ${kind}`, tabindex: "-1", "data-key": key }, timeElement(at),
    el("div", { class: "text" }, ...shown));
}

/**
 * @param {Token[]} pieces
 * @param {Look} look
 * @returns {(Node | string)[]} one line as it is; several each in an element, for each has its own direction
 */
function words(pieces, look) {
  const all = lines(pieces);
  if (all.length === 1 && pieces[0]?.kind !== "block") return all[0].map((one) => piece(one, look));
  return all.map((line) => line[0]?.kind === "block"
    ? piece(line[0], look)
    : el("p", { dir: "auto" }, ...(line.length ? line.map((one) => piece(one, look)) : [el("br")])));
}

/**
 * @param {Token} token
 * @param {Look} look
 * @returns {Node | string}
 */
function piece({ kind, text, shown = text, url, host, uid, room }, look) {
  if (kind === "link") {
    const link = el("a", { href: url, target: "_blank", rel: "noopener noreferrer", title: url, tabindex: "-1" },
      text);
    return host ? el("span", null, link, el("span", { class: "host" }, ` (${host})`)) : link;
  }
  if (kind === "code") return el("code", { dir: "ltr" }, shown);
  if (kind === "block") return el("pre", { dir: "ltr", tabindex: "0" }, el("code", null, shown));
  if (kind === "person") {
    const classes = `person ${colourOf(uid ?? 0)}${uid === look.me.uid ? " me" : ""}`;
    const name = look.names.get(uid ?? 0) ?? text.slice(1);
    return pressable(classes, { "data-uid": uid, "data-name": name }, text);
  }
  if (kind === "room") return pressable("room-link", { "data-room": room }, text);
  return text;
}

/**
 * A message in one sentence, for those who hear it.
 * @param {any} entry
 */
export function spokenWords(entry) {
  const { star, text } = said(entry), name = speaker(entry.uid, entry.name);
  const heard = short(cell(text.replace(/\s+/g, " ")), 300);
  return star ? `${name} ${heard}` : `${name}: ${heard}`;
}
