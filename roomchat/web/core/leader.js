// What the tab that leads does for all: it has the connection, numbers what is said, and keeps what comes.

import { Refused } from "./protocol.js";
import { Reconnecting, offlineNow } from "./reconnecting.js";
import { Session } from "./session.js";
import { Superseded } from "./storage.js";
import { unguessable } from "./unguessable.js";

const FULL = "This browser's disk takes nothing more: what is not sent yet is lost when you close this tab.";
const AGAIN = 1_000; // ms until a session that was taken from us is taken back
const TRUCE = 60_000; // ms in which that is done a few times only, or two would do so for ever
const FEW = 4;

// Ends after which nothing of the session is of use.
const OVER = ["logged_out", "unregistered"];
// Ends at which the session is still there: with another name, or as an account, it may come in.
const BARRED = ["account_needed", "name_taken", "name_owned", "bad_name"];

/**
 * @typedef {import("./engine.js").Status} Status
 * @typedef {import("./engine.js").Entrance} Entrance
 * @typedef {import("./storage.js").Frame} Frame
 *
 * `publish`: all tabs show this. `tell`: how things stand. `notice`: what does not work here. `lost`: it does not
 * lead any more.
 * @typedef {{publish: (frame: Frame) => void, tell: (status: Status) => void, notice: (sentence: string) => void,
 *   lost: () => void}} Told
 */

export class Leader {
  #storage;
  #told;
  #outside;
  #term = unguessable(); // its name, as the storage knows who leads
  /** @type {Status} */
  #status = { phase: "starting", sentence: "" };
  /** @type {Reconnecting | null} */
  #connection = null;
  #isFresh = false; // the session on the connection is not the one that is kept
  #isBarred = false; // the session that is kept may come in, if it is asked for otherwise
  #isOver = false;
  #lobby = ""; // to go into, if the session is in no room
  #fetched = 0; // the last line without a number that was fetched
  #fetching = Promise.resolve();
  #pos = 0; // of the last frame that was published
  /** @type {number[]} when somebody has taken the session */
  #replaced = [];
  /** @type {(() => void)[]} who waits for the end of connecting */
  #waiting = [];

  /**
   * @param {import("./storage.js").Storage} storage
   * @param {Told} told
   * @param {import("./outside.js").Outside} outside
   */
  constructor(storage, told, outside) {
    this.#storage = storage;
    this.#told = told;
    this.#outside = outside;
  }

