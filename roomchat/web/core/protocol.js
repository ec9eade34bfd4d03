// The words of the chat, as they are on the wire: docs/protocol.md says what each of them means.

export const VERSION = 1; // of the protocol; hello names it
export const FEATURES = ["action", "private_rooms", "read", "delete", "block"]; // known beyond that
export const PAGE = 100; // entries in a page of history, people or rooms in a list
export const ACTION = "/me "; // how an action begins where there are only messages
export const MAX_DIGITS = 15; // of a number; all of them are safe in JSON

/**
 * A client in a list; `away` while its session waits for it to come back.
 * @typedef {{uid: number, name: string, away?: boolean}} Person
 *
 * A room in a list; `last_said` is the time of its newest message.
 * @typedef {{room: string, members_total: number, last_seq: number, last_said?: string}} RoomSummary
 *
 * Characters of a text and of a name, bytes of a line, rooms a client may be in.
 * @typedef {{text: number, name: number, line: number, rooms: number}} Limits
 *
 * `seen` is a time, empty if not known, like `address`; `here`: it is connected, `this`: it asks.
 * @typedef {{device: number, seen: string, address: string, here?: boolean, this?: boolean}} Device
 *
 * Who is banned or muted; without `until` for good.
 * @typedef {{uid: number, name: string, until?: string, reason?: string, address?: boolean}} Restrained
 *
 * @typedef {{number: number, uses: number, until: string, by: number}} OpenInvitation
 */

/**
 * What all entries have. `own` is not on the wire: the engine gives it to an entry that a line of this browser has
 * become, and it is the id of that line.
 * @typedef {{room: string, seq: number, uid: number, name: string, ts: string, n?: number, device?: number,
 *   own?: string}} Placed
 * @typedef {Placed & {type: "message" | "action", text: string}} Spoken
 * @typedef {Placed & {type: "tombstone"}} Tombstone
 * @typedef {Placed & {type: "deleted", of: number}} Deleted
 * @typedef {Placed & {type: "topic", topic: string}} TopicChanged
 *
 * Something done by `uid` to `whom`. `until` and `reason` are of those that may have them.
 * @typedef {Placed & {type: "kicked" | "banned" | "unbanned" | "muted" | "unmuted" | "promoted" | "demoted" |
 *   "owner", whom: number, whom_name: string, reason?: string, until?: string}} DeedTo
 * @typedef {Spoken | Tombstone | Deleted | TopicChanged | DeedTo} Entry
 */

/**
 * @typedef {string | number} Id  of a command: it comes back as `re`
 * @typedef {{re?: Id}} Answer
 * @typedef {Answer & {type: "welcome", uid: number, name: string, token: string, epoch: string, last_n: number,
 *   server: string, clients: Person[], clients_total: number, rooms: RoomSummary[], rooms_total: number,
 *   limits: Limits, motd?: string, device?: number, features?: string[], blocked?: number[], account?: boolean,
 *   lobby?: string}} Welcome
 * @typedef {Answer & {type: "registered", uid: number, name: string}} Registered
 * @typedef {Answer & {type: "devices", devices: Device[]}} DevicesPage
 * @typedef {Answer & {type: "logged_out", devices: number[]}} LoggedOut
 *
 * `isCut` is not on the wire: the session says so where the server has lost what was behind `last_seq`.
 * @typedef {Answer & {type: "joined", room: string, members: Person[], members_total: number, last_seq: number,
 *   by?: number, read?: number, role?: "owner" | "moderator", topic?: string, device?: number,
 *   isCut?: boolean}} Joined
 * @typedef {Answer & {type: "left", room: string, reason?: "kicked" | "banned" | "removed"}} Left
 * @typedef {Answer & {type: "member_joined" | "away" | "back", room: string, uid: number, name: string}} Presence
 * @typedef {Answer & {type: "member_left", room: string, uid: number, name: string,
 *   reason: "left" | "bye" | "lost" | "kicked" | "banned" | "shut_out"}} MemberLeft
 * @typedef {Answer & {type: "presence_summary", room: string, joined: number, left: number,
 *   members_total: number}} PresenceSummary
 * @typedef {Answer & {type: "renamed", uid: number, old: string, name: string}} Renamed
 * @typedef {Answer & {type: "who", clients: Person[], clients_total: number, room?: string, owner?: number,
 *   moderators?: number[]}} WhoPage
 * @typedef {Answer & {type: "rooms", rooms: RoomSummary[], rooms_total: number}} RoomsPage
 * @typedef {Answer & {type: "history", room: string, entries: Entry[], more: boolean}} HistoryPage
 * @typedef {Answer & {type: "read", room: string, read: number}} ReadMarker
 * @typedef {Answer & {type: "rules", room: string, topic?: string, owner?: Person, moderators?: Person[],
 *   banned?: Restrained[], muted?: Restrained[], invited?: Person[], invitations?: OpenInvitation[]}} RulesPage
 * @typedef {Answer & {type: "invited", room: string, uid: number, name: string, whom: number,
 *   whom_name: string}} Invited
 * @typedef {Answer & {type: "invitation", room: string, token: string, number: number, uses: number,
 *   until: string}} Invitation
 * @typedef {Answer & {type: "done", room: string, entry: number}} Done
 * @typedef {Answer & {type: "blocked" | "unblocked", uid: number}} Blocked
 * @typedef {Answer & {type: "stats", server: string, uptime: number, clients: number, away: number, rooms: number,
 *   messages: number, deliveries: number, batches: number, largest_batch: number}} StatsPage
 * @typedef {Answer & {type: "gap", room: string, after: number, before: number}} Gap
 * @typedef {Answer & {type: "notice", text: string}} Notice
 * @typedef {Answer & {type: "pong" | "bye" | "unregistered" | "password_changed"}} Plain
 * @typedef {Answer & {type: "error", code: string, message: string, n?: number}} ErrorEvent
 *
 * A line of ours that will not be sent: not on the wire, the session makes it of an error with an `n`.
 * @typedef {{type: "refusal", n: number, code: string, message: string, text: string, room?: string, uid?: number,
 *   kind?: "action", id?: string}} Refusal
 *
 * All that the server states. Others may come, from a later server; one with a `seq` is an entry.
 * @typedef {Welcome | Registered | DevicesPage | LoggedOut | Joined | Left | Presence | MemberLeft |
 *   PresenceSummary | Renamed | WhoPage | RoomsPage | HistoryPage | ReadMarker | RulesPage | Invited | Invitation
 *   | Done | Blocked | StatsPage | Gap | Notice | Plain | ErrorEvent | Entry} Event
 */

