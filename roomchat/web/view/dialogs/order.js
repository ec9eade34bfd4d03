// What an owner or a moderator does to somebody is asked once more: how long, and why.

import { cell, harmless, short } from "../../model/harmless.js";
import { TypedHistory } from "../../model/typed_history.js";
import { said, whose } from "../../model/words.js";
import { el } from "../dom.js";
import { check, field } from "../field.js";
import { formDialog } from "../dialog.js";

/** @typedef {import("../app.js").App} App */

const MAX_REASON = 200; // characters; docs/protocol.md, "kick"
const SNIPPET = 200; // of a message that is to be deleted

/** @type {[seconds: string, label: string][]} */
const TIMES = [
  ["600", "10 minutes"], ["3600", "an hour"], ["86400", "a day"], ["604800", "a week"], ["", "for good"],
];

const time = () => el("label", { class: "field" }, el("span", { class: "label" }, "How long"),
  el("select", { class: "input", name: "seconds" },
    ...TIMES.map(([value, label]) => el("option", { value, selected: value === "3600" }, label))));

const reason = () =>
  field("Why", { name: "reason", maxlength: MAX_REASON, placeholder: "Everyone in the room reads it" });

const address = () => check("If it is a guest: all guests from the same address, too", { name: "address" });

/**
 * @typedef {{title: (who: string, room: string) => string, says: string, submit: string,
 *   asks: (() => HTMLElement)[]}} Deed
 * @type {Record<string, Deed>}
 */
const DEEDS = {
  kick: {
    title: (who, room) => `Put ${who} out of ${room}`, says: "They may come back.",
    submit: "Put out", asks: [reason],
  },
  ban: {
    title: (who, room) => `Ban ${who} from ${room}`,
    says: "They go out of the room, and do not get in again until then.",
    submit: "Ban", asks: [time, reason, address],
  },
  mute: {
    title: (who, room) => `Mute ${who} in ${room}`, says: "What they say in the room is refused until then.",
    submit: "Mute", asks: [time, reason],
  },
  owner: {
    title: (who, room) => `Pass ${room} on to ${who}`,
    says: "They own the room then, and you are a moderator of it.",
    submit: "Pass on", asks: [],
  },
};

/**
 * @param {App} app
 * @param {{deed: string, room: string, uid: number, name: string}} args
 */
export function openOrder(app, { deed, room, uid, name }) {
  const { title, says, submit, asks } = DEEDS[deed];
  formDialog({
    title: title(whose(name, uid), cell(app.chat.rooms.get(room)?.name ?? room)), submit, danger: true,
    body: [el("p", { class: "soft" }, says), ...asks.map((make) => make())],
  }, (given) => app.engine.ask({
    type: /** @type {any} */ (deed), room, uid,
    seconds: Number(given.seconds) || undefined,
    reason: given.reason || undefined,
    address: given.address && true,
  }));
}

/**
 * @param {App} app
 * @param {{entry: import("../../core/protocol.js").Spoken}} args
 */
export function openDelete(app, { entry }) {
  const { text } = said(entry);
  const isOwn = entry.uid === app.chat.me.uid;
  formDialog({
    title: "Delete this message for everyone?", submit: "Delete", danger: true,
    body: [
      !isOwn && el("p", { class: "soft small" }, whose(entry.name, entry.uid)),
      el("blockquote", { class: "quoted", dir: "auto" }, harmless(short(text, SNIPPET).replace(/\s+/g, " "))),
      el("p", { class: "soft" }, "Its words are nowhere on the server then. Who has read them has read them."),
    ],
  }, async () => {
    await app.engine.ask({ type: "delete", room: entry.room, seq: entry.seq });
    if (isOwn) new TypedHistory().forget(text);
  });
}
