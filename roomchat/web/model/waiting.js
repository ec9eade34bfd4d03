// How much waits for this person, and the title that says so.

import { cell } from "./harmless.js";

/**
 * How much waits: mentions and whispers, and all that is unread.
 * @param {any} chat
 * @param {string | null} [except] the key of a room that does not count
 */
export function counts(chat, except = null) {
  let wanted = 0, unread = 0;
  for (const room of chat.rooms.values()) {
    if (room.key === except) continue;
    wanted += room.mentions;
    unread += room.unread;
  }
  return { wanted, unread };
}

/**
 * The title of the page: where one is, and how much waits elsewhere.
 * @param {any} chat
 */
export function titleOf(chat) {
  const { wanted, unread } = counts(chat), count = wanted || unread;
  const room = chat.rooms.get(chat.current);
  const where = room ? ` \u2014 ${room.isPair ? "" : "#"}${cell(room.name)}` : "";
  return `${count ? `(${count}) ` : ""}roomchat${where}`;
}
