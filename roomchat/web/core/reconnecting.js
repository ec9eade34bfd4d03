// A session kept alive: connecting, coming back, sending again. Nothing is sent or shown before it is kept.

import { Connection } from "./connection.js";
import { Keeping } from "./keeping.js";
import { Refused } from "./protocol.js";
import { Questions } from "./questions.js";
import { CAUGHT_UP_ID } from "./session.js";
import { verdict } from "./verdict.js";

const FIRST_PAUSE = 100; // ms until the first try to come back; then twice as long each time
const MAX_PAUSE = 10_000; // ms; a server that was down for long has its people back soon
const STORAGE_RETRY = 1_000; // ms until a server whose disk took nothing is asked again
const GOODBYE_TIMEOUT = 5_000; // ms that the server has to say goodbye
const MAX_GATHERED = 20_000; // events that wait to be kept: with more the connection is given up, and comes again

export const offlineNow = () =>
  new Refused("offline_now", "There is no connection now; try again when it is back.");

/**
 * How things stand. `retryAt`, in ms as `Date.now()`: when the next try is; without it, it is under way.
 * @typedef {{phase: "connecting" | "online" | "offline" | "ended", sentence: string, code?: string,
 *   retryAt?: number}} Status
 * @typedef {import("./keeping.js").Change} Change
 * @typedef {import("./said.js").Line} Line
 */

export class Reconnecting {
  /** @type {import("./session.js").Session} */
  session;
  #keeping;
  #status;
  #outside;
  #questions;
  #pause = FIRST_PAUSE; // before the next try
  /** @type {Connection | null} */
  #connection = null;
  #isReady = false; // welcomed over this connection
  #isFirst = false; // `open` waits for the first welcome
  #isLost = false; // since the last time that all was well
  #isEnded = false;
  #isPaused = false; // the server could not store what was said: it has a moment for that
  #stopWaiting = () => {}; // for the next try
  /** @type {PromiseWithResolvers<any> | undefined} */
  #opening;

  /**
   * @param {object} options
   * @param {import("./session.js").Session} options.session what must not be forgotten; nobody else changes it
   * @param {(change: Change) => Promise<void>} options.keep never called again before it is done; fails: it ends
   * @param {(status: Status) => void} options.status
   * @param {import("./outside.js").Outside} options.outside
   */
  constructor({ session, keep, status, outside }) {
    this.session = session;
    this.#keeping = new Keeping(session, keep, ({ message }) =>
      this.#end("not_kept", `The session can't be kept in this browser (${message}).`));
    this.#status = status;
    this.#outside = outside;
    this.#questions = new Questions(outside);
  }

  // ------------------------------------------------------------ its life

  /**
   * Connect, for somebody who comes in the first time: the welcome.
   * @returns {Promise<any>} throws Refused if the server does not let them in, or does not answer
   */
  open() {
    this.#isFirst = true;
    this.#opening = Promise.withResolvers();
    this.#connect();
    return this.#opening.promise;
  }

