// The page as a whole: where each part has its place, and what they all may ask of it.

import { byId, el, fill } from "./dom.js";

/**
 * What parts of the page get. `open` shows a dialog by its name (view/dialogs/table.js).
 *
 * @typedef {Object} App
 * @property {any} engine core/engine.js
 * @property {any} chat model/chat.js
 * @property {import("./settings.js").Settings} settings
 * @property {(name: string, args?: any) => void} open
 * @property {(sentence: string) => void} tell says something in passing, at the bottom; screen readers say it once
 * @property {(command: {type: string, [field: string]: any}) => Promise<any>} ask asks the server; what it refuses is told
 */

/** Where things are: the elements of index.html. */
export const places = {
  sidebar: () => byId("sidebar"),
  room: () => byId("room"),
  header: () => byId("room-header"),
  status: () => byId("status"),
  messages: () => byId("messages"),
  composer: () => byId("composer"),
  people: () => byId("people"),
  entrance: () => byId("entrance"),
};

const TOLD_FOR = 6000; // ms: long enough for two short sentences

/** @type {ReturnType<typeof setTimeout> | undefined} */
let untold;

/**
 * Say something in passing.
 *
 * @param {string} sentence
 */
export function tell(sentence) {
  fill(byId("told"), el("p", null, sentence));
  clearTimeout(untold);
  untold = setTimeout(() => fill(byId("told")), TOLD_FOR);
}
