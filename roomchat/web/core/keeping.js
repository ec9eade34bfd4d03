// Nothing is sent or shown before it is kept: what a session makes of events and lines gathers here until then.

import { attempt } from "./emitter.js";

/**
 * What is to be kept in one transaction: `show` has the events, `said` the lines that have got numbers, `gone` the
 * numbers that are pending no longer; `pending`, if it is not null, are all lines in place of those kept before.
 * @typedef {{show: any[], said: Line[], gone: number[], pending: Line[] | null, session: Kept}} Change
 * @typedef {import("./said.js").Line} Line
 * @typedef {import("./session.js").Kept} Kept
 */

export class Keeping {
  /** @type {Promise<void> | null} while there is something to do */
  busy = null;
  #session;
  #keep;
  #failed;
  #gathered = nothing();

  /**
   * @param {import("./session.js").Session} session
   * @param {(change: Change) => Promise<void>} keep never called again before it is done
   * @param {(error: unknown) => void} failed it could not be kept: no more is sent or shown
   */
  constructor(session, keep, failed) {
    this.#session = session;
    this.#keep = keep;
    this.#failed = failed;
  }

  /** How many events wait. */
  get size() {
    return this.#gathered.show.length;
  }

  /** @param {Line} line has got its number */
  said(line) {
    this.#gathered.said.push(line);
    this.#begin();
  }

  /** @param {import("./outcome.js").Outcome} outcome of an event; what it sends is not sent by this */
  news({ show, gone, isRenumbered }) {
    const gathered = this.#gathered;
    gathered.hasNews = true;
    gathered.isRenumbered ||= isRenumbered;
    gathered.gone.push(...gone);
    gathered.show.push(...show);
    this.#begin();
  }

  /** @param {() => void} send when all so far is kept */
  before(send) {
    this.#gathered.send.push(send);
    this.#begin();
  }

  /** @param {() => void} then when all so far is shown */
  behind(then) {
    this.#gathered.then.push(then);
    this.#begin();
  }

  #begin() {
    this.busy ??= this.#keepAll();
  }

  async #keepAll() {
    await null; // what gathers in this turn is kept at once
    while (this.#gathered.isSome()) {
      const { show, said, gone, isRenumbered, hasNews, send, then } = this.#gathered;
      this.#gathered = nothing();
      try {
        const pending = isRenumbered ? [...this.#session.pending.values()] : null;
        const session = this.#session.toKept();
        if (hasNews || said.length) await this.#keep({ show, said, gone, pending, session });
      } catch (error) {
        this.#gathered = nothing();
        this.busy = null;
        this.#failed(error);
        return;
      }
      [...send, ...then].forEach(attempt);
    }
    this.busy = null;
  }
}

/** What has gathered since something was kept the last time. */
function nothing() {
  return {
    show: /** @type {any[]} */ ([]),
    said: /** @type {Line[]} */ ([]),
    gone: /** @type {number[]} */ ([]),
    send: /** @type {(() => void)[]} */ ([]),
    then: /** @type {(() => void)[]} */ ([]),
    isRenumbered: false,
    hasNews: false,
    isSome() {
      return this.hasNews || this.said.length + this.send.length + this.then.length > 0;
    },
  };
}
