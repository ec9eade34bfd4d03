// Whose a room is, who keeps order in it, who is kept out, and who is asked in; and invitations into a private
// one.

import { uidOf } from "../../model/commands.js";
import { cell } from "../../model/harmless.js";
import { counted, localTime, whose } from "../../model/words.js";
import { button } from "../buttons.js";
import { el, fill } from "../dom.js";
import { field } from "../field.js";
import { formDialog, openDialog } from "../dialog.js";
import { linkToRoom } from "../links.js";
import { nameElement, theirs } from "../person.js";
import { copyText } from "../clipboard.js";
import { tell } from "../told.js";

/**
 * @typedef {import("../app.js").App} App
 * @typedef {import("../../core/protocol.js").RulesPage} RulesPage
 * @typedef {import("../../core/protocol.js").Person} Person
 * @typedef {import("../../core/protocol.js").Restrained} Restrained
 */

/** @param {App} app @param {{room: string}} args */
export async function openRules(app, { room }) {
  const page = await app.ask({ type: "rules", room });
  if (!page) return;
  const body = el("div", { class: "stack" });
  openDialog({ title: `Order in ${cell(app.chat.rooms.get(room)?.name ?? room)}`, body: [body] });

  /**
   * Do something, and show how it is then.
   * @param {any} command
   */
  async function change(command) {
    if (await app.ask({ room, ...command })) show(await app.ask({ type: "rules", room }));
  }

  /** @param {RulesPage | null} rules */
  function show(rules) {
    if (!rules) return;
    const { owner, moderators = [], banned = [], muted = [], invited = [], invitations = [] } = rules;
    /** @param {string} deed @param {string} label */
    const undo = (deed, label) => (/** @type {{uid: number}} */ { uid }) =>
      app.chat.may(room, deed, uid) && button(label, () => change({ type: deed, uid }));
    fill(body,
      el("p", { dir: "auto" }, rules.topic ? theirs(rules.topic) : "It has no topic."),
      section("Owner", owner ? [owner] : [], person, () => null, "It is nobody's."),
      section("Moderators", moderators, person, undo("demote", "No longer")),
      section("Banned", banned, restrained, undo("unban", "Let in again")),
      section("Muted", muted, restrained, undo("unmute", "Let speak")),
      section("Invited, and not here yet", invited, person, undo("uninvite", "Take back")),
      section("Invitations", invitations, (one) => [
        `#${one.number}, for ${counted(one.uses, "more person", "more people")}, `,
        `until ${localTime(one.until)}, by `,
        nameElement(one.by, app.chat.names.get(one.by) ?? `UID ${one.by}`),
      ], ({ number }) => button("Take back", () => change({ type: "uninvite", number }))));
  }
  show(page);
}

/**
 * @template T
 * @param {string} title
 * @param {T[]} items
 * @param {(item: T) => import("../dom.js").Child[]} words
 * @param {(item: T) => import("../dom.js").Child} act
 * @param {string} [none] what is said where there are none; else it is left out
 */
function section(title, items, words, act, none) {
  if (!items.length && !none) return null;
  const rows = items.map((item) => el("li", { class: "row spread" }, el("span", null, ...words(item)), act(item)));
  return el("section", null, el("h3", null, title),
    rows.length ? el("ul", { class: "stack" }, ...rows) : el("p", { class: "soft" }, none));
}

/** @param {Person} one */
const person = (one) => [nameElement(one.uid, one.name), ` (${one.uid})`, one.away ? " [away]" : ""];

/** @param {Restrained} one */
const restrained = (one) => [
  nameElement(one.uid, one.name), ` (${one.uid})`, one.until && ` until ${localTime(one.until)}`,
  one.address && " and their address", one.reason && ": ", one.reason && theirs(one.reason),
];

/**
 * Into a private room: somebody by number or name, or whoever has a link.
 * @param {App} app
 * @param {{room: string}} args
 */
export function openInvite(app, { room }) {
  const shown = cell(app.chat.rooms.get(room)?.name ?? room);
  const link = button("Make a link instead", () => {
    dialog.close();
    openInvitation(app, room, shown);
  });
  const dialog = formDialog({
    title: `Invite into ${shown}`, submit: "Invite",
    body: [field("Number or name", { name: "who", autocapitalize: "none", spellcheck: "false" }), link],
  }, async (fields) => {
    const who = fields.who.trim();
    if (!who) throw new Error("Type whom to invite first.");
    const invited = await app.engine.ask({ type: "invite", room, uid: uidOf(app.chat, who) });
    tell(`${whose(invited.whom_name, invited.whom)} is invited.`);
  });
}

/** @param {App} app @param {string} room @param {string} shown */
function openInvitation(app, room, shown) {
  formDialog({
    title: `A link into ${shown}`, submit: "Make it",
    body: [
      field("For how many people", { name: "uses", type: "number", min: 1, max: 1000, value: 1 }),
      field("For how many days", { name: "days", type: "number", min: 1, max: 365, value: 7 }),
    ],
  }, async (fields) => {
    const [uses, days] = [fields.uses, fields.days].map(Number).map(Math.trunc);
    const isRight = uses >= 1 && uses <= 1000 && days >= 1 && days <= 365;
    if (!isRight) throw new Error("1 to 1000 people, for 1 to 365 days.");
    const made = await app.engine.ask({ type: "invite", room, uses, seconds: days * 86_400 });
    const often = made.uses === 1 ? "once" : `${made.uses} times in all`;
    const url = linkToRoom(made.room, made.token);
    const input = el("input", { class: "input", readonly: true, value: url, "aria-label": "The link" });
    const copy = button("Copy", () => copyText(url, "The link is in the clipboard."));
    queueMicrotask(() => openDialog({
      title: `A link into ${shown}`,
      body: [
        el("p", { class: "soft" }, `Whoever opens it comes in, ${often}, until ${localTime(made.until)}. ` +
          '"Owner, moderators, bans" takes it back.'),
        input, copy,
      ],
    }));
  });
}
