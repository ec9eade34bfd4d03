// What only whoever asked is told: answers as sentences, the same as in the terminal.

import { cell } from "./harmless.js";
import { counted, listed, localTime, personName, roomName, uidName, untilAndWhy, whose } from "./words.js";

/** @typedef {import("./words.js").Known} Known */
/** @typedef {import("../core/protocol.js").Restrained} Restrained */
/** @typedef {import("../core/protocol.js").RoomSummary} RoomSummary */

/** @param {RoomSummary} room */
function summary(room) {
  const said = room.last_said && !room.members_total ? `, last said ${localTime(room.last_said)}` : "";
  return `${cell(room.room)} (${room.members_total}${said})`;
}

/** @param {Restrained} one */
const restrained = (one) => whose(one.name, one.uid) + untilAndWhy(one);

/** @type {Record<string, (event: any, chat: Known) => string[]>} */
const SENTENCES = {
  blocked: (event, chat) => [`You have blocked ${uidName(event.uid, chat)}.`],
  unblocked: (event, chat) => [`You hear from ${uidName(event.uid, chat)} again.`],
  who(event, chat) {
    const where = event.room ? `in ${roomName(event.room, chat)}` : "here";
    return [listed(`${event.clients_total} ${where}`, event.clients.map(personName), event.clients_total)];
  },
  rooms: ({ rooms, rooms_total: total }) =>
    [total ? listed("Rooms", rooms.map(summary), total) : "There are no rooms yet."],
  rules(event) {
    const room = cell(event.room);
    const lines = [
      event.topic ? `${room} is about: ${cell(event.topic)}` : `${room} has no topic.`,
      event.owner ? `It is ${personName(event.owner)}'s.` : "It is nobody's.",
    ];
    /** @type {[string, any[] | undefined, (one: any) => string][]} */
    const lists = [["Moderators", event.moderators, personName], ["Banned", event.banned, restrained],
      ["Muted", event.muted, restrained], ["Invited, and not here yet", event.invited, personName]];
    for (const [title, people, show] of lists) if (people?.length) lines.push(listed(title, people.map(show)));
    for (const one of event.invitations ?? []) {
      lines.push(`Invitation #${one.number}: ${one.uses} more can use it, until ${localTime(one.until)}.`);
    }
    return lines;
  },
  invitation: (event) => [
    `Whoever types this comes in, ${event.uses === 1 ? "once" : `${event.uses} times in all`}, ` +
      `until ${localTime(event.until)}:`,
    `/join ${cell(event.room)} ${cell(event.token)}`,
    `/uninvite #${event.number} takes it back.`,
  ],
  stats: (event) => [
    `${cell(event.server)}: ${counted(event.clients, "person", "people")} (${event.away} away), ` +
      `${counted(event.rooms, "room")}, ${counted(event.messages, "message")} and ` +
      `${event.deliveries} deliveries in ${event.uptime.toFixed(0)} s.`,
  ],
  logged_out: (event) => [
    event.devices.length ? `Logged out: ${event.devices.join(", ")}.` : "You are logged in nowhere else.",
  ],
};

/**
 * The sentences of an answer; none where an entry or an event that everyone hears of tells it.
 * @param {any} event
 * @param {Known} chat
 * @returns {string[]}
 */
export const answered = (event, chat) =>
  (Object.hasOwn(SENTENCES, event.type) ? SENTENCES[event.type](event, chat) : []);
