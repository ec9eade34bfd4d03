// What a client must not forget: who it is, what it has seen, what it has said. The rules are those of
// docs/protocol.md, "Sequence numbers and cursors" and "Counting messages"; client/session.py has the same.

import { Login } from "./login.js";
import { Looks, isLook } from "./looks.js";
import { READ_ID } from "./markers.js";
import { Outcome } from "./outcome.js";
import { Places } from "./places.js";
import { FEATURES, VERSION, compared, isEntry, isPair, pairRoom } from "./protocol.js";
import { Said } from "./said.js";

export const CAUGHT_UP_ID = "caught-up"; // id of the ping that follows each hello
const PROGRAM = "roomchat in a browser";
const OWN = ["message", "action", "tombstone"]; // what something that was said comes back as

const LOST_REASON = "The server refused the message; its reason was lost with the connection.";
const DOUBT_REASON = "Nobody can tell any more whether this was said there.";
const OTHER_LOG = "The server has another log now, where the UID may be someone else's.";

/**
 * A session as it is kept: without what is pending, in values that can be cloned and stored.
 * @typedef {Record<string, any>} Kept
 * @typedef {import("./said.js").Line} Line
 */

/** One session, over any number of connections. Feed it every event as it comes; each is to be shown once. */
export class Session {
  uid = 0;
  device = 1; // of the client that the UID is of
  account = false; // whether the token is an account's
  /** @type {string | null} */
  token = null;
  /** @type {string | null} */
  epoch = null;
  /** @type {Set<number>} UIDs; the server that serves this page keeps them */
  blocked = new Set();
  /** @type {Map<number, string>} UID to name, of those whom we whisper with: nobody tells who is offline */
  names = new Map();
  places = new Places();
  said = new Said();
  /** @type {string | undefined} the name to be called, until the server has agreed */
  #asked;
  #looks = new Looks();
  #isWelcomed = false; // over this connection

  /**
   * @param {string} name
   * @param {import("./login.js").Proof} [proof]
   */
  constructor(name, proof) {
    this.name = this.#asked = name;
    this.login = new Login(proof);
  }

  /**
   * The session that `toKept` has told of.
   * @param {Kept} kept
   * @param {Iterable<Line>} pending what was said and had not come back, with its numbers
   */
  static fromKept(kept, pending = []) {
    const { name, n, room, rooms, cursors, putOut, known, wanted, ...who } = kept;
    const session = Object.assign(new Session(name), who);
    const { places, said } = session;
    Object.assign(places, { room, rooms, cursors, putOut });
    Object.assign(places.markers, { known, wanted });
    said.n = n;
    said.pending = new Map([...pending].map((line) => [line.n ?? 0, line]));
    if (session.token !== null) session.#asked = undefined;
    return session;
  }

  /** @returns {Kept} all but what is pending: that is kept line by line */
  toKept() {
    const { name, uid, device, account, token, epoch, blocked, names, said } = this;
    const { room, rooms, cursors, putOut, markers } = this.places;
    const { known, wanted } = markers;
    const who = { name, uid, device, account, token, epoch, blocked, names };
    return structuredClone({ ...who, n: said.n, room, rooms, cursors, putOut, known, wanted });
  }

  get pending() {
    return this.said.pending;
  }

  /**
   * The next hello asks to be called so, or to be that account: what it was refused for.
   * @param {string} name
   * @param {import("./login.js").Proof} proof
   */
  ask(name, proof) {
    this.#asked = name;
    this.login = new Login(proof);
  }

  // ------------------------------------------------------------ to the server

