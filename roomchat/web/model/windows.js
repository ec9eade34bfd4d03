// The rooms that there are to look at, and which of them is looked at.

import { Room } from "./room.js";

export class Windows {
  /** @type {Map<string, Room>} that we are in, by their keys */
  rooms = new Map();
  /** @type {string | null} the key of the room that is looked at */
  current = null;
  /** @type {Map<string, Room>} rooms of two that are not to be seen until something is said there */
  closed = new Map();
  /** @type {string[]} keys of those that were looked at, the last one at the end */
  looked = [];

  /** @param {string | null | undefined} key also of a room that is closed */
  of(key) {
    return this.rooms.get(key ?? "") ?? this.closed.get(key ?? "");
  }

  /** The keys of all. */
  keys() {
    return [...this.rooms.keys(), ...this.closed.keys()];
  }

  /** @param {Room} room is to be seen from now on */
  open(room) {
    this.closed.delete(room.key);
    this.rooms.set(room.key, room);
  }

  /** @param {Room} room is not to be seen for now */
  close(room) {
    this.rooms.delete(room.key);
    this.closed.set(room.key, room);
    this.#turnFrom(room.key);
  }

  /** @param {string} key of a room that we are in no more */
  remove(key) {
    this.rooms.delete(key);
    this.closed.delete(key);
    this.#turnFrom(key);
  }

  clear() {
    for (const key of this.keys()) this.remove(key);
  }

  /**
   * Look at a room, or (null) at none; whether that is another one.
   * @param {string | null} key
   */
  look(key) {
    const room = this.of(key);
    if (key === this.current || (key !== null && !room)) return false;
    const before = this.of(this.current);
    if (before) before.mark = 0;
    if (room) {
      this.open(room);
      if (room.unread) room.mark = room.read;
      room.dialledBy = 0;
    }
    this.current = key;
    this.looked = [...this.looked.filter((one) => one !== key), ...(key === null ? [] : [key])];
    return true;
  }

  /** @param {string} key what was looked at before it is looked at again */
  #turnFrom(key) {
    this.looked = this.looked.filter((one) => one !== key && this.rooms.has(one));
    if (this.current === key) this.current = this.looked.at(-1) ?? null;
  }

  /**
   * @param {any} plain a clone of such windows
   * @param {any} chat whose they are now
   */
  restore(plain, chat) {
    const made = (/** @type {Map<string, any>} */ rooms) =>
      new Map([...rooms].map(([key, one]) => [key, Object.assign(new Room(key, chat), one)]));
    Object.assign(this, plain, { rooms: made(plain.rooms), closed: made(plain.closed) });
  }
}
