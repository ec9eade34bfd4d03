// Saying something where one is.

import { otherOf } from "../core/protocol.js";

/** What was typed can't be sent; the sentence says what to type. */
export class TypingError extends Error {}

export const NO_ROOM = "You are not in a room. Type /join ROOM to join one.";

/** @param {string | null} room that is meant, if there is one */
export function here(room) {
  if (room === null) throw new TypingError(NO_ROOM);
  return room;
}

/**
 * Say something in a room, or to whom one whispers with there.
 * @param {any} engine
 * @param {any} chat
 * @param {{room?: string | null, uid?: number, text: string, kind?: "action"}} words `uid`: only to that person
 * @throws {TypingError} it can't be said at all
 */
export async function say(engine, chat, { room = null, uid, text, kind }) {
  const most = chat.limits.text, length = [...text].length;
  if (length > most) {
    throw new TypingError(`A message may have at most ${most} characters; this one has ${length}.`);
  }
  const other = uid ?? otherOf(here(room), chat.me.uid);
  await engine.say(other === null ? { room, text, kind } : { uid: other, text, kind });
}
