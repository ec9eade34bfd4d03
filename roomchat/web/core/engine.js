// All that the views know of the outside: who we are there, what happens, and what is said. The same in every tab
// of a browser: they share one session, and show the same in the same order.

import { Emitter } from "./emitter.js";
import { Journal } from "./journal.js";
import { Leader } from "./leader.js";
import { browser } from "./outside.js";
import { PAGE, Refused } from "./protocol.js";
import { Storage } from "./storage.js";
import { Tabs } from "./tabs.js";

export { Refused };

const CHECKPOINT = 200; // things that are shown after which it is kept how the chat looks
const REMINDER = 500; // ms behind the time at which whoever leads wanted to try again
const NEWER = "A newer version of this page is open in another tab; reload this one.";

/**
 * How things stand. `stranger`: nobody is logged in here, the entrance is to be shown. `offline`: there is a
 * session and no connection; it is tried again at `retryAt` (ms since 1970). `ended`: somebody has taken the
 * session or ended it; `sentence` says why.
 * @typedef {{phase: "starting" | "stranger" | "connecting" | "online" | "offline" | "ended", sentence: string,
 *   retryAt?: number}} Status
 *
 * A line of ours that was taken and has not come back. `at`: ms since 1970.
 * @typedef {{id: string, room?: string, uid?: number, text: string, kind?: "action", at: number}} Line
 *
 * What is known before anything comes from the server: `chat` is what `summary` gave at some time (null: never),
 * `entries` the last of each room up to then, `events` and `refusals` what came since, `waiting` our lines that
 * wait. `person` is another number for each person who comes in here.
 * @typedef {{person: number, me: {uid: number, name: string, account: boolean, device: number}, chat: any,
 *   entries: Record<string, import("./protocol.js").Entry[]>, events: import("./protocol.js").Event[],
 *   refusals: import("./protocol.js").Refusal[], waiting: Line[], drafts: Record<string, string>}} Kept
 *
 * @typedef {{name: string, password?: string, register?: true, invite?: string}} Entrance
 */

/**
 * Tells: `status` (Status), `event` (an Event to be shown: each once, in order; an entry that is one of our lines
 * has its id in `own`), `said` (Line), `refusal` (Refusal, with the `id` of the line), `reset` (Kept or null:
 * forget all, begin with this), `draft` ({room, text}, from another tab), `notice` (a sentence: what does not work
 * here), `update` (a new version of the page waits).
 */
export class Engine extends Emitter {
  /** @type {Status} */
  status = { phase: "starting", sentence: "" };
  #summary;
  #outside;
  #open;
  #tabs;
  /** @type {Storage} */
  #storage = /** @type {any} */ (null);
  /** @type {Journal} */
  #journal = /** @type {any} */ (null);
  /** @type {Leader | null} */
  #leader = null;
  /** @type {number | null} who is logged in, as `Kept` has it; null: nobody */
  #person = null;
  #shown = 0; // things that were shown since the last checkpoint
  #isOutdated = false; // another tab has a newer page

