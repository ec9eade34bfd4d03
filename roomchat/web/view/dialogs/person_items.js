// What an owner or a moderator may do to somebody in a room. What one may not do is not shown; the server decides
// in any case.

/**
 * @typedef {import("../app.js").App} App
 * @typedef {import("../menu.js").MenuEntry} MenuEntry
 * @typedef {{uid: number, name: string, role?: string}} Member
 */

/**
 * What this person may do to another one in a room.
 * @param {App} app
 * @param {any} room of chat.rooms
 * @param {Member} person
 * @returns {MenuEntry[]}
 */
export function personItems(app, room, person) {
  const { uid, name, role } = person;
  const ask = (/** @type {string} */ type) => app.ask({ type, room: room.key, uid });
  const open = (/** @type {string} */ deed) => app.open("order", { deed, room: room.key, uid, name });
  /** @type {[deed: string, label: string, icon: string, run: (deed: string) => void, danger?: boolean][]} */
  const entries = [
    ["invite", "Invite into this room", "invite", ask],
    role === "moderator"
      ? ["demote", "Moderator no longer", "shield", ask]
      : ["promote", "Make a moderator", "shield", ask],
    ["owner", "Pass the room on", "key", open],
    ["mute", "Mute", "away", open, true],
    ["kick", "Put out of the room", "leave", open, true],
    ["ban", "Ban", "block", open, true],
  ];
  const isMember = room.members.has(uid);
  return entries
    .filter(([deed]) => app.chat.may(room.key, deed, uid) && (deed !== "invite" || (room.isPrivate && !isMember)))
    .map(([deed, label, icon, run, danger]) => ({ label, icon, danger, run: () => run(deed) }));
}
