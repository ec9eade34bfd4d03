// Where a session is: its rooms, how much of each it has seen, and the current one.

import { Markers } from "./markers.js";
import { compared, isPair } from "./protocol.js";

const HISTORY = 50; // messages that a join brings; what it brings may come again if the connection is lost before

export class Places {
  /** @type {string | null} joined or spoken in last: where a dial of our UID lands */
  room = null;
  /** @type {Map<string, number>} those to be in, by joining: the seq from which on nothing may be missed */
  rooms = new Map();
  /** @type {Map<string, number>} room to the seq of its last entry that came */
  cursors = new Map();
  markers = new Markers();
  /** @type {Set<string>} rooms of the hello: of these all comes that was missed */
  named = new Set();
  /** @type {Set<string>} rooms that were joined over this connection, as names are compared */
  entered = new Set();
  /** @type {Set<string>} rooms out of which somebody has put us, likewise */
  putOut = new Set();
  isReturning = false; // between a welcome and the mark behind all that was missed

  /** The rooms to be in, with their cursors, as a hello names them: the current one is the last. */
  nameRooms() {
    const rooms = new Map([...this.rooms, ...this.cursors]);
    const cursor = this.room === null ? undefined : rooms.get(this.room);
    if (this.room !== null && cursor !== undefined) {
      rooms.delete(this.room);
      rooms.set(this.room, cursor);
    }
    this.named = new Set(rooms.keys());
    return rooms;
  }

  /**
   * Be in no other rooms than these, and those of two, which come by themselves; the `left` events of the others.
   * @param {Iterable<string>} kept
   */
  leaveAllBut(kept) {
    const stay = new Set([...kept].map(compared));
    const gone = [...this.rooms.keys()].filter((room) => !isPair(room) && !stay.has(compared(room)));
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
    this.markers.take(event);
    // Those where we were come back in any order; an answer to what was asked is where we want to be.
    // Where another device of ours has gone we need not be.
    const isElsewhere = event.device !== undefined || this.isReturning;
    if (!isPair(room) && (event.re !== undefined || !(isElsewhere && this.room !== null))) this.room = room;
    const isCut = this.isReturning && (this.cursors.get(room) ?? 0) > last; // else an entry may have overtaken it
    if (isCut) this.cursors.set(room, last);
    let start = Math.max(0, last - HISTORY);
    if (this.isReturning && read !== undefined) start = Math.min(start, read); // on a new device: all not yet read
    if (!this.rooms.has(room)) this.rooms.set(room, start);
    return isCut;
  }

  /** @param {string} room */
  left(room) {
    this.markers.leave(room);
    this.cursors.delete(room);
    this.rooms.delete(room);
    if (room === this.room) this.room = [...this.rooms.keys()].reverse().find((one) => !isPair(one)) ?? null;
  }

  /** @param {import("./protocol.js").Gap} event */
  missed({ room, before }) {
    this.cursors.set(room, Math.max(this.cursors.get(room) ?? 0, before - 1));
  }
}
