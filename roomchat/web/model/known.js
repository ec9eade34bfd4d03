// What is known of the chat, for all who ask; model/chat.js keeps it up to date.

import { Emitter } from "../core/emitter.js";
import { isPair } from "../core/protocol.js";
import { isMentioned } from "./mentions.js";
import { People } from "./people.js";
import { permits } from "./roles.js";
import { Windows } from "./windows.js";

export const SPOKEN = ["message", "action"];
const OF_PEOPLE = [
  ...SPOKEN, "tombstone", "invited", "member_joined", "member_left", "away", "back", "renamed",
]; // what is not shown of somebody who is blocked; what a moderator does about the room concerns everyone

export class Known extends Emitter {
  me = { uid: 0, name: "", account: false };
  isWatched = true; // whether somebody looks at the page: what comes while nobody does stands behind "new since"
  /** @type {string | undefined} where people meet first */
  lobby;
  /** @type {string | undefined} */
  motd;
  /** @type {import("../core/protocol.js").Limits} */
  limits = { text: 8192, name: 32, line: 65536, rooms: 100 };
  /** @type {Set<number>} UIDs */
  blocked = new Set();
  /** @type {Map<string, import("../core/protocol.js").RoomSummary>} rooms that we have heard of */
  heard = new Map();
  /** @type {{list: import("../core/protocol.js").Person[]}} who was here when we were welcomed */
  clients = { list: [] };
  /** @type {Map<string, import("../core/protocol.js").Invited>} private rooms that we are asked into */
  invited = new Map();
  /** @type {number | null} the UID of who has whispered to us last */
  lastWhisperer = null;
  /** @type {import("../core/protocol.js").DeedTo | null} the last deed by which we were put out of a room */
  putOut = null;
  epoch = ""; // names the server's log
  directory = new People();
  windows = new Windows();

  /** @param {Partial<Known["me"]>} more what has changed about us */
  become(more) {
    this.me = { ...this.me, ...more };
  }

  /**
   * @param {number} uid
   * @param {boolean} isBlocked whether they are, from now on
   */
  block(uid, isBlocked) {
    const others = [...this.blocked].filter((one) => one !== uid);
    this.blocked = new Set(isBlocked ? [...others, uid] : others); // another set: rooms have counted by this one
  }

  /** UID to name, of all whom we have heard of. */
  get names() {
    return this.directory.names;
  }

  /** The rooms that we are in, by their keys, without those of two that are closed. */
  get rooms() {
    return this.windows.rooms;
  }

  /** The key of the room that is looked at, or null. */
  get current() {
    return this.windows.current;
  }

  /** The room that is looked at. */
  get here() {
    return this.rooms.get(this.current ?? "");
  }

  /** @param {any} event whether it is of somebody who is blocked, so that it is not to be shown */
  hides({ type, uid }) {
    return OF_PEOPLE.includes(type) && this.blocked.has(uid);
  }

  /** @param {any} entry whether it is words of somebody else, who is not blocked */
  isOfOthers(entry) {
    return SPOKEN.includes(entry.type) && entry.uid !== this.me.uid && !this.hides(entry);
  }

  /** @param {any} entry whether it is words of somebody else for this person: a whisper, or with their name */
  wants(entry) {
    return this.isOfOthers(entry) && this.isMeant(entry);
  }

  /** @param {any} entry words of somebody else, blocked or not: whether they are for this person */
  isMeant({ room, text }) {
    return isPair(room) || isMentioned(this.me.name, text);
  }

  /** @param {any} entry whether it was said before we came: no reason for a sound */
  isOld({ room, seq }) {
    return seq <= (this.windows.of(room)?.newest ?? 0);
  }

  /** @param {string} who was typed: a name or a UID; all who can be meant, by UID */
  meant(who) {
    return this.directory.meant(who);
  }

  /**
   * All others of whom we have heard: who is in that room first, then by name.
   * @param {string | null} key
   * @returns {{uid: number, name: string}[]}
   */
  people(key) {
    return this.directory.others(this.me.uid, this.windows.of(key)?.members ?? new Map());
  }

  /**
   * Whether our role in a room permits that, as far as we know.
   * @param {string} key
   * @param {string} deed a command: kick, ban, topic, invite, owner, delete, ...
   * @param {number} [uid] to whom, or (delete) whose words
   */
  may(key, deed, uid) {
    const room = this.rooms.get(key);
    return room !== undefined && permits(room, this.me.uid, deed, uid);
  }
}