  /** How a connection begins. Its `rooms` are a Map: an object would put names that are numbers first. */
  hello() {
    this.places.entered.clear();
    this.#isWelcomed = false;
    const rooms = this.places.nameRooms();
    const proof = this.login.fields(this.token);
    const hello = { type: "hello", protocol: VERSION, client: PROGRAM, features: FEATURES, ...proof };
    if (this.token !== null) return { ...hello, name: this.#asked, rooms, epoch: this.epoch };
    this.places.named.clear();
    return { ...hello, name: this.#asked ?? this.name };
  }

  /**
   * Number a line and keep it until it comes back. Returns its number; throws Refused if it can't be said at all.
   * @param {Line} line
   */
  say(line) {
    const n = this.said.add(line);
    const { places } = this;
    if (line.room !== undefined && places.rooms.has(line.room) && !isPair(line.room)) places.room = line.room;
    return n;
  }

  /** What is to be sent now of that. */
  due() {
    return this.said.due();
  }

  /**
   * The person has read a room up to there; what is to be sent, if that is news.
   * @param {string} room
   * @param {number} seq
   */
  read(room, seq) {
    return this.places.rooms.has(room) ? this.places.markers.read(room, seq) : null;
  }

  // ------------------------------------------------------------ from the server

  /**
   * Take note of an event.
   * @param {any} event
   * @returns {Outcome}
   */
  receive(event) {
    if (isLook(event)) return this.#looked(event);
    if (isEntry(event)) return this.#entry(event);
    switch (event.type) {
      case "welcome":
        return this.#welcome(event);
      case "error":
        return this.#error(event);
      case "pong":
        return event.re === CAUGHT_UP_ID ? this.#caughtUp() : new Outcome(event);
      case "read":
        this.places.markers.take(event);
        return event.re === READ_ID ? new Outcome() : new Outcome(event);
      case "joined":
        if (isPair(event.room)) this.#meet(event.members);
        return new Outcome(this.places.joined(event) ? { ...event, isCut: true } : event);
      case "gap":
        this.places.missed(event);
        break;
      case "left":
        this.#left(event);
        break;
      default:
        this.#note(event);
    }
    return new Outcome(event);
  }

  /** @param {import("./protocol.js").Left} event */
  #left({ room, reason }) {
    const { places } = this;
    places.left(room);
    if (reason !== undefined || places.isReturning) places.putOut.add(compared(room));
  }

  /** @param {any} event something about who we are, or others */
  #note({ type, uid, name, devices }) {
    if (type === "registered") this.account = true;
    else if (type === "blocked") this.blocked.add(uid);
    else if (type === "unblocked") this.blocked.delete(uid);
    else if (type === "renamed" && uid === this.uid) this.name = name;
    else if (type === "renamed" && this.names.has(uid)) this.names.set(uid, name);
    else if (type === "unregistered" || (type === "logged_out" && devices.includes(this.device))) {
      this.login.over = type === "unregistered" ? "no_account" : "logged_out";
      [this.token, this.account] = [null, false];
    }
  }