  /**
   * @param {() => any} summary what the chat model knows, without entries, as a plain object
   * @param {import("./outside.js").Outside} [outside]
   * @param {typeof Storage.open} [open]
   */
  constructor(summary, outside = browser, open = Storage.open) {
    super();
    this.#summary = summary;
    this.#outside = outside;
    this.#open = open;
    const tab = {
      lead: () => this.#lead(),
      // It is asked for nothing while it does not lead.
      serve: async (/** @type {string} */ what, /** @type {any} */ value) =>
        /** @type {any} */ (this.#leader)[what](value),
      lost: () => void this.#leader?.check(),
      hear: (/** @type {any} */ message) => this.#hear(message),
    };
    this.#tabs = new Tabs(tab, outside);
  }

  /**
   * Begin. Call it once, when all who want to hear of something listen: the first is `reset`, with what was kept.
   */
  async start() {
    this.#storage = await this.#open(() => this.#outdated());
    if (this.#isOutdated) return this.#begin(null);
    this.#journal = new Journal(this.#storage, (items) => this.#show(items), (kept) => this.#begin(kept));
    // If it does not work, whoever leads says why.
    this.#journal.behind(() => this.#journal.begin().catch(() => this.#begin(null)));
    this.#beOpen();
    this.#outside.watch({ sleep: () => this.sleep(), wake: () => this.wake(), look: () => this.#look() });
    if (this.#storage.trouble) this.emit("notice", this.#storage.trouble);
  }

  /** Without a disk there is nothing to share, and nobody to share it with. */
  #beOpen() {
    this.#tabs.open(this.#storage.trouble !== "");
  }

  /** Other tabs may lead: the page is left, or frozen. */
  sleep() {
    this.#tabs.close();
    this.#leader?.stop();
    this.#leader = null;
  }

  /** The page is back. */
  wake() {
    if (this.#tabs.isOpen || this.#isOutdated) return;
    this.#beOpen();
    this.#journal.read();
  }

  /** Somebody looks: the tab that leads may be asleep, and then another one has to. */
  #look() {
    if (this.#leader) this.#leader.look();
    else if (this.#tabs.isOpen) this.#tabs.look();
  }

  // ------------------------------------------------------------ what views ask for

  /**
   * Come in: as a guest, with a password to an account, or as a new one. When it is done `reset` was told, with
   * the welcome among its events.
   * @param {Entrance} entrance
   * @returns {Promise<import("./protocol.js").Welcome>} without the token
   * @throws {Refused}
   */
  enter(entrance) {
    return this.#request("enter", entrance);
  }

  /**
   * Say something in a room, or to a person.
   * @param {{room?: string, uid?: number, text: string, kind?: "action"}} words
   * @returns {Promise<string>} its id: it is kept now, and will be sent once, whatever happens
   * @throws {Refused} it could not be kept, so it is not said
   */
  async say({ room, uid, text, kind }) {
    if (this.#person === null) throw new Refused("not_registered", "Say who you are first.");
    const line = { room, uid, text, kind, at: Date.now() };
    const frame = await this.#storage.say(line, this.#person).catch((error) => {
      throw new Refused("not_kept",
        `This browser could not keep your message, so it is not sent (${error.message}).`);
    });
    this.#publish(frame);
    this.#request("fetch").catch(() => {}); // whoever leads next does it
    return String(frame.pos);
  }

  /**
   * Ask the server for something: any command but hello, say and whisper.
   * @param {import("./protocol.js").Command} command
   * @returns {Promise<any>} the event that answers it
   * @throws {Refused} also `offline_now`: there is no connection; `not_known`: nobody knows whether it was done
   */
  ask(command) {
    return this.#request("ask", command);
  }

  /**
   * What was said in a room before `before` (null: up to now): the last `limit` entries of it; or with `after` the
   * first `limit` above that.
   * @param {string} room
   * @param {number | null} before seq
   * @param {number} [limit] a page, or less
   * @param {number} [after] seq
   * @returns {Promise<{entries: import("./protocol.js").Entry[], more: boolean}>} by seq; `more`: there are others
   * @throws {Refused} none of it is kept, and the server can't be asked
   */
  async past(room, before, limit = PAGE, after) {
    const range = { before: before ?? undefined, after, limit };
    const entries = await this.#storage.past(room, range);
    return entries.length > 0 ? { entries, more: true } : this.ask({ type: "history", room, ...range });
  }

  /**
   * The person has seen a room up to there.
   * @param {string} room
   * @param {number} seq
   */
  read(room, seq) {
    this.#request("read", { room, seq }).catch(() => {}); // it is said again with what is seen next
  }

  /** Forget who we are; an account's session on the server is ended, too, if there is a connection. */
  logout() {
    return this.#request("logout");
  }

  /** Try to connect now, without waiting. */
  retry() {
    if (this.#isOutdated) location.reload();
    this.#request("retry").catch(() => {});
  }

  /**
   * Keep a line that is being typed.
   * @param {string} room
   * @param {string} text
   */
  draft(room, text) {
    const person = this.#person;
    if (person === null) return;
    this.#storage.draft(room, text, person).catch(() => {}); // it is of use only when all goes well
    this.#tabs.post({ kind: "draft", value: { room, text, person } });
  }

  // ------------------------------------------------------------ among tabs

  /** @param {string} what @param {any} [value] */
  async #request(what, value) {
    if (this.#isOutdated) throw new Refused("outdated", NEWER);
    const answer = await this.#tabs.request(what, value);
    await this.#journal.reading; // what has led to the answer is shown before it
    return answer;
  }

  async #lead() {
    const told = {
      publish: (/** @type {any} */ frame) => this.#publish(frame),
      tell: (/** @type {Status} */ status) => this.#tell(status),
      notice: (/** @type {string} */ sentence) => this.emit("notice", sentence),
      lost: () => {
        this.#leader = null;
        this.#tabs.resign();
      },
    };
    const leader = new Leader(this.#storage, told, this.#outside);
    this.#leader = leader;
    this.#journal.read(); // what the last one has kept, and told nobody
    await leader.start().catch(() => (this.#leader = null)); // it has told why
    return this.#leader === leader;
  }

  /** @param {any} message */
  #hear({ kind, value }) {
    if (kind === "frame") this.#journal.take(value);
    else if (kind === "status" && this.#leader === null) this.#follow(value);
    else if (kind === "draft" && value.person === this.#person) this.emit(kind, value);
  }

  /**
   * Browsers let the timers of a tab that nobody sees go off once a minute: who leads there is reminded by who is
   * seen.
   * @param {Status} status
   */
  #follow(status) {
    this.#changed(status);
    const { retryAt } = status;
    if (retryAt === undefined) return;
    const remind = () => this.status === status && this.#outside.isSeen() && this.retry();
    this.#outside.after(Math.max(0, retryAt - Date.now()) + REMINDER, remind);
  }

  /** @param {Status} status */
  #tell(status) {
    this.#tabs.post({ kind: "status", value: status });
    this.#changed(status);
    if (status.phase === "online") this.#keepSummary();
  }

  /** @param {Status} status */
  #changed(status) {
    this.status = status;
    this.emit("status", status);
  }

  #outdated() {
    this.#isOutdated = true;
    this.sleep();
    this.#changed({ phase: "ended", sentence: NEWER });
    this.emit("update");
  }

  // ------------------------------------------------------------ what is shown

  /** @param {import("./storage.js").Frame} frame is kept, so all tabs show it */
  #publish(frame) {
    this.#tabs.post({ kind: "frame", value: frame });
    this.#journal.take(frame);
  }

  /** @param {import("./storage.js").Item[]} items */
  #show(items) {
    this.#shown += items.length;
    for (const [kind, value] of items) this.emit(kind, value);
    if (this.#leader === null) return;
    // A tab may have died before it could say that there is something.
    if (items.some(([kind]) => kind === "said")) this.#leader.fetch();
    if (this.#shown >= CHECKPOINT) this.#keepSummary();
  }

  /** @param {Kept | null} kept */
  #begin(kept) {
    this.#person = kept?.person ?? null;
    this.#shown = kept?.events.length ?? 0;
    this.emit("reset", kept);
    this.#leader?.fetch(); // what waits may be of a tab that has died, as in #show
  }

  #keepSummary() {
    const { reading, pos } = this.#journal;
    if (reading !== null || this.#shown === 0) return;
    this.#shown = 0;
    this.#leader?.checkpoint(pos, this.#summary()).catch(() => {}); // the next one will do
  }
}