/**
 * @typedef {{type: "say", room: string, text: string, kind?: "action", n?: number, id?: Id}} Say
 * @typedef {{type: "whisper", uid: number, text: string, kind?: "action", n?: number, id?: Id}} Whisper
 * @typedef {{type: "hello", protocol: number, name?: string, token?: string, rooms?: Record<string, number>,
 *   epoch?: string, client?: string, presence?: boolean, features?: string[], password?: string,
 *   register?: boolean, invite?: string, new_token?: string, id?: Id}} Hello
 * @typedef {{type: "join", room: string, after?: number, history?: number, private?: boolean, invitation?: string,
 *   id?: Id}} Join
 *
 * Something done in `room`, to `uid` if it is done to somebody. `seconds`, `reason` and `address` are of those
 * that may have them.
 * @typedef {{type: "kick" | "ban" | "unban" | "mute" | "unmute" | "promote" | "demote" | "owner", room: string,
 *   uid: number, seconds?: number, reason?: string, address?: boolean, id?: Id}} DoTo
 * @typedef {{type: "register", password: string, invite?: string, id?: Id} |
 *   {type: "password", old: string, new: string, id?: Id} | {type: "unregister", password: string, id?: Id} |
 *   {type: "logout", device?: number, others?: boolean, id?: Id}} OfAccount
 * @typedef {{type: "topic", room: string, topic: string, id?: Id} |
 *   {type: "rules" | "leave", room: string, id?: Id} |
 *   {type: "invite", room: string, uid?: number, uses?: number, seconds?: number, id?: Id} |
 *   {type: "uninvite", room: string, uid?: number, number?: number, id?: Id}} InRoom
 * @typedef {{type: "history", room: string, before?: number, after?: number, limit?: number, id?: Id} |
 *   {type: "who", room?: string, after?: number, id?: Id} | {type: "rooms", after?: string, id?: Id}} Ask
 * @typedef {{type: "dial" | "block" | "unblock", uid: number, id?: Id} | {type: "name", name: string, id?: Id} |
 *   {type: "delete", room: string, seq: number, id?: Id} | {type: "read", room: string, seq: number, id?: Id} |
 *   {type: "ping" | "stats" | "bye" | "devices", id?: Id}} Other
 * @typedef {Say | Whisper | Hello | Join | DoTo | OfAccount | InRoom | Ask | Other} Command
 */

/** What was asked for will not be done. `code` is for programs, `message` a whole sentence for people. */
export class Refused extends Error {
  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.name = "Refused";
    this.code = code;
  }
}

/**
 * Whether it is an entry of a room's log, of whatever type: nothing else has a `seq`.
 * @param {any} event
 * @returns {event is Entry}
 */
export const isEntry = (event) => Number.isSafeInteger(event.seq) && typeof event.room === "string";

/** @param {string} room whether it belongs to two who whisper, by its name */
export const isPair = (room) => room.startsWith("@");

/**
 * The room in which these two whisper: `@3-7`, the lower UID first.
 * @param {number} one
 * @param {number} other
 */
export const pairRoom = (one, other) => `@${Math.min(one, other)}-${Math.max(one, other)}`;

/**
 * The UID of the other one in a room of two; null for any other room.
 * @param {string} room
 * @param {number} uid
 */
export function otherOf(room, uid) {
  const match = /^@(\d{1,16})-(\d{1,16})$/.exec(room);
  return match && (match.slice(1).map(Number).find((one) => one !== uid) ?? uid);
}

/**
 * Whose private room that is by its name, and how they have named it: `+7/plans`; null for any other name.
 * @param {string} room
 * @returns {{uid: number, name: string} | null}
 */
export function privateOf(room) {
  const match = /^\+([1-9]\d{0,15})\/(.*)$/s.exec(room);
  return match && { uid: Number(match[1]), name: match[2] };
}

// Those that Unicode calls <wide> or <narrow>: they are all in this block, but for the space.
const OTHER_WIDTH = /[\u3000\uff01-\uffee]/g;

/**
 * A name of a person or of a room as the server compares it: by case and width (RFC 8265, UsernameCaseMapped).
 * Use it as a key of what people type; events write a room as the server does.
 * @param {string} name
 */
export const compared = (name) =>
  name.normalize("NFC").replace(OTHER_WIDTH, (one) => one.normalize("NFKC")).toLowerCase().normalize("NFC");

/**
 * @param {string} one
 * @param {string} other
 */
export const isSame = (one, other) => compared(one) === compared(other);