  /** @param {import("./protocol.js").Person[]} people in a room of two */
  #meet(people) {
    for (const { uid, name } of people) if (uid !== this.uid) this.names.set(uid, name);
  }

  /** @param {import("./protocol.js").Welcome} event */
  #welcome(event) {
    const { places, said } = this;
    const outcome = new Outcome(event);
    const isOtherLog = event.epoch !== this.epoch;
    const { uid, name, token, epoch, account = false, device = 1 } = event;
    Object.assign(this, { uid, name, token, epoch, account, device });
    this.#asked = undefined;
    this.login.welcomed();
    this.blocked = new Set(event.blocked);
    said.limits = event.limits;
    said.features = new Set(event.features);
    places.markers.isKnown = said.features.has("read");
    places.isReturning = this.#isWelcomed = true;
    const rooms = [...places.rooms.keys()];
    if (isOtherLog) {
      // It does not know what we have seen, nor where we were; its UIDs are other people's.
      for (const kept of [places.cursors, places.rooms, places.markers.known, places.markers.wanted, this.names]) {
        kept.clear();
      }
      const whispers = [...said.pending].filter(([, line]) => line.uid !== undefined);
      for (const [n] of whispers) said.refuse(outcome, n, "other_log", OTHER_LOG);
    }
    said.countFrom(outcome, event.last_n);
    outcome.send = [...this.#owed(rooms), ...this.due(), { type: "ping", id: CAUGHT_UP_ID }];
    return outcome;
  }

  /**
   * Go into the rooms to be in: where we were, and where something is still to be said; not if we were put out.
   * @param {string[]} rooms where we were
   */
  #owed(rooms) {
    const { places } = this;
    const named = new Map([...this.said.rooms(), ...rooms].map((room) => [compared(room), room]));
    const out = new Set([...places.putOut, ...[...places.rooms.keys()].map(compared)]);
    return [...named].flatMap(([key, room]) => (isPair(room) || out.has(key) ? [] : [{ type: "join", room }]));
  }

  /** @param {any} event */
  #entry(event) {
    const outcome = new Outcome();
    const { room, seq, uid, name, n } = event;
    const isOwn = this.isOwn(event);
    const shown = isOwn ? this.#settled(outcome, event) : event;
    if (isOwn) this.said.handled(n);
    if (seq <= (this.places.cursors.get(room) ?? 0)) return outcome;
    this.places.cursors.set(room, seq);
    if (uid && name && isPair(room)) this.#meet([{ uid, name }]);
    outcome.show.push(shown);
    return outcome;
  }

  /** @param {any} entry whether it was said, and counted, in this session: another device of ours counts, too */
  isOwn({ type, uid, device = 1, n }) {
    return n !== undefined && uid === this.uid && device === this.device && OWN.includes(type);
  }

  /**
   * Whether to a refusal of our hello there is another one that may be accepted: as a new client, or with fewer
   * rooms, if the server takes fewer now.
   * @param {string} code
   */
  hasAnswer(code) {
    if (code !== "too_many_rooms") return !this.#isWelcomed && this.login.hasAnswer(code, this.account);
    return [...this.places.rooms.keys()].some((room) => !isPair(room) && room !== this.places.room);
  }

  /** @param {import("./protocol.js").ErrorEvent} event */
  #error(event) {
    const { code, n, message } = event;
    const outcome = new Outcome();
    if ((code === "storage_unavailable" || code === "out_of_order") && n !== undefined) {
      this.said.again();
      outcome.retry = true;
      if (code === "storage_unavailable") outcome.show.push(event);
    } else if (code === "unknown_token") {
      [this.token, this.epoch, this.account] = [null, null, false];
      outcome.send.push(this.hello());
    } else if (code === "name_owned" && !this.#isWelcomed) {
      outcome.send.push(this.hello());
    } else if (code === "too_many_rooms" && !this.#isWelcomed) {
      const { room } = this.places;
      outcome.show.push(event, ...this.places.leaveAllBut(room === null ? [] : [room]));
      outcome.send.push(this.hello());
    } else if (n === undefined) {
      if (event.re !== READ_ID) outcome.show.push(event);
    } else {
      this.said.handled(n);
      if (this.pending.has(n)) this.said.refuse(outcome, n, code, message);
      else outcome.show.push(event);
    }
    return outcome;
  }

  // ------------------------------------------------------------ what was handled and did not come

  /**
   * Catch-up is complete. What the server had handled when it welcomed us, and has not come back by now, was
   * refused, if its room's history does not have it either; the error that said why was lost with the old
   * connection. What was sent over this one may still be on its way.
   *
   * That it has not come proves nothing: who was out of a room, and came again, begins behind it.
   */
  #caughtUp() {
    const { places, said } = this;
    places.isReturning = false;
    // The error that says why has come already; it would come again with every hello that names them.
    const left = places.leaveAllBut(places.entered);
    for (const { room } of left) places.putOut.add(compared(room));
    const outcome = new Outcome(...left);
    /** @type {Map<string, Set<number>>} */
    const wanted = new Map();
    for (const [n, line] of [...said.pending].filter(([n]) => n <= said.welcomed)) {
      const room = line.room ?? pairRoom(line.uid ?? 0, this.uid);
      const isOut = places.named.has(room) && !places.entered.has(compared(room));
      if (isOut) said.refuse(outcome, n, "uncertain", DOUBT_REASON);
      else wanted.set(room, (wanted.get(room) ?? new Set()).add(n));
    }
    outcome.send = [...this.#looks.begin(wanted), ...places.markers.owed()];
    return outcome;
  }

  /** @param {any} event a page of history, or an error in its place */
  #looked(event) {
    const { found, lost, doubt, send } = this.#looks.take(event, (entry) => this.isOwn(entry));
    const outcome = new Outcome();
    outcome.send = send;
    outcome.show = found.filter((one) => this.pending.has(one.n ?? 0)).map((one) => this.#settled(outcome, one));
    const [code, reason] = doubt ? ["uncertain", DOUBT_REASON] : ["refused", LOST_REASON];
    for (const n of lost) this.said.refuse(outcome, n, code, reason);
    return outcome;
  }

  /**
   * What has come back, with the id of the line that it was.
   * @param {Outcome} outcome
   * @param {any} entry
   */
  #settled(outcome, entry) {
    const line = this.said.settle(outcome, entry.n);
    return line?.id === undefined ? entry : { ...entry, own: line.id };
  }
}
