// All that the views know of the outside: who we are there, what happens, and what is said. The same in every tab.
//
// A first version, to try the views with: one tab, in memory. What is said waits for the connection, but not on disk.

import { Emitter } from "./emitter.js";
import { FEATURES, PAGE, Refused, VERSION, isEntry } from "./protocol.js";

export { Refused };

/**
 * How things stand. `stranger`: nobody is logged in here, the entrance is to be shown. `offline`: there is a session
 * and no connection; it is tried again at `retryAt` (ms since 1970). `ended`: somebody has taken the session or ended
 * it; `sentence` says why.
 * @typedef {{phase: "starting" | "stranger" | "connecting" | "online" | "offline" | "ended", sentence: string,
 *   retryAt?: number}} Status
 *
 * A line of ours that was taken and has not come back. `at`: ms since 1970.
 * @typedef {{id: string, room?: string, uid?: number, text: string, kind?: "action", at: number}} Line
 *
 * What is known before anything comes from the server: `chat` is what `summary` gave at some time (null: nothing
 * yet), `entries` the last of each room up to then, `events` what came since, and `waiting` our lines that wait.
 * @typedef {{me: {uid: number, name: string, account: boolean, device: number}, chat: any,
 *   entries: Record<string, import("./protocol.js").Entry[]>, events: import("./protocol.js").Event[],
 *   waiting: Line[], drafts: Record<string, string>}} Kept
 *
 * @typedef {{name: string, password?: string, register?: true, invite?: string}} Entrance
 */

const OFFLINE = "There is no connection to the server now; try again when it is back.";

/**
 * Tells: `status` (Status), `event` (an Event to be shown: each once, in order; an entry that is one of our lines has
 * its id in `own`), `said` (Line), `refusal` (Refusal, with the `id` of the line), `reset` (Kept or null: forget all,
 * begin with this), `draft` ({room, text}, from another tab), `setting` ({key, value}), `notice` (a sentence: what
 * does not work here), `update` (a new version of the page waits).
 */
export class Engine extends Emitter {
  /** @type {Status} */
  status = { phase: "starting", sentence: "" };
  #url;
  #summary;
  /** @type {WebSocket | null} */
  #socket = null;
  #welcome = /** @type {any} */ (null);
  #cursors = /** @type {Record<string, number>} */ ({});
  #n = 0;
  #ids = 0;
  #pending = /** @type {Map<number, {line: Line, command: any}>} */ (new Map());
  #asked = /** @type {Map<number, {resolve: (event: any) => void, reject: (error: Error) => void}>} */ (new Map());
  #settings = new Map();

  /** @param {{url?: string, summary?: () => any}} [options] `summary`: what the chat model knows, without entries */
  constructor({ url, summary = () => null } = {}) {
    super();
    this.#url = url ?? `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
    this.#summary = summary;
  }

  /**
   * Begin. Call it once, when all who want to hear of something listen.
   * @returns {Promise<Kept | null>} what was kept here; null: nobody was logged in
   */
  async start() {
    this.#tell({ phase: "stranger", sentence: "" });
    return null;
  }

  /**
   * Come in: as a guest, with a password to an account, or as a new one.
   * @param {Entrance} entrance
   * @returns {Promise<import("./protocol.js").Welcome>} without the token
   * @throws {Refused}
   */
  async enter(entrance) {
    this.#tell({ phase: "connecting", sentence: "" });
    await this.#connect();
    try {
      return await this.#request({ type: "hello", protocol: VERSION, features: FEATURES, rooms: {}, ...entrance });
    } catch (error) {
      this.#tell({ phase: "stranger", sentence: "" });
      throw error;
    }
  }

  /**
   * Say something in a room, or to a person.
   * @param {{room?: string, uid?: number, text: string, kind?: "action"}} words
   * @returns {Promise<string>} its id: it is kept now, and will be sent once, whatever happens
   */
  async say({ room, uid, text, kind }) {
    const line = { id: `line-${++this.#ids}`, room, uid, text, kind, at: Date.now() };
    const n = ++this.#n;
    const to = uid === undefined ? { type: "say", room } : { type: "whisper", uid };
    this.#pending.set(n, { line, command: { ...to, text, kind, n } });
    this.emit("said", line);
    this.#send(this.#pending.get(n)?.command);
    return line.id;
  }

