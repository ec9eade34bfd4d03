// The dialogs by their names: what `app.open` opens.

import { el } from "../dom.js";
import { formDialog, openDialog } from "../dialog.js";
import { openDialpad } from "../dialpad.js";
import {
  openAccount, openBlocked, openDevices, openForget, openLogin, openName, openPassword, openRegister, openUnregister,
} from "./account.js";
import { openAbout, openHelp, openKeys } from "./help.js";
import { openCalls } from "./calls.js";
import { openFound, openSearch } from "./found.js";
import { openJoin, topicField } from "./join.js";
import { openDelete, openOrder } from "./order.js";
import { openPerson } from "./person.js";
import { openInvite, openRules } from "./rules.js";
import { openSettings } from "./settings.js";
import { openSwitcher } from "./switcher.js";

/** @typedef {import("../app.js").App} App */

/** @type {Record<string, (app: App, args?: any) => any>} */
export const DIALOGS = {
  about: openAbout,
  account: openAccount,
  blocked: openBlocked,
  calls: openCalls,
  delete: openDelete,
  devices: openDevices,
  dial: openDialpad,
  forget: openForget,
  form: (_app, { run, ...options }) => formDialog(options, run),
  found: openFound,
  help: openHelp,
  invite: openInvite,
  join: openJoin,
  keys: openKeys,
  list: openList,
  login: openLogin,
  logout: (app) => app.engine.logout(),
  name: openName,
  order: openOrder,
  password: openPassword,
  person: openPerson,
  register: openRegister,
  rooms: openJoin,
  rules: openRules,
  search: openSearch,
  settings: openSettings,
  switch: openSwitcher,
  topic: openTopic,
  unregister: openUnregister,
};

/**
 * Things to choose from: what a search has found, say.
 *
 * @param {App} _app
 * @param {{title: string, rows: {text: string, detail?: string, run: () => void}[], none?: string}} args
 */
function openList(_app, { title, rows, none = "Nothing was found." }) {
  const items = rows.map(({ text, detail, run }) => el("li", null, el("button", {
    class: "list-row tall", type: "button", dir: "auto", onclick: () => {
      dialog.close();
      run();
    },
  }, detail && el("span", { class: "soft small" }, detail), text)));
  const dialog = openDialog({ title, kind: "wide", body: items.length ? [el("ul", { class: "list" }, ...items)] : [el("p", { class: "soft" }, none)] });
}

/** @param {App} app @param {{room: string}} args */
function openTopic(app, args) {
  formDialog({ title: "What the room is about", submit: "Say so", body: [topicField(app, args)] },
    (data) => app.engine.ask({ type: "topic", room: args.room, topic: String(data.get("topic") ?? "").trim() }));
}

