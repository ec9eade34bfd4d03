// The page as a whole: what its parts may ask of it, and where each has its place.

import { pairRoom } from "../core/protocol.js";
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
 */

/**
 * What the page is made of beside the frame. `messages` and `composer` are elements; `write` puts the focus where
 * one types, with `text` if there is any; `greet` is for who has just come in.
 *
 * @typedef {{messages: HTMLElement, composer: HTMLElement, write: (text?: string) => void,
 *   greet: (welcome: import("../core/protocol.js").Welcome) => void}} Parts
 */

/**
 * The page's App. Parts are made with it, and then mounted.
 *
 * @param {Pick<App, "engine" | "chat" | "settings" | "run">} given
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
export function mount(app, { messages, composer, write, greet }) {
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
    focusOn({ focus: write });
  };
  fill(byId("sidebar"), new Sidebar(app).element);
  fill(byId("room-header"), ...header.elements);
  fill(byId("messages"), messages);
  fill(byId("composer"), composer);
  fill(byId("entrance"), entrance.element);
  new Status(byId("status"), engine);
  new Door(app, entrance, { focus: write });
  listenForKeys(app, () => drawers.closeAbove());
  followViewport();
  byId("messages").addEventListener("wants", (event) => {
    want(app, write, /** @type {CustomEvent} */ (event).detail);
  });
  chat.on("change", (/** @type {string} */ what) => {
    if (what === "current") byId("room").ariaLabel = `Room ${chat.rooms.get(chat.current)?.name ?? ""}`;
  });
}

/**
 * What the messages ask for: a name, a room or a number was pressed in them.
 *
 * @param {App} app
 * @param {Parts["write"]} write
 * @param {any} wanted
 */
function want({ chat, open, go }, write, { what, uid, room, name, text }) {
  if (what === "person") open("person", { uid, name });
  else if (what === "whisper") go(pairRoom(chat.me.uid, uid));
  else if (what === "dial") open("dial", { digits: String(uid) });
  else if (what === "write") write(text);
  else if (what === "room" && chat.rooms.has(room)) go(room);
  else if (what === "room") open("join", { room });
}
