// Where a session is: its rooms, how much of each it has seen and its person has read, and the current one.

import { compared, isPair } from "./protocol.js";

const HISTORY = 50; // messages that a join brings; what it brings may come again if the connection is lost before
export const READ_ID = "read"; // id of how far the person has read; the answer is for nobody else

export class Places {
  room = ""; // joined or spoken in last: where a dial of our UID lands
  /** @type {Map<string, number>} those to be in, by joining: the seq from which on nothing may be missed */
  rooms = new Map();
  /** @type {Map<string, number>} room to the seq of its last entry that came */
  cursors = new Map();
  /** @type {Map<string, number>} room to the seq up to which its person has read it, as the server knows */
  known = new Map();
  /** @type {Map<string, number>} room to seq: told perhaps, and not answered */
  wanted = new Map();
  /** @type {Map<string, number>} rooms of the hello, with their cursors: of these all comes that was missed */
  named = new Map();
  /** @type {Set<string>} rooms that were joined over this connection, as names are compared */
  entered = new Set();
  /** @type {Set<string>} rooms out of which somebody has put us, likewise */
  putOut = new Set();
  isReturning = false; // between a welcome and the mark behind all that was missed
  takesRead = false; // whether the server knows what a read marker is

  /** The rooms to be in but for those of two, which come by themselves. */
  get common() {
    return [...this.rooms.keys()].filter((room) => !isPair(room));
  }

  /** A hello names the rooms to be in: the current one is the last. */
  nameRooms() {
    this.named = new Map([...this.rooms, ...this.cursors]);
    const cursor = this.named.get(this.room);
    if (cursor === undefined) return;
    this.named.delete(this.room);
    this.named.set(this.room, cursor);
  }

  /**
   * Be in no other common rooms than these; the `left` events of the others.
   * @param {Iterable<string>} kept
   */
  leaveAllBut(kept) {
    const stay = new Set([...kept].map(compared));
    const gone = this.common.filter((room) => !stay.has(compared(room)));
    gone.forEach((room) => this.left(room));
    return gone.map((room) => ({ type: /** @type {const} */ ("left"), room }));
  }

  /**
   * @param {import("./protocol.js").Joined} event
   * @returns {boolean} whether the server has lost the end of its log: the cursor has gone back
   */
  joined(event) {
    const { room, last_seq: last, read } = event;
    this.entered.add(compared(room));
    this.putOut.delete(compared(room));
    this.marked(event);
    // Those where we were come back in any order; an answer to what was asked is where we want to be.
    // Where another device of ours has gone we need not be.
    const isElsewhere = event.device !== undefined || this.isReturning;
    if (!isPair(room) && (event.re !== undefined || !(isElsewhere && this.room))) this.room = room;
    const isCut = this.isReturning && (this.cursors.get(room) ?? 0) > last; // else an entry may have overtaken it
    if (isCut) this.cursors.set(room, last);
    let start = Math.max(0, last - HISTORY);
    if (this.isReturning && read !== undefined) start = Math.min(start, read); // on a new device: all not yet read
    if (!this.rooms.has(room)) this.rooms.set(room, start);
    return isCut;
  }

  /** @param {string} room */
  left(room) {
    for (const kept of [this.rooms, this.cursors, this.known, this.wanted]) kept.delete(room);
    if (room === this.room) this.room = this.common.at(-1) ?? "";
  }

  /** @param {import("./protocol.js").Gap} event */
  missed({ room, before }) {
    this.cursors.set(room, Math.max(this.cursors.get(room) ?? 0, before - 1));
  }

  // ------------------------------------------------------------ up to where it is read

  /**
   * The person has read a room up to there; what is to be sent, if that is news.
   * @param {string} room
   * @param {number} seq
   */
  read(room, seq) {
    if (!this.rooms.has(room) || seq <= Math.max(this.known.get(room) ?? 0, this.wanted.get(room) ?? 0)) return [];
    this.wanted.set(room, seq);
    return this.takesRead ? [told([room, seq])] : [];
  }

  /** What a lost connection may have swallowed of that. */
  owed() {
    return this.takesRead ? [...this.wanted].map(told) : [];
  }

  /**
   * The server has said how far it is.
   * @param {import("./protocol.js").Joined | import("./protocol.js").ReadMarker} event
   */
  marked(event) {
    const { room, read } = event;
    if (read === undefined) this.known.delete(room);
    else this.known.set(room, read);
    let wanted = this.wanted.get(room) ?? 0;
    if (event.type === "joined") wanted = Math.min(wanted, event.last_seq); // it may have lost the end of its log
    if (wanted <= (read ?? 0)) this.wanted.delete(room);
    else this.wanted.set(room, wanted);
  }
}

/** @param {[string, number]} marker */
const told = ([room, seq]) => ({ type: /** @type {const} */ ("read"), room, seq, id: READ_ID });
