// What a client must not forget: who it is, what it has seen, what it has said. The rules are those of
// docs/protocol.md, "Sequence numbers and cursors" and "Counting messages"; client/session.py has the same.

import { Login } from "./login.js";
import { Looks, isLook } from "./looks.js";
import { Outcome } from "./outcome.js";
import { Places, READ_ID } from "./places.js";
import { FEATURES, VERSION, compared, isEntry, isPair, pairRoom } from "./protocol.js";
import { Said } from "./said.js";

export const CAUGHT_UP_ID = "caught-up"; // id of the ping that follows each hello
const PROGRAM = "roomchat in a browser";
const AGAIN = ["storage_unavailable", "out_of_order"]; // why something that was said has to be said again
const REFUSALS = ["name_owned", "too_many_rooms"]; // of a hello: there may be another one

const LOST_REASON = "The server refused the message; its reason was lost with the connection.";
const DOUBT_REASON = "Nobody can tell any more whether this was said there.";
const OTHER_LOG = "The server has another log now, where the UID may be someone else's.";

/**
 * A session as it is kept: without what is pending, in values that can be cloned and stored.
 * @typedef {Record<string, any>} Kept
 * @typedef {import("./said.js").Line} Line
 */

/** One session, over any number of connections. Feed it every event as it comes; each is to be shown once. */
export class Session extends Places {
  name = "";
  uid = 0;
  device = 1; // of the client that the UID is of
  account = false; // whether the token is an account's
  /** @type {string | null} */
  token = null;
  /** @type {string | null} */
  epoch = null;
  said = new Said();
  login = new Login();
  /** @type {"" | "logged_out" | "unregistered"} how it has ended for good, by its own wish */
  over = "";
  /** @type {string | undefined} the name to be called by, until the server has agreed */
  #asked;
  #looks = new Looks();
  #isWelcomed = false; // over this connection

  /**
   * The session that `toKept` has told of.
   * @param {Kept} kept
   * @param {Iterable<import("./said.js").Numbered>} pending what was said and had not come back
   */
  static fromKept({ n, ...kept }, pending) {
    const session = Object.assign(new Session(), kept);
    session.room ??= ""; // a page of before has kept null
    session.said.n = n;
    session.said.pending = new Map([...pending].map((line) => [line.n, line]));
    return session;
  }

  /** @returns {Kept} all but what is of one connection, and what is pending: that is kept line by line */
  toKept() {
    const { said, login, over, named, entered, isReturning, takesRead, ...kept } = this;
    return structuredClone({ ...kept, n: said.n });
  }

  /**
   * The next hello asks to be called so, or to be that account.
   * @param {string} name
   * @param {import("./login.js").Proof} [proof]
   */
  ask(name, proof) {
    this.#asked = name;
    this.login = new Login(proof);
  }

  // ------------------------------------------------------------ to the server

  /** How a connection begins. Its `rooms` are a Map: an object would put names that are numbers first. */
  hello() {
    this.entered.clear();
    this.#isWelcomed = false;
    this.nameRooms();
    const proof = this.login.fields(this.token);
    const hello = { type: "hello", protocol: VERSION, client: PROGRAM, features: FEATURES, ...proof };
    if (this.token !== null) return { ...hello, name: this.#asked, rooms: this.named, epoch: this.epoch };
    this.named.clear();
    return { ...hello, name: this.#asked ?? this.name };
  }

  /**
   * Number a line and keep it until it comes back. Returns it; throws Refused if it can't be said at all.
   * @param {Line} line
   */
  say(line) {
    const numbered = this.said.add(line);
    const { room = "" } = line;
    if (this.common.includes(room)) this.room = room;
    return numbered;
  }

  // ------------------------------------------------------------ from the server

  /**
   * Take note of an event.
   * @param {any} event
   * @returns {Outcome}
   */
  receive(event) {
    const { type, re } = event;
    if (isLook(event)) return this.#looked(event);
    if (isEntry(event)) return this.#entry(event);
    if (type === "welcome") return this.#welcome(event);
    if (type === "error") return this.#error(event);
    if (type === "pong" && re === CAUGHT_UP_ID) return this.#caughtUp();
    this.#note(event);
    if (type === "joined") return new Outcome({ ...event, isCut: this.joined(event) });
    return type === "read" && re === READ_ID ? new Outcome() : new Outcome(event);
  }

  /** @param {any} event something about who we are and where; of others the chat model knows */
  #note(event) {
    const { type, uid, name, room } = event;
    if (type === "read") this.marked(event);
    else if (type === "gap") this.missed(event);
    else if (type === "left") {
      this.left(room);
      if (event.reason !== undefined || this.isReturning) this.putOut.add(compared(room));
    } else if (type === "registered") this.account = true;
    else if (type === "renamed" && uid === this.uid) this.name = name;
    else if (type === "unregistered" || (type === "logged_out" && event.devices.includes(this.device))) {
      this.over = type;
      [this.token, this.account] = [null, false];
    }
  }

  /** @param {import("./protocol.js").Welcome} event */
  #welcome(event) {
    const { said } = this;
    const outcome = new Outcome(event);
    const isOtherLog = event.epoch !== this.epoch;
    const { uid, name, token, epoch, account = false, device = 1 } = event;
    Object.assign(this, { uid, name, token, epoch, account, device });
    this.#asked = undefined;
    this.login = new Login();
    said.limits = event.limits;
    said.features = new Set(event.features);
    this.takesRead = said.features.has("read");
    this.isReturning = this.#isWelcomed = true;
    const rooms = [...this.rooms.keys()];
    if (isOtherLog) {
      // It does not know what we have seen, nor where we were; its UIDs are other people's.
      for (const kept of [this.cursors, this.rooms, this.known, this.wanted]) kept.clear();
      for (const { n, uid: whom } of said.pending.values()) {
        if (whom !== undefined) said.refuse(outcome, n, "other_log", OTHER_LOG);
      }
    }
    said.countFrom(outcome, event.last_n);
    outcome.send = [...this.#lacking(rooms), ...said.due(), { type: "ping", id: CAUGHT_UP_ID }];
    return outcome;
  }

  /**
   * Go into the rooms to be in: where we were, and where something is still to be said; not if we were put out.
   * @param {string[]} rooms where we were
   */
  #lacking(rooms) {
    const lacking = new Map([...this.said.rooms(), ...rooms].map((room) => [compared(room), room]));
    for (const key of [...this.putOut, ...[...this.rooms.keys()].map(compared)]) lacking.delete(key);
    return [...lacking.values()].filter((room) => !isPair(room)).map((room) => ({ type: "join", room }));
  }

