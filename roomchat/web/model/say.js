// Why something that was typed can't be said or done.

/** What was typed can't be sent; the sentence says what to type. */
export class TypingError extends Error {}

export const NO_ROOM = "You are not in a room. Type /join ROOM to join one.";

/** @param {string | null} room that is meant, if there is one */
export function here(room) {
  if (room === null) throw new TypingError(NO_ROOM);
  return room;
}
