// What the rows of a room need to know of the chat.

import { compared } from "../core/protocol.js";

/**
 * As things are now.
 * @param {import("./app.js").App} app
 * @param {string} room
 * @returns {import("./row_list.js").Look}
 */
export function lookAt({ chat, engine }, room) {
  const { me, names, rooms, heard } = chat, { mark = 0, isPair = false } = rooms.get(room) ?? {};
  /** @type {Map<string, number>} UIDs by compared names, once a row asks for one */
  let people;
  return {
    me, names, mark, isPair, isOffline: engine.status.phase !== "online",
    hides: (entry) => chat.hides(entry),
    meant: {
      person: (name) => {
        people ??= new Map([...names, [me.uid, me.name]].map(([uid, called]) => [compared(called), uid]));
        return people.get(compared(name)) ?? null;
      },
      room: (name) => {
        const key = compared(name);
        return rooms.has(key) || heard.has(key) ? key : null;
      },
    },
  };
}
