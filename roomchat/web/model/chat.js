// What is known of the chat, from the events so far: who we are, where we are, who is there, and what is unread.

import { isEntry, otherOf, pairRoom } from "../core/protocol.js";
import { Known, SPOKEN } from "./known.js";
import { Room } from "./room.js";

/** @typedef {import("../core/protocol.js").Entry} Entry */

/**
 * Tells: `change` with what has changed, "me", "rooms" (which there are, their names, what is new in them),
 * "people", "current", or "room:" and a key; `call` (Joined: somebody has dialled us, or whispers
 * for the first time).
 */
export class Chat extends Known {
  /** @type {Set<string>} */
  #changed = new Set();
  #isPast = false; // what is taken note of

  // ------------------------------------------------------------ what comes

  /**
   * Take note of an event; whether it is news to the person: after a lost connection much of what is known comes
   * again.
   * @param {any} event
   * @param {boolean} [isPast] it was told before the page was loaded, so nobody is called by it
   */
  take(event, isPast = false) {
    this.#isPast = isPast;
    const isNews = isEntry(event) ? this.#entry(event) : this.#event(event);
    this.#tell();
    return isNews;
  }

  /** @param {any} event */
  #event(event) {
    const room = this.windows.of(event.room);
    switch (event.type) {
      case "welcome":
        return this.#welcome(event);
      case "joined":
        return this.#joined(event);
      case "left":
        this.#left(event);
        return true;
      case "member_joined":
      case "back":
        this.directory.call(event.uid, event.name);
        return this.#come(event, room);
      case "member_left":
      case "away":
      case "presence_summary":
        return this.#come(event, room);
      case "who":
        this.#who(event, room);
        return true;
      case "rules":
        this.#changed.add(`room:${event.room}`);
        room?.ordered(event.owner?.uid, (event.moderators ?? []).map((/** @type {any} */ one) => one.uid));
        return true;
      case "rooms":
        this.#hear(event.rooms);
        return true;
      case "read":
        this.#changed.add("rooms").add(`room:${event.room}`);
        room?.readElsewhere(event.read);
        return true;
      case "invited":
        return this.#invited(event);
      default:
        return this.#person(event);
    }
  }

  /**
   * @param {any} event somebody comes or goes
   * @param {Room | undefined} room
   */
  #come(event, room) {
    this.#changed.add("people").add(`room:${event.room}`);
    return room?.come(event) ?? true;
  }

  /** @param {any} event about somebody, wherever they are */
  #person({ type, uid, name }) {
    if (type === "renamed") {
      this.directory.call(uid, name);
      if (uid === this.me.uid) this.become({ name });
      for (const room of this.rooms.values()) room.rename(uid, name);
      this.#changed.add("people").add("rooms").add("me");
    } else if (type === "blocked" || type === "unblocked") {
      this.block(uid, type === "blocked");
      this.#changed.add("people").add("rooms");
    } else if (type === "registered") {
      this.become({ account: true });
      this.#changed.add("me");
    }
    return true;
  }

  /** @param {import("../core/protocol.js").Welcome} event */
  #welcome(event) {
    const { uid, name, account = false, epoch, lobby, motd, limits } = event;
    const isFirst = this.epoch !== epoch;
    if (isFirst) this.#forget(); // in another log the UIDs are other people's
    this.become({ uid, name, account });
    Object.assign(this, { epoch, lobby, motd, limits });
    this.blocked = new Set(event.blocked);
    this.clients = { list: event.clients };
    for (const one of event.clients) this.directory.call(one.uid, one.name);
    this.directory.call(uid, name);
    this.#hear(event.rooms);
    this.#changed.add("me").add("people").add("rooms");
    return isFirst;
  }

  #forget() {
    this.windows.clear();
    this.heard.clear();
    this.invited.clear();
    this.directory.clear();
    this.lastWhisperer = this.putOut = null;
    this.#changed.add("current");
  }

  /** @param {import("../core/protocol.js").Joined} event */
  #joined(event) {
    const { room: key, members, by, re } = event;
    for (const { uid, name } of members) this.directory.call(uid, name);
    const known = this.windows.of(key);
    const room = known ?? new Room(key, this);
    const isByBlocked = by !== undefined && this.blocked.has(by); // who is blocked leads nowhere
    if (!known && room.isPair && isByBlocked) this.windows.close(room);
    else if (!known) this.windows.open(room);
    room.joined(event, !known);
    this.invited.delete(key);
    if (!room.isPair) {
      const { members_total, last_seq } = event;
      this.heard.set(key, { ...this.heard.get(key), room: key, members_total, last_seq });
    }
    this.#changed.add("rooms").add("people").add(`room:${key}`);
    if (by !== undefined && by !== this.me.uid && !isByBlocked && re === undefined && !this.#isPast) {
      if (this.current !== key && !room.isPair) room.dialledBy = by;
      this.#tell();
      this.emit("call", event);
    }
    return !known || by !== undefined || !!event.isCut; // else we have come back, or only look there again
  }

  /** @param {import("../core/protocol.js").Left} event */
  #left({ room: key }) {
    this.windows.remove(key);
    this.#changed.add("rooms").add("current").add(`room:${key}`);
  }

  /**
   * @param {import("../core/protocol.js").WhoPage} event
   * @param {Room | undefined} room
   */
  #who({ clients, clients_total: total, room: key, owner, moderators = [], re }, room) {
    for (const { uid, name } of clients) this.directory.call(uid, name);
    this.#changed.add("people");
    if (!room) return;
    room.meet(clients, total, re === undefined || clients.length === total);
    room.ordered(owner, moderators);
    this.#changed.add(`room:${key}`);
  }

  /** @param {import("../core/protocol.js").RoomSummary[]} rooms */
  #hear(rooms) {
    for (const one of rooms) this.heard.set(one.room, one);
    this.#changed.add("rooms");
  }

  /** @param {import("../core/protocol.js").Invited} event */
  #invited(event) {
    const { room, whom, re } = event;
    if (whom !== this.me.uid) return true;
    const isNews = re !== undefined || !this.invited.has(room); // it comes again with each hello
    if (!this.rooms.has(room)) this.invited.set(room, event);
    this.#changed.add("rooms");
    return isNews;
  }

  /** @param {any} entry */
  #entry(entry) {
    const { room: key, uid, name, type, whom } = entry;
    if (uid && name && !this.names.has(uid)) this.names.set(uid, name); // it may be an old one
    if ((type === "kicked" || type === "banned") && whom === this.me.uid) this.putOut = entry;
    const room = this.windows.of(key);
    if (!room) return true;
    const isOfOthers = SPOKEN.includes(type) && uid !== this.me.uid;
    const isForMe = isOfOthers && this.isMeant(entry);
    if (key === this.current && !this.isWatched && !room.mark && !room.unread && isOfOthers) room.mark = room.read;
    if (!room.add(entry, isOfOthers, isForMe)) return entry.own !== undefined; // found late, it confirms a line
    if (type === "topic") room.topic = entry.topic;
    else if (type === "deleted") room.erase(entry.of);
    else if (whom !== undefined) room.appoint(entry);
    if (isOfOthers && room.isPair && !this.hides(entry)) this.lastWhisperer = uid;
    if (!this.hides(entry) && entry.seq > room.read) this.windows.open(room);
    if (uid && name && isOfOthers) this.names.set(uid, name);
    this.#changed.add("rooms").add(`room:${key}`);
    return true;
  }

  #tell() {
    const changed = this.#changed;
    this.#changed = new Set();
    for (const what of changed) this.emit("change", what);
  }

  // ------------------------------------------------------------ where one looks

  /** @param {string | null} key of a room that we are in, or of two, if we are one of them; null: at none */
  look(key) {
    if (key !== null && !this.windows.of(key)) this.#meet(key);
    if (this.windows.look(key)) this.#changed.add("current").add("rooms");
    this.#tell();
  }

  /** @param {string} key of a room of two that is not there yet: the first whisper makes it */
  #meet(key) {
    const uid = otherOf(key, this.me.uid);
    if (uid === null || key !== pairRoom(uid, this.me.uid)) return;
    const room = new Room(key, this);
    const members = [...this.rooms.values()].map((one) => one.members.get(uid)).find(Boolean);
    const person = members ?? this.clients.list.find((one) => one.uid === uid);
    room.meet(person && !person.away ? [person] : [], 2, true);
    this.windows.open(room);
    this.#changed.add("rooms");
  }

  /**
   * The person has seen all of a room; the seq that the server is to be told, null: nothing.
   * @param {string} key
   */
  read(key) {
    const room = this.rooms.get(key);
    if (!room?.readUpTo(room.seen)) return null;
    this.#changed.add("rooms").add(`room:${key}`);
    this.#tell();
    return room.seen;
  }

  /** @param {string} key of a room of two, which is not to be seen until something is said there */
  close(key) {
    const room = this.rooms.get(key);
    if (!room?.isPair) return;
    this.windows.close(room);
    this.#changed.add("current").add("rooms");
    this.#tell();
  }

  // ------------------------------------------------------------ for a new tab

  /** All of it, as a value that can be stored and sent. */
  snapshot() {
    return structuredClone({ ...this });
  }

  /** @param {any} plain what `snapshot` has given, here or in another tab; all of before is forgotten */
  restore({ isWatched, directory, windows, ...plain }) {
    Object.assign(this, plain);
    Object.assign(this.directory, directory);
    this.windows.restore(windows, this);
    this.#changed.add("me").add("rooms").add("people").add("current");
    this.#tell();
  }
}
