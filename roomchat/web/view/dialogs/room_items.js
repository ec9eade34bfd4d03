// What one can do about a room beside being in it. What one may not do is not shown; the server decides in any
// case.

/**
 * What there is to do about a room beside being in it.
 * @param {import("../app.js").App} app
 * @param {any} room of chat.rooms
 * @returns {import("../menu.js").MenuEntry[]}
 */
export function roomItems(app, room) {
  const { chat, open } = app, { key } = room;
  const may = (/** @type {string} */ deed) => chat.may(key, deed);
  /** @type {[isThere: boolean, label: string, icon: string, dialog: string][]} */
  const entries = [
    [may("topic"), "What it is about", "edit", "topic"],
    [room.isPrivate && may("invite"), "Invite", "invite", "invite"],
    [true, "Owner, moderators, bans", "shield", "rules"],
    [true, "Notifications", "bell", "calls"],
  ];
  return entries.filter(([isThere]) => isThere)
    .map(([, label, icon, dialog]) => ({ label, icon, run: () => open(dialog, { room: key }) }));
}