  /**
   * Ask the server for something: any command but hello, say and whisper.
   * @param {any} command
   * @returns {Promise<any>} the event that answers it
   * @throws {Refused} also `offline_now`: there is no connection
   */
  async ask(command) {
    return await this.#request(command);
  }

  /**
   * What was said in a room before `before`, the last `limit` entries of it.
   * @param {string} room
   * @param {number} before seq
   * @param {number} [limit]
   * @returns {Promise<{entries: import("./protocol.js").Entry[], more: boolean}>} by seq; `more`: there are others
   */
  async past(room, before, limit = PAGE) {
    const { entries, more } = await this.#request({ type: "history", room, before, limit });
    return { entries, more };
  }

  /**
   * The person has seen a room up to there.
   * @param {string} room
   * @param {number} seq
   */
  read(room, seq) {
    this.#send({ type: "read", room, seq });
  }

  /** Forget who we are; an account's session on the server is ended, too, if there is a connection. */
  async logout() {
    if (this.#welcome?.account) await this.ask({ type: "logout" });
    this.#socket?.close();
    this.#welcome = null;
    this.#tell({ phase: "stranger", sentence: "" });
    this.emit("reset", null);
  }

  /** Try to connect now, without waiting. */
  retry() {}

  /**
   * Keep a line that is being typed.
   * @param {string} _room
   * @param {string} _text
   */
  draft(_room, _text) {}

  /**
   * @param {string} key
   * @returns {Promise<any>} undefined: it was never set
   */
  async setting(key) {
    return this.#settings.get(key);
  }

  /**
   * @param {string} key
   * @param {any} value
   */
  async set(key, value) {
    this.#settings.set(key, value);
    this.emit("setting", { key, value });
  }

  /** @param {Status} status */
  #tell(status) {
    this.status = status;
    this.emit("status", status);
  }

  async #connect() {
    const socket = (this.#socket = new WebSocket(this.#url));
    socket.onmessage = ({ data }) => {
      for (const line of data.split("\n")) if (line) this.#take(JSON.parse(line));
    };
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onclose = () => {
        reject(new Refused("offline_now", OFFLINE));
        this.#lost();
      };
    });
  }

  #lost() {
    for (const { reject } of this.#asked.values()) reject(new Refused("offline_now", OFFLINE));
    this.#asked.clear();
    this.#socket = null;
    if (this.#welcome) this.#tell({ phase: "offline", sentence: "The connection is lost." });
  }

  /** @param {any} command */
  #send(command) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command) + "\n");
  }

  /**
   * @param {any} command
   * @returns {Promise<any>}
   */
  #request(command) {
    if (this.#socket?.readyState !== WebSocket.OPEN) throw new Refused("offline_now", OFFLINE);
    const id = ++this.#ids;
    this.#send({ ...command, id });
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }

  /** @param {any} event */
  #take(event) {
    const asked = this.#asked.get(event.re);
    this.#asked.delete(event.re);
    if (event.type === "error" && asked) return asked.reject(new Refused(event.code, event.message));
    if (event.type === "welcome") this.#entered(event);
    if (event.type === "error" && this.#pending.has(event.n)) return this.#refuse(event);
    if (isEntry(event) && !this.#isNew(event)) return;
    this.emit("event", event);
    asked?.resolve(event);
  }

  /** @param {any} welcome */
  #entered(welcome) {
    delete welcome.token;
    this.#welcome = welcome;
    this.#tell({ phase: "online", sentence: "" });
    if (welcome.lobby) this.#send({ type: "join", room: welcome.lobby });
  }

  /** @param {any} entry */
  #isNew(entry) {
    if (entry.seq <= (this.#cursors[entry.room] ?? 0)) return false;
    this.#cursors[entry.room] = entry.seq;
    const pending = this.#pending.get(entry.n);
    if (pending && entry.uid === this.#welcome.uid && entry.device === this.#welcome.device) {
      entry.own = pending.line.id;
      this.#pending.delete(entry.n);
    }
    return true;
  }

  /** @param {any} error */
  #refuse(error) {
    const { line } = /** @type {{line: Line}} */ (this.#pending.get(error.n));
    this.#pending.delete(error.n);
    this.emit("refusal", { ...line, type: "refusal", n: error.n, code: error.code, message: error.message });
  }
}
