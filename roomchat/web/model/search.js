// Looks for messages in the logs of rooms, from the newest one towards the first, page by page.

import { PAGE } from "../core/protocol.js";
import { SPOKEN } from "./known.js";

const AT_ONCE = 2000; // entries to look at before somebody is asked whether to go on: a second or two
const ENOUGH = 30; // hits, likewise

/** @typedef {import("../core/protocol.js").Entry} Entry */
/** @typedef {import("../core/protocol.js").Spoken} Spoken */
/**
 * @typedef {(room: string, before: number | null, limit: number) =>
 *   Promise<{entries: Entry[], more: boolean}>} Past
 */

/**
 * A log of which the beginning was not read yet: `before` is the seq that was read last, `ts` when that was said.
 * @typedef {{room: string, before: number | null, ts: string}} Unread
 */

export class Search {
  /** @type {Spoken[]} what was found, newest first */
  hits = [];
  looked = 0; // entries
  /** @type {Unread[]} */
  #logs;
  #isHit;
  #past;

  /**
   * @param {string[]} rooms
   * @param {(entry: Spoken) => boolean} isHit
   * @param {Past} past gives entries, as engine.past
   */
  constructor(rooms, isHit, past) {
    this.#logs = rooms.map((room) => ({ room, before: null, ts: "" }));
    this.#isHit = isHit;
    this.#past = past;
  }

  /** Whether all is read. */
  get isOver() {
    return !this.#logs.length;
  }

  /** How far one has come, as a time (RFC 3339), where more is to be read; "": all is read, or nothing. */
  get backTo() {
    return this.#next()?.ts ?? "";
  }

  /**
   * Read on, until some more are found, or much was looked at.
   * @param {(() => void)} [found] is called when there are more hits
   * @throws whatever `past` throws, but for rooms whose log is not shown: these are passed over
   */
  async more(found = () => {}) {
    const hits = this.hits.length + ENOUGH, looked = this.looked + AT_ONCE;
    for (let log = this.#next(); log && this.hits.length < hits && this.looked < looked; log = this.#next()) {
      const before = this.hits.length;
      await this.#page(log);
      if (this.hits.length > before) found();
    }
  }

  /** @returns {Unread | undefined} of all logs the one whose unread part may be the newest */
  #next() {
    return this.#logs.reduce((/** @type {Unread | undefined} */ best, log) =>
      (!best || (best.ts && (!log.ts || log.ts > best.ts)) ? log : best), undefined);
  }

  /** @param {Unread} log */
  async #page(log) {
    const { entries, more } = await this.#read(log);
    this.looked += entries.length;
    this.hits.push(.../** @type {any[]} */ (entries).filter((entry) =>
      SPOKEN.includes(entry.type) && this.#isHit(entry)));
    this.hits.sort((one, other) => (one.ts < other.ts || (one.ts === other.ts && one.seq < other.seq) ? 1 : -1));
    const first = entries[0];
    const isFurther = first && (log.before === null || first.seq < log.before); // else it goes in circles
    if (more && isFurther) Object.assign(log, { before: first.seq, ts: first.ts ?? log.ts });
    else this.#logs.splice(this.#logs.indexOf(log), 1);
  }

  /** @param {Unread} log */
  async #read(log) {
    try {
      return await this.#past(log.room, log.before, PAGE);
    } catch (error) {
      const { code } = /** @type {{code?: string}} */ (error);
      if (code === undefined || code === "offline_now" || code === "not_known") throw error;
      return { entries: [], more: false };
    }
  }
}
