// The dialogs by their names: what `app.open` opens.

import { openDialpad } from "../dialpad.js";
import {
  openAccount, openBlocked, openDevices, openForget, openLogin, openName, openPassword, openRegister,
  openUnregister,
} from "./account.js";
import { openCalls } from "./calls.js";
import { openFound, openSearch } from "./found.js";
import { openAbout, openHelp, openKeys } from "./help.js";
import { openJoin, openTopic } from "./join.js";
import { openDelete, openOrder } from "./order.js";
import { openMyMenu, openRoomMenu } from "./menus.js";
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
  found: openFound,
  help: openHelp,
  invite: openInvite,
  join: openJoin,
  keys: openKeys,
  login: openLogin,
  logout: (app) => app.engine.logout(),
  "my-menu": openMyMenu,
  name: openName,
  order: openOrder,
  password: openPassword,
  person: openPerson,
  register: openRegister,
  "room-menu": openRoomMenu,
  rooms: openJoin,
  rules: openRules,
  search: openSearch,
  settings: openSettings,
  switch: openSwitcher,
  topic: openTopic,
  unregister: openUnregister,
};