  /** @param {any} event */
  #entry(event) {
    const outcome = new Outcome();
    const { room, seq, n } = event;
    if (this.isOwn(event)) {
      this.said.handled(n);
      event = this.#settled(outcome, event);
    }
    if (seq > (this.cursors.get(room) ?? 0)) {
      this.cursors.set(room, seq);
      outcome.show.push(event);
    }
    return outcome;
  }

  /** @param {any} entry whether it was said, and counted, in this session: another device of ours counts, too */
  isOwn({ uid, device = 1, n }) {
    return n !== undefined && uid === this.uid && device === this.device;
  }

  /**
   * Whether to a refusal of our hello there is another one that may be accepted: as a new client, or with fewer
   * rooms, if the server takes fewer now.
   * @param {string} code
   */
  hasAnswer(code) {
    if (code !== "too_many_rooms") return !this.#isWelcomed && this.login.hasAnswer(code, this.account);
    return this.common.some((room) => room !== this.room);
  }

  /** @param {import("./protocol.js").ErrorEvent} event */
  #error(event) {
    const { code, n, message } = event;
    const outcome = new Outcome();
    if (AGAIN.includes(code) && n !== undefined) {
      this.said.again();
      outcome.retry = true;
      if (code === "storage_unavailable") outcome.show.push(event);
    } else if (code === "unknown_token" || (REFUSALS.includes(code) && !this.#isWelcomed)) {
      if (code === "unknown_token") [this.token, this.epoch, this.account] = [null, null, false];
      if (code === "too_many_rooms") outcome.show.push(event, ...this.leaveAllBut([this.room]));
      outcome.send.push(this.hello());
    } else if (n === undefined) {
      if (event.re !== READ_ID) outcome.show.push(event);
    } else {
      this.said.handled(n);
      if (this.said.pending.has(n)) this.said.refuse(outcome, n, code, message);
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
    const { said } = this;
    this.isReturning = false;
    // The error that says why has come already; it would come again with every hello that names them.
    const left = this.leaveAllBut(this.entered);
    for (const { room } of left) this.putOut.add(compared(room));
    const outcome = new Outcome(...left);
    /** @type {Map<string, number[]>} */
    const wanted = new Map();
    for (const { n, uid = 0, room = pairRoom(uid, this.uid) } of said.pending.values()) {
      if (n > said.welcomed) break;
      const isOut = this.named.has(room) && !this.entered.has(compared(room));
      if (isOut) said.refuse(outcome, n, "uncertain", DOUBT_REASON);
      else wanted.set(room, [...(wanted.get(room) ?? []), n]);
    }
    outcome.send = [...this.#looks.begin(wanted), ...this.owed()];
    return outcome;
  }

  /** @param {any} event a page of history, or an error in its place */
  #looked(event) {
    const { found, lost, doubt, send } = this.#looks.take(event, (entry) => this.isOwn(entry));
    const outcome = new Outcome();
    outcome.send = send;
    outcome.show = found.filter(({ n = 0 }) => this.said.pending.has(n)).map((one) => this.#settled(outcome, one));
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
    return { ...entry, own: this.said.settle(outcome, entry.n)?.id };
  }
}
