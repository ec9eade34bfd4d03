// Who has which UID, as far as we have heard of them.

import { MAX_DIGITS, compared } from "../core/protocol.js";

export class People {
  /** @type {Map<number, string>} UID to name, of all whom we have heard of */
  names = new Map();
  /** @type {Map<string, number>} compared name to UID: who is, or was last, here under that name */
  called = new Map();

  /**
   * Somebody is here: the server gives a name to one at a time only.
   * @param {number} uid
   * @param {string} name
   */
  call(uid, name) {
    this.names.set(uid, name);
    this.called.set(compared(name), uid);
  }

  /**
   * All who can be meant by what was typed: digits are a UID, anything else is a name. An @ may stand before it.
   * Old logs have names of digits: then both fit, and the person has to choose, since what is private must not go
   * to a guess.
   * @param {string} who
   * @returns {number[]} UIDs, rising
   */
  meant(who) {
    const found = new Set();
    for (const reading of [who, who.replace(/^@/, "")]) {
      if (/^\d+$/.test(reading) && reading.length <= MAX_DIGITS) found.add(Number(reading));
      for (const uid of this.#bearers(reading)) found.add(uid);
    }
    return [...found].sort((one, other) => one - other);
  }

  /** @param {string} name who is here by it; else all who were */
  #bearers(name) {
    const wanted = compared(name);
    const found = [...this.names].filter(([, one]) => compared(one) === wanted).map(([uid]) => uid);
    const here = this.called.get(wanted);
    return here !== undefined && found.includes(here) ? [here] : found;
  }

  /**
   * All others of whom we have heard: who is in a room first, then by name.
   * @param {number} me
   * @param {Map<number, {away: boolean}>} members of the room
   */
  others(me, members) {
    return [...this.names].filter(([uid]) => uid !== me)
      .map(([uid, name]) => ({ uid, name, order: Number(members.get(uid)?.away ?? true) + name.toLowerCase() }))
      .sort((a, b) => (a.order < b.order ? -1 : Number(a.order > b.order) || a.uid - b.uid));
  }

  clear() {
    this.names.clear();
    this.called.clear();
  }
}
