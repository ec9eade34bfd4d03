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
    meant(text) {
      const name = compared(text.slice(1));
      if (text[0] === "#") return rooms.has(name) || heard.has(name) ? { kind: "room", room: name } : undefined;
      people ??= new Map(/** @type {[number, string][]} */ ([...names, [me.uid, me.name]])
        .map(([uid, called]) => [compared(called), uid]));
      const uid = people.get(name);
      return uid === undefined ? undefined : { kind: "person", uid };
    },
  };
}
