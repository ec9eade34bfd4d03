// Nothing is sent before it is kept: what a session makes of events and lines gathers here until then. Whoever
// keeps it shows it, too.

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
  /** @type {ReturnType<typeof nothing> | null} since something was kept the last time */
  #gathered = null;

  /**
   * @param {import("./session.js").Session} session
   * @param {(change: Change) => Promise<void>} keep and show; never called again before it is done
   * @param {(error: any) => void} failed it could not be kept: no more is sent
   */
  constructor(session, keep, failed) {
    this.#session = session;
    this.#keep = keep;
    this.#failed = failed;
  }

  /** How many events wait. */
  get size() {
    return this.#gathered?.show.length ?? 0;
  }

  /** @param {Line} line has got its number */
  said(line) {
    const gathered = this.#gather();
    gathered.isNews = true;
    gathered.said.push(line);
  }

  /** @param {import("./outcome.js").Outcome} outcome of an event; what it sends is not sent by this */
  news({ show, gone, isRenumbered }) {
    const gathered = this.#gather();
    gathered.isNews = true;
    gathered.isRenumbered ||= isRenumbered;
    gathered.gone.push(...gone);
    gathered.show.push(...show);
  }

  /** @param {() => void} then when all so far is kept */
  behind(then) {
    this.#gather().then.push(then);
  }

  #gather() {
    this.busy ??= this.#keepAll();
    return (this.#gathered ??= nothing());
  }

  async #keepAll() {
    await null; // what gathers in this turn is kept at once
    while (this.#gathered) {
      const { then, isNews, isRenumbered, ...change } = this.#gathered;
      this.#gathered = null;
      try {
        const pending = isRenumbered ? [...this.#session.said.pending.values()] : null;
        if (isNews) await this.#keep({ ...change, pending, session: this.#session.toKept() });
      } catch (error) {
        this.#gathered = this.busy = null;
        this.#failed(error);
        return;
      }
      then.forEach(attempt);
    }
    this.busy = null;
  }
}

const nothing = () => ({
  show: /** @type {any[]} */ ([]),
  said: /** @type {Line[]} */ ([]),
  gone: /** @type {number[]} */ ([]),
  then: /** @type {(() => void)[]} */ ([]),
  isRenumbered: false,
  isNews: false,
});
