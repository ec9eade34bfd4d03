// The page as a whole: what its parts may ask of it, and where each has its place.

import { Door, focusOn } from "./door.js";
import { Drawers } from "./drawers.js";
import { DIALOGS } from "./dialogs/table.js";
import { byId, fill } from "./dom.js";
import { Entrance } from "./entrance.js";
import { Header } from "./header.js";
import { listenForKeys } from "./keys.js";
import { PeoplePane } from "./people.js";
import { Sidebar } from "./sidebar.js";
import { Status } from "./status.js";
import { tell } from "./told.js";
import { followViewport } from "./viewport.js";

/**
 * What parts of the page get.
 *
 * @typedef {Object} App
 * @property {any} engine core/engine.js
 * @property {any} chat model/chat.js
 * @property {import("./settings.js").Settings} settings
 * @property {(name: string, args?: any) => void} open shows a dialog by its name: dialogs/table.js
 * @property {typeof tell} tell says something in passing
 * @property {(command: {type: string, [field: string]: any}) => Promise<any>} ask asks the server; a refusal is
 *   told, and the answer is null then
 * @property {(room: string | null) => void} go looks at a room
 * @property {(line: string) => void} run does what a typed line does
 * @property {() => void} focus puts the focus where one types
 */

/**
 * What the page is made of beside the frame. `messages` and `composer` are elements; `greet` is for who has just
 * come in.
 *
 * @typedef {{messages: HTMLElement, composer: HTMLElement,
 *   greet: (welcome: import("../core/protocol.js").Welcome) => void}} Parts
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
    tell,
    open: (name, args) => DIALOGS[name]?.(app, args),
    go: (room) => chat.look(room),
    ask: async (command) => {
      try {
        return await engine.ask(command);
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
 * @param {Parts} parts
 */
export function mount(app, { messages, composer, greet }) {
  const { engine, chat, settings } = app;
  const entrance = new Entrance({ engine, greet });
  const people = new PeoplePane(app, () => drawers.close());
  fill(byId("people"), people.element);
  const drawers = new Drawers(settings, () => people.refresh());
  const header = new Header(app, drawers);
  const look = app.go;
  app.go = (room) => {
    look(room);
    drawers.closeAbove();
    focusOn(app);
  };
  fill(byId("sidebar"), new Sidebar(app).element);
  fill(byId("room-header"), ...header.elements);
  fill(byId("messages"), messages);
  fill(byId("composer"), composer);
  fill(byId("entrance"), entrance.element);
  new Status(byId("status"), engine);
  new Door(app, entrance);
  listenForKeys(app, () => drawers.closeAbove());
  followViewport();
  chat.on("change", (/** @type {string} */ what) => {
    if (what === "current") byId("room").ariaLabel = `Room ${chat.rooms.get(chat.current)?.name ?? ""}`;
  });
}