  /** Go on where the last one was. */
  async start() {
    const session = await this.#claim().catch((error) => {
      this.#tell("ended", `This browser's storage does not work (${error.message}).`);
      throw error;
    });
    if (this.#isOver) return;
    if (session === null) return this.#tell("stranger");
    this.#connect(session);
    await this.fetch();
    this.look(); // somebody may have been quicker, or have ended it
  }

  /** The session that is kept, if there is one: from now on nobody else leads. */
  async #claim() {
    const { session, pending } = await this.#storage.claim(this.#term);
    return session ? Session.fromKept(session, pending) : null; // without a token it is to come in as somebody new
  }

  /** Another tab may lead. Done when nothing of this one is on its way to the disk. */
  async stop() {
    this.#isOver = true;
    this.#waiting.splice(0).forEach((go) => go());
    await this.#close();
  }

  /** Have no connection any more: what it says of its end is of no use. Done when all that has come is kept. */
  async #close() {
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }

  /** Whether it leads still; if not, `lost` is told. */
  async check() {
    if (!this.#isOver && !(await this.#storage.leads(this.#term))) this.#lose();
    return !this.#isOver;
  }

  /**
   * Keep how the chat looks behind that frame.
   * @param {number} pos
   * @param {any} chat
   */
  async checkpoint(pos, chat) {
    await this.#storage.checkpoint(this.#term, pos, chat).catch((error) => this.#failed(error));
  }

  // ------------------------------------------------------------ what tabs ask for

  /** Somebody looks, so there is no time to wait. */
  look() {
    this.#connection?.retry();
  }

  /** Tell how things stand, again, to somebody who looks. */
  async status() {
    this.#told.tell(this.#status);
    this.look();
  }

  /**
   * @param {Entrance} entrance
   * @returns {Promise<any>} the welcome; throws Refused
   */
  async enter({ name, ...proof }) {
    await this.#close();
    this.#tell("connecting", "Connecting.");
    const kept = this.#isBarred && (proof.register || !proof.password) ? await this.#claim() : null;
    this.#isFresh = kept === null;
    const session = kept ?? new Session();
    session.ask(name, proof);
    const connection = this.#connect(session);
    try {
      const welcome = await connection.open();
      this.#isBarred = false;
      return welcome;
    } catch (error) {
      if (this.#connection === connection) {
        this.#connection = null;
        this.#isFresh = false;
        // Whoever was here before still is.
        if (this.#isBarred) this.#tell("stranger");
        else await this.start();
      }
      throw error;
    }
  }

  /**
   * @param {any} command
   * @returns {Promise<any>} the event that answers it; throws Refused
   */
  async ask(command) {
    if (this.#status.phase === "connecting") await new Promise((go) => this.#waiting.push(() => go(undefined)));
    if (this.#connection === null || this.#isOver) throw offlineNow();
    return this.#connection.ask(command);
  }

  /** @param {{room: string, seq: number}} seen */
  async read({ room, seq }) {
    this.#connection?.read(room, seq);
  }

  /** Take the lines that tabs have kept, and have them sent. */
  async fetch() {
    const fetching = this.#fetching.then(() => this.#fetchAll()).catch((error) => this.#failed(error));
    await (this.#fetching = fetching.catch(() => {})); // they stay where they are
  }

  async logout() {
    const connection = this.#connection;
    this.#connection = null;
    if (this.#status.phase === "online") await connection?.logout().catch(() => {}); // else nobody can be told
    await connection?.close();
    await this.#forget(await this.#unsent());
  }

  async retry() {
    if (this.#status.phase === "ended") await this.start();
    else this.look();
  }

  // ------------------------------------------------------------ the connection

  /** @param {Session} session */
  #connect(session) {
    const connection = new Reconnecting({
      session,
      keep: (change) => this.#keep(connection, change),
      status: (status) => this.#changed(connection, status),
      outside: this.#outside,
    });
    this.#connection = connection;
    this.#fetched = 0;
    return connection;
  }

  /**
   * @param {Reconnecting} connection
   * @param {import("./reconnecting.js").Change} change
   */
  async #keep(connection, change) {
    if (this.#isOver) throw new Superseded();
    if (!change.session.token && this.#isFresh) return; // not let in yet
    const lobby = change.show.find((/** @type {any} */ { type }) => type === "welcome")?.lobby;
    if (lobby) this.#lobby = lobby;
    const lost = this.#isFresh ? await this.#unsent() : ""; // of who was here before
    const keep = (more = {}) => this.#storage.keep(this.#term, { ...change, ...more }, this.#isFresh);
    const frame = await keep().catch(async (error) => {
      await this.#failed(error);
      await this.#storage.shrink(this.#term).catch(() => {});
      return keep().catch(async () => {
        await this.#giveUp();
        return keep({ pending: [...connection.session.said.pending.values()] });
      });
    });
    this.#isFresh = false;
    if (frame) this.#publish(frame);
    if (lost) this.#told.notice(lost);
  }

  /** @param {Frame} frame */
  #publish(frame) {
    this.#pos = frame.pos;
    this.#told.publish(frame);
  }

  /** The disk is full, also when it has been made room on. */
  async #giveUp() {
    this.#storage.giveUp(this.#pos);
    await this.#storage.claim(this.#term);
    this.#told.notice(FULL);
  }

  /** @param {unknown} error rejects if it leads no more */
  async #failed(error) {
    if (error instanceof Superseded) {
      this.#lose();
      throw error;
    }
  }

  /**
   * @param {Reconnecting} connection
   * @param {import("./reconnecting.js").Status} status
   */
  async #changed(connection, { phase, sentence, code, retryAt }) {
    if (this.#isOver || connection !== this.#connection) return;
    if (phase === "online") this.#goToLobby(connection);
    if (phase === "ended") {
      // Another tab that leads has the same session.
      if (!(await this.check()) || connection !== this.#connection) return;
      this.#connection = null;
      if (code === "replaced" && this.#takesBack()) return;
      if (OVER.includes(code ?? "")) return this.#forget(`${sentence} ${await this.#unsent()}`.trim());
      this.#isBarred = BARRED.includes(code ?? "");
      if (this.#isBarred) return this.#tell("stranger", sentence);
    }
    this.#tell(phase, sentence, retryAt);
  }

  /** A tab that led before us may have been asleep when it was about to connect, and has done so now. */
  #takesBack() {
    const now = this.#outside.now();
    this.#replaced = [...this.#replaced.filter((time) => time > now - TRUCE), now];
    if (this.#replaced.length > FEW) return false;
    this.#tell("connecting", "Connecting.");
    this.#outside.after(AGAIN, () => this.#again());
    return true;
  }

  async #again() {
    if (this.#connection === null && (await this.check())) await this.start().catch(() => {}); // it is told why
  }

  /** Where people meet first. @param {Reconnecting} connection */
  #goToLobby(connection) {
    if (this.#lobby && !connection.session.common.length) connection.send({ type: "join", room: this.#lobby });
    this.#lobby = "";
  }

  /** Words for what is lost with the session that is kept; "": nothing. */
  async #unsent() {
    const count = (await this.#storage.load()).kept?.waiting.length;
    return count ? `Not sent: ${count} of your messages.` : "";
  }

  /** @param {string} sentence why */
  async #forget(sentence) {
    this.#publish(await this.#storage.forget(this.#term));
    this.#tell("stranger", sentence);
  }

  /** @param {Status["phase"]} phase @param {string} [sentence] @param {number} [retryAt] */
  #tell(phase, sentence = "", retryAt) {
    if (this.#isOver) return;
    this.#status = { phase, sentence, retryAt };
    if (phase !== "connecting") this.#waiting.splice(0).forEach((go) => go());
    this.#told.tell(this.#status);
  }

  #lose() {
    if (this.#isOver) return;
    this.stop();
    this.#told.lost();
  }

  async #fetchAll() {
    const connection = this.#connection;
    if (connection === null || this.#isFresh) return; // who is about to come in is not who has said these
    for (const line of await this.#storage.unsent(this.#fetched)) {
      if (this.#isOver || connection !== this.#connection) return;
      try {
        connection.say(line);
        this.#fetched = Number(line.id);
      } catch (error) {
        // One that has ended says nothing; the next one will.
        if (!(error instanceof Refused) || error.code === "offline_now") throw error;
        this.#fetched = Number(line.id);
        const { code, message } = error;
        this.#publish(await this.#storage.refuse(this.#term, { ...line, type: "refusal", n: 0, code, message }));
      }
    }
  }
}
