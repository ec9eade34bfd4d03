// Pages of the past, fetched where somebody looks.

import { PAGE } from "../core/protocol.js";

/** @typedef {import("./timeline.js").Timeline} Timeline */
/** @typedef {import("../core/protocol.js").Entry} Entry */
/**
 * @typedef {{entries: Entry[], more: boolean}} Page by their seq; `more`: whether there are others in that
 *   direction
 */

/** @typedef {{past(room: string, before: number | null, limit: number, after?: number): Promise<Page>}} Source */

export class Past {
  #source;

  /** @param {Source} source what is kept, and behind that the server: core/engine.js */
  constructor(source) {
    this.#source = source;
  }

  /**
   * Fetch the page before all that is looked at.
   * @param {string} room
   * @param {Timeline} timeline
   * @returns {Promise<boolean>} whether there is something new to show
   */
  async older(room, timeline) {
    const { shown } = timeline;
    if (shown.isWhole || timeline.isFetching) return false;
    return this.#fetch(timeline, [room, shown.firstSeq || null, PAGE], (entries, more) => {
      if (timeline.shown !== shown) return false; // one looks elsewhere by now
      timeline.prepend(entries, more);
      return true;
    });
  }

  /**
   * Fetch the page behind what is looked at far above.
   * @param {string} room
   * @param {Timeline} timeline
   * @returns {Promise<boolean>}
   */
  async newer(room, timeline) {
    const { past } = timeline;
    if (!past || timeline.isFetching) return false;
    if (timeline.connect()) return true;
    return this.#fetch(timeline, [room, null, PAGE, past.lastSeq], (entries, more) => {
      if (timeline.past !== past) return false;
      timeline.extend(entries, more);
      return true;
    });
  }

  /**
   * Have the part of the log here in which an entry stands, and look at it.
   * @param {string} room
   * @param {Timeline} timeline
   * @param {number} seq 1: the beginning
   * @returns {Promise<boolean>} whether it is looked at; not if that part can't be had now
   */
  async goTo(room, timeline, seq) {
    const { live, past } = timeline;
    if (past?.reaches(seq)) return true;
    if (live.reaches(seq)) {
      if (past) timeline.toNewest();
      return true;
    }
    if (seq > live.lastSeq && live.lastSeq) return false;
    const after = Math.max(0, seq - PAGE / 2);
    return this.#fetch(timeline, [room, null, PAGE, after], (entries, more) => {
      if (!entries.length) return false;
      timeline.open(entries, after === 0);
      timeline.extend([], more); // it may reach the newest
      return true;
    });
  }

  /**
   * @param {Timeline} timeline
   * @param {Parameters<Source["past"]>} asked
   * @param {(entries: Entry[], more: boolean) => boolean} take
   */
  async #fetch(timeline, asked, take) {
    timeline.isFetching = true;
    try {
      const { entries, more } = await this.#source.past(...asked);
      return take(entries, more && entries.length > 0);
    } catch {
      return false; // offline, or it can't be had: what is here stays, and it is tried again when one looks there
    } finally {
      timeline.isFetching = false;
    }
  }
}
