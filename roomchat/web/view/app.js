// The page as a whole: what its parts may ask of it, and where each has its place.

import { focusOn, openDoor } from "./door.js";
import { makeDrawers } from "./drawers.js";
import { DIALOGS } from "./dialogs/table.js";
import { byId, fill } from "./dom.js";
import { makeEntrance } from "./entrance.js";
import { showHeader } from "./header.js";
import { listenForKeys } from "./keys.js";
import { showPeople } from "./people.js";
import { showSidebar } from "./sidebar.js";
import { Status } from "./status.js";
import { tell } from "./told.js";
import { followViewport } from "./viewport.js";

/**
 * What parts of the page get.
 *
 * @typedef {Object} App
 * @property {import("../core/engine.js").Engine} engine
 * @property {import("../model/chat.js").Chat} chat
 * @property {import("./settings.js").Settings} settings
 * @property {(name: string, args?: any) => void} open shows a dialog by its name: dialogs/table.js
 * @property {(command: {type: string, [field: string]: any}) => Promise<any>} ask asks the server; a refusal is
 *   told, and the answer is null then
 * @property {(room: string | null) => void} go looks at a room
 * @property {(line: string) => void} run does what a typed line does
 * @property {() => void} focus puts the focus where one types
 */

/**
 * The page's App. Parts are made with it, and then mounted.
 *
 * @param {Pick<App, "engine" | "chat" | "settings" | "run" | "focus">} given
 * @returns {App}
 */
export function createApp(given) {
  const { engine, chat } = given;
  /** @type {App} */
  const app = {
    ...given,
    open: (name, args) => DIALOGS[name]?.(app, args),
    go: (room) => chat.look(room),
    ask: async (command) => {
      try {
        return await engine.ask(/** @type {any} */ (command));
      } catch (error) {
        tell(/** @type {Error} */ (error).message);
        return null;
      }
    },
  };
  return app;
}

/**
 * Put everything in its place. Call it before `engine.start()`.
 *
 * @param {App} app
 * @param {HTMLElement} messages
 * @param {HTMLElement} composer
 * @param {(welcome: import("../core/protocol.js").Welcome) => void} greet is for who has just come in
 */
export function mount(app, messages, composer, greet) {
  const { engine, settings } = app;
  const entrance = makeEntrance(engine, greet);
  const refresh = showPeople(app, () => toggle("people"));
  const { toggle, closeAbove } = makeDrawers(settings, refresh);
  const look = app.go;
  app.go = (room) => {
    look(room);
    closeAbove();
    focusOn(app);
  };
  showSidebar(app);
  showHeader(app, toggle);
  fill(byId("messages"), messages);
  fill(byId("composer"), composer);
  new Status(byId("status"), engine);
  openDoor(app, entrance, refresh);
  listenForKeys(app, closeAbove);
  followViewport();
}
