// What one is called, the account, and its devices.

import { cell } from "../../model/harmless.js";
import { readInvite } from "../../model/invite.js";
import { localTime, uidName, whose } from "../../model/words.js";
import { actionRow, button } from "../buttons.js";
import { formDialog, openDialog } from "../dialog.js";
import { el, fill } from "../dom.js";
import { field } from "../field.js";
import { isolated } from "../person.js";
import { tell } from "../told.js";

/** @typedef {import("../app.js").App} App */

const NAME = { name: "name", maxlength: 64, autocapitalize: "none", spellcheck: "false" };

/**
 * A password that was typed twice.
 *
 * @param {Record<string, any>} fields
 * @throws {Error}
 */
function twice({ password, again }) {
  if (password !== again) throw new Error("The two passwords differ.");
  return password;
}

/**
 * @param {string} label
 * @param {string} name
 * @param {"current" | "new"} autocomplete what it is to a password manager
 */
const secret = (label, name, autocomplete) =>
  field(label, { name, type: "password", autocomplete: `${autocomplete}-password`, maxlength: 1024 });

const newSecrets = () => [secret("Password", "password", "new"), secret("Password again", "again", "new")];

/**
 * Whose password it is, for a password manager.
 *
 * @param {App} app
 */
const whosePassword = (app) => el("input", {
  class: "unseen", autocomplete: "username", value: app.chat.me.name, readonly: true, tabindex: "-1",
  "aria-hidden": "true",
});

/** @param {string} words */
const hint = (words) => el("p", { class: "soft small" }, ...isolated(words));

/** @param {App} app */
export function openAccount(app) {
  const { name, uid, account } = app.chat.me;
  /** @type {[label: string, drawing: string, dialog: string][]} */
  const lines = [
    ["Change your name", "edit", "name"],
    ["Blocked people", "block", "blocked"],
    ...(/** @type {[string, string, string][]} */ (account
      ? [["Change your password", "key", "password"], ["Devices", "devices", "devices"],
        ["Log out here", "leave", "logout"], ["End your account", "trash", "unregister"]]
      : [["Register: your name is yours", "key", "register"], ["Log in to an account", "people", "login"],
        ["Forget me here", "leave", "forget"]])),
  ];
  const dialog = openDialog({
    title: "You", body: [
      el("p", null, ...isolated(`You are ${whose(name, uid)}, ${account ? "with an account." : "a guest."}`)),
      el("ul", { class: "list" }, ...lines.map(([label, drawing, to]) => actionRow(drawing, label, () => {
        dialog.close();
        app.open(to);
      }, to === "unregister" || to === "forget"))),
    ],
  });
}

/** @param {App} app */
export function openName({ engine, chat }) {
  formDialog({ title: "Change your name", submit: "Change it",
    body: [field("Name", { ...NAME, value: chat.me.name })] },
    ({ name }) => engine.ask({ type: "name", name: name.trim() }));
}

/**
 * @param {App} app
 * @param {{invite?: string}} [args]
 */
export function openRegister(app, { invite = "" } = {}) {
  const who = cell(app.chat.me.name);
  formDialog({
    title: "Register", submit: "Register", body: [
      hint(`From now on nobody else is called ${who}, and you are ${who} on all your devices, ` +
        "with the same number."),
      whosePassword(app), ...newSecrets(),
      field("Invite", { name: "invite", value: invite }, "Only if this server asks for one."),
    ],
  }, async (fields) => {
    const word = fields.invite.trim();
    await app.engine.ask({ type: "register", password: twice(fields), ...(word && { invite: readInvite(word) }) });
    tell(`You have an account: ${who}.`);
  });
}

/**
 * @param {App} app
 * @param {{name?: string}} [args]
 */
export function openLogin({ engine }, { name = "" } = {}) {
  formDialog({
    title: "Log in", submit: "Log in", body: [
      hint("In place of who you are now."), field("Name", { ...NAME, value: name, autocomplete: "username" }),
      secret("Password", "password", "current"),
    ],
  }, (fields) => engine.enter({ name: fields.name.trim(), password: fields.password }));
}

/** @param {App} app */
export function openPassword(app) {
  formDialog({
    title: "Change your password", submit: "Change it",
    body: [whosePassword(app), secret("The one that you have", "old", "current"), ...newSecrets()],
  }, async (fields) => {
    await app.engine.ask({ type: "password", old: fields.old, new: twice(fields) });
    tell("Your password is changed. Your other devices stay logged in.");
  });
}

/** @param {App} app */
export function openUnregister(app) {
  formDialog({
    title: "End your account", submit: "End it for good", danger: true, body: [
      hint("Your name is free then, nobody ever gets your number, and what you have said stays."),
      whosePassword(app), secret("Password", "password", "current"),
    ],
  }, async ({ password }) => {
    await app.engine.ask({ type: "unregister", password });
    await app.engine.logout();
  });
}

/** @param {App} app */
export function openForget({ chat, engine }) {
  const who = whose(chat.me.name, chat.me.uid);
  formDialog({
    title: "Forget me here", submit: "Forget me", danger: true,
    body: [hint(`You are a guest. When this browser has forgotten you, nobody can be ${who} again.`)],
  }, () => engine.logout());
}

/**
 * Where one is logged in.
 *
 * @param {App} app
 */
export async function openDevices({ ask }) {
  const page = await ask({ type: "devices" });
  if (!page) return;
  const list = el("ul", { class: "list" });
  const others = button("Log out all others", () => change({ others: true }), "danger");

  /** @param {{devices: any[]} | null} answer */
  function show(answer) {
    if (!answer) return;
    fill(list, ...answer.devices.map(device));
    others.hidden = answer.devices.length < 2;
  }

  /** @param {any} whom to log out */
  async function change(whom) {
    if (await ask({ type: "logout", ...whom })) show(await ask({ type: "devices" }));
  }

  /** @param {import("../../core/protocol.js").Device} one */
  function device(one) {
    const out = button("Log out", () => change({ device: one.device }));
    out.ariaLabel = `Log out device ${one.device}`;
    const state = one.this ? "this one" : one.here ? "here" : one.seen && `last here ${localTime(one.seen)}`;
    return el("li", { class: "row spread" }, el("div", null, el("p", null, `Device ${one.device}`),
      el("p", { class: "soft small" },
        [state, one.address && `from ${cell(one.address)}`].filter(Boolean).join(", "))),
    !one.this && out);
  }

  show(page);
  openDialog({ title: "Devices", body: [list, others] });
}

/**
 * Whom one has blocked.
 *
 * @param {App} app
 */
export function openBlocked({ ask, chat }) {
  const list = el("ul", { class: "list" });
  const show = () =>
    fill(list, ...[...chat.blocked].map((/** @type {number} */ uid) => el("li", { class: "row spread" },
    uidName(uid, chat), button("Hear from them again", () => ask({ type: "unblock", uid }).then(show)))));
  const none = !chat.blocked.size && el("p", { class: "soft" }, "You have blocked nobody.");
  openDialog({ title: "Blocked people", body: [none, show()] });
}
