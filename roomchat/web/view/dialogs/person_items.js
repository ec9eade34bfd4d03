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
  const ask = (/** @type {string} */ type) => () => void app.ask({ type, room: room.key, uid });
  const open = (/** @type {string} */ deed) => () => app.open("order", { deed, room: room.key, uid, name });
  /** @type {[deed: string, entry: MenuEntry][]} */
  const entries = [
    ["invite", { label: "Invite into this room", icon: "invite", run: ask("invite") }],
    role === "moderator"
      ? ["demote", { label: "Moderator no longer", icon: "shield", run: ask("demote") }]
      : ["promote", { label: "Make a moderator", icon: "shield", run: ask("promote") }],
    ["owner", { label: "Pass the room on", icon: "key", run: open("owner") }],
    ["mute", { label: "Mute", icon: "away", danger: true, run: open("mute") }],
    ["kick", { label: "Put out of the room", icon: "leave", danger: true, run: open("kick") }],
    ["ban", { label: "Ban", icon: "block", danger: true, run: open("ban") }],
  ];
  const isMember = room.members.has(uid);
  return entries
    .filter(([deed]) => app.chat.may(room.key, deed, uid) && (deed !== "invite" || (room.isPrivate && !isMember)))
    .map(([, entry]) => entry);
}
