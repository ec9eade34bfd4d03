// What one is called, the account, and its devices.

import { cell } from "../../model/harmless.js";
import { readInvite } from "../../model/invite.js";
import { localTime } from "../../model/words.js";
import { el, fill } from "../dom.js";
import { field, formDialog, openDialog } from "../dialog.js";
import { icon } from "../icons.js";

/** @typedef {import("../app.js").App} App */

const MOST = 1024; // characters of a password

/** @param {FormData} data @param {string} key */
const given = (data, key) => String(data.get(key) ?? "");

/** @param {FormData} data @throws {Error} */
function twice(data) {
  if (given(data, "password") !== given(data, "again")) throw new Error("The two passwords differ.");
  return given(data, "password");
}

/** @param {string} label @param {string} name @param {string} kind of the password, for the manager of them */
const secret = (label, name, kind) => field(label, { name, type: "password", autocomplete: kind, maxlength: MOST });

/** Who one is, for a password manager that keeps the new password. @param {App} app */
const whoseIs = (app) => el("input", { class: "unseen", name: "username", autocomplete: "username", value: app.chat.me.name, readonly: true, tabindex: "-1", "aria-hidden": "true" });

/** @param {App} app */
export function openAccount(app) {
  const { me } = app.chat;
  const go = (/** @type {string} */ to) => () => {
    dialog.close();
    app.open(to);
  };
  const line = (/** @type {string} */ label, /** @type {string} */ drawing, /** @type {string} */ to, danger = false) =>
    el("li", null, el("button", { class: `list-row ${danger ? "danger" : ""}`, type: "button", onclick: go(to) }, icon(drawing), label));
  const lines = me.account
    ? [line("Change your name", "edit", "name"), line("Change your password", "key", "password"), line("Devices", "devices", "devices"),
      line("Blocked people", "block", "blocked"), line("Log out here", "leave", "logout"), line("End your account", "trash", "unregister", true)]
    : [line("Change your name", "edit", "name"), line("Register: your name is yours", "key", "register"), line("Log in to an account", "people", "login"),
      line("Blocked people", "block", "blocked"), line("Forget me here", "leave", "forget", true)];
  const dialog = openDialog({
    title: "You", body: [
      el("p", null, `You are ${cell(me.name)} (${me.uid}), `, me.account ? "with an account." : "a guest."),
      el("ul", { class: "list" }, ...lines),
    ],
  });
}

/** @param {App} app */
export function openName(app) {
  formDialog({
    title: "Change your name", submit: "Change it",
    body: [field("Name", { name: "name", value: app.chat.me.name, maxlength: 64, autocapitalize: "none", spellcheck: "false" })],
  }, (data) => app.engine.ask({ type: "name", name: given(data, "name").trim() }));
}

/** @param {App} app @param {{invite?: string}} [args] */
export function openRegister(app, { invite = "" } = {}) {
  formDialog({
    title: "Register", submit: "Register", body: [
      el("p", { class: "soft small" }, `From now on ${cell(app.chat.me.name)} is you alone, on all your devices, with the number that you have.`),
      whoseIs(app), secret("Password", "password", "new-password"), secret("Password again", "again", "new-password"),
      field("Invite", { name: "invite", value: invite }, "Only if this server asks for one."),
    ],
  }, async (data) => {
    const word = given(data, "invite").trim();
    await app.engine.ask({ type: "register", password: twice(data), ...(word && { invite: readInvite(word) }) });
    app.tell(`${cell(app.chat.me.name)} has an account now.`);
  });
}

/** @param {App} app @param {{name?: string}} [args] */
export function openLogin(app, { name = "" } = {}) {
  formDialog({
    title: "Log in", submit: "Log in", body: [
      el("p", { class: "soft small" }, "In place of who you are now."),
      field("Name", { name: "name", value: name, autocomplete: "username", autocapitalize: "none", spellcheck: "false" }),
      secret("Password", "password", "current-password"),
    ],
  }, (data) => app.engine.enter({ name: given(data, "name").trim(), password: given(data, "password") }));
}

/** @param {App} app */
export function openPassword(app) {
  formDialog({
    title: "Change your password", submit: "Change it", body: [
      whoseIs(app), secret("The one that you have", "old", "current-password"),
      secret("Password", "password", "new-password"), secret("Password again", "again", "new-password"),
    ],
  }, async (data) => {
    await app.engine.ask({ type: "password", old: given(data, "old"), new: twice(data) });
    app.tell("The password is changed. Your other devices stay logged in.");
  });
}

/** @param {App} app */
export function openUnregister(app) {
  formDialog({
    title: "End your account", submit: "End it for good", danger: true, body: [
      el("p", null, "Your name is free then, nobody ever gets your number, and what you have said stays."),
      whoseIs(app), secret("Password", "password", "current-password"),
    ],
  }, async (data) => {
    await app.engine.ask({ type: "unregister", password: given(data, "password") });
    await app.engine.logout();
  });
}

/** @param {App} app */
export function openForget(app) {
  formDialog({
    title: "Forget me here", submit: "Forget me", danger: true, body: [
      el("p", null, `You are a guest. Without an account nobody can be ${cell(app.chat.me.name)} (${app.chat.me.uid}) again once this browser has forgotten it.`),
    ],
  }, () => app.engine.logout());
}

/** Where one is logged in. @param {App} app */
export async function openDevices(app) {
  const list = el("ul", { class: "list devices" });
  const trouble = el("p", { class: "trouble", role: "alert" });
  const others = el("button", { class: "button danger", type: "button", hidden: true, onclick: () => out({ others: true }) }, "Log out all others");

  /** @param {{device?: number, others?: boolean}} which */
  async function out(which) {
    try {
      await app.engine.ask({ type: "logout", ...which });
      await show();
    } catch (error) {
      fill(trouble, /** @type {Error} */ (error).message);
    }
  }

  /** @param {import("../../core/protocol.js").Device} one */
  const row = (one) => el("li", { class: "device" }, icon("devices"), el("div", null,
    el("p", null, `Device ${one.device}`, one.this ? ", this one" : one.here ? ", connected" : ""),
    el("p", { class: "soft small" }, one.seen ? `last here ${localTime(one.seen)}` : "", one.address ? ` from ${cell(one.address)}` : "")),
  one.this ? null : el("button", { class: "button", type: "button", "aria-label": `Log out device ${one.device}`, onclick: () => out({ device: one.device }) }, "Log out"));

  async function show() {
    try {
      const { devices } = await app.engine.ask({ type: "devices" });
      fill(list, ...devices.map(row));
      others.hidden = devices.length < 2;
    } catch (error) {
      fill(trouble, /** @type {Error} */ (error).message);
    }
  }

  openDialog({ title: "Devices", body: [list, trouble, others] });
  await show();
}

/** Whom one has blocked. @param {App} app */
export function openBlocked(app) {
  const list = el("ul", { class: "list" });
  const show = () => fill(list, ...[...app.chat.blocked].map((/** @type {number} */ uid) => el("li", { class: "device" },
    el("p", null, `${cell(app.chat.nameOf(uid) ?? "UID")} (${uid})`),
    el("button", { class: "button", type: "button", onclick: () => free(uid) }, "Hear from them again"))));
  /** @param {number} uid */
  async function free(uid) {
    await app.ask({ type: "unblock", uid });
    show();
  }
  const none = app.chat.blocked.size ? null : el("p", { class: "soft" }, "You have blocked nobody.");
  openDialog({ title: "Blocked people", body: [none, show()] });
}