  /**
   * Connect, and try on for as long as there is use in it. Whoever looks wants it now: at once, or to see whether
   * the server is still there. Before a welcome it may take its time (passwords), and knows of no ping.
   */
  retry() {
    if (this.#isEnded) return;
    if (this.#connection === null) this.#connect();
    else if (this.#isReady) this.#connection.check();
  }

  /** End the connection; the seat waits for the next one. Done when all that has come is kept. */
  async close() {
    this.#stop();
    const error = offlineNow();
    this.#opening?.reject(error);
    this.#questions.end(error);
    await this.#keeping.busy;
  }

  /**
   * Nobody comes back with this session: an account's device is logged out, a guest says goodbye. Done when the
   * server has answered, or has had the time for it; then it is to be closed.
   */
  logout() {
    const said = this.ask({ type: this.session.account ? "logout" : "bye" });
    const late = new Promise((resolve) => this.#outside.after(GOODBYE_TIMEOUT, () => resolve(null)));
    return Promise.race([said, late]);
  }

  // ------------------------------------------------------------ what is asked of it

  /**
   * Number a line and keep it until it comes back; it is sent when that is done, and there is a connection.
   * @param {Line} line
   * @throws {Refused} it can't be said at all
   */
  say(line) {
    if (this.#isEnded) throw offlineNow();
    this.#keeping.said(this.session.say(line));
    this.#sendDue();
  }

  /**
   * Ask for something. The answer comes among the events, too.
   * @param {import("./protocol.js").Command} command
   * @returns {Promise<any>} throws Refused
   */
  async ask(command) {
    if (!this.#isReady) throw offlineNow();
    const answer = this.#questions.ask(command);
    this.#sendDue();
    return answer;
  }

  /**
   * Send something whose answer comes among the events, if there is a connection.
   * @param {import("./protocol.js").Command} command
   */
  send(command) {
    if (this.#isReady) this.#send([command]);
  }

  /**
   * The person has read a room up to there.
   * @param {string} room
   * @param {number} seq
   */
  read(room, seq) {
    this.session.read(room, seq).forEach((command) => this.send(command));
  }

  // ------------------------------------------------------------ connecting

  #connect() {
    this.#stopWaiting();
    this.#isPaused = false;
    this.#status(this.#isLost
      ? { phase: "offline", sentence: "Trying to connect again." }
      : { phase: "connecting", sentence: "Connecting." });
    const connection = new Connection(this.#outside, {
      open: () => connection.send(this.session.hello()),
      lines: (lines) => this.#receive(connection, lines),
      end: (reason) => this.#lost(reason),
    });
    this.#connection = connection;
  }

  /** @param {string} reason */
  #lost(reason) {
    this.#lose();
    if (this.#isFirst) return this.#end("no_connection", reason);
    this.#isLost = true;
    // Jittered, so that the thousands whom a server lost do not come back at the same moment.
    const pause = this.#pause * (0.5 + this.#outside.chance() / 2);
    this.#pause = Math.min(2 * this.#pause, MAX_PAUSE);
    this.#stopWaiting = this.#outside.after(pause, () => this.#connect());
    const sentence = `${reason} Trying again; what you type is kept.`;
    this.#status({ phase: "offline", sentence, retryAt: this.#outside.now() + pause });
  }

  #lose() {
    this.#connection?.close();
    this.#connection = null;
    this.#isReady = false;
    this.#stopWaiting();
  }

  #stop() {
    this.#isEnded = true;
    this.#lose();
  }

  /**
   * @param {string} code
   * @param {string} sentence
   */
  #end(code, sentence) {
    this.#stop();
    const error = new Refused(code, sentence);
    this.#keeping.behind(() => {
      this.#opening?.reject(error);
      this.#questions.end(error);
      this.#status({ phase: "ended", sentence, code });
    });
  }

  // ------------------------------------------------------------ what comes

  /**
   * @param {Connection} connection
   * @param {string[]} lines
   */
  #receive(connection, lines) {
    try {
      for (const line of lines) {
        if (connection !== this.#connection) return;
        this.#take(JSON.parse(line));
      }
    } catch {
      this.#lost("The server has sent what this page does not understand.");
    }
    if (this.#isEnded) return;
    if (this.#keeping.size > MAX_GATHERED) this.#lost("More has come than this browser can keep at a time.");
    this.#sendDue();
  }

  /** @param {any} event */
  #take(event) {
    if (typeof event.type !== "string") throw new TypeError("no event");
    const end = event.type === "error" && verdict(event, this.session, this.#isReady);
    if (end) return this.#isFirst || end.isFinal ? this.#end(end.code, end.message) : this.#lost(end.message);
    const outcome = this.session.receive(event);
    // It was of use, though it may end before all has come that was missed.
    if (event.seq !== undefined && outcome.show.length > 0) this.#pause = FIRST_PAUSE;
    this.#keeping.news(outcome);
    this.#send(outcome.send);
    this.#keeping.behind(() => this.#questions.take(event));
    if (event.type === "welcome") this.#welcomed(event);
    if (event.type === "pong" && event.re === CAUGHT_UP_ID) this.#caughtUp();
    if (outcome.retry) this.#wait();
    const { over } = this.session;
    if (over) this.#end(over, over === "logged_out" ? "This device is logged out." : "Your account has ended.");
  }

  /** @param {any} event */
  #welcomed(event) {
    this.#isReady = true;
    this.#isFirst = false;
    this.#questions.again();
    this.#keeping.behind(() => this.#opening?.resolve({ ...event, token: "" }));
  }

  /** All that was missed stands before this. */
  #caughtUp() {
    this.#pause = FIRST_PAUSE;
    const sentence = this.#isLost ? "The connection is back." : "";
    this.#isLost = false;
    const connection = this.#connection;
    this.#keeping.behind(() => connection === this.#connection && this.#status({ phase: "online", sentence }));
  }

  #wait() {
    this.#isPaused = true;
    this.#outside.after(STORAGE_RETRY, () => {
      this.#isPaused = false;
      this.#sendDue();
    });
  }

  // ------------------------------------------------------------ sending

  /** What may be sent now. */
  #sendDue() {
    if (!this.#isReady) return;
    const due = this.#isPaused ? [] : this.session.said.due();
    this.#send([...due, ...this.#questions.due(this.session.said)]);
  }

  /** @param {any[]} commands over this connection, when all so far is kept */
  #send(commands) {
    const connection = this.#connection;
    this.#keeping.behind(() => commands.forEach((one) => connection?.send(one)));
  }
}
