// Looking through rooms' histories for messages of ours that may be stored though they did not come.

import { PAGE } from "./protocol.js";

const ID = "look:"; // the id of each of its questions begins like that

/**
 * Whether an event answers one of these questions; nobody else need see it.
 * @param {import("./protocol.js").Answer & {type: string}} event
 */
export const isLook = ({ type, re }) => (type === "history" || type === "error") && String(re).startsWith(ID);

export class Looks {
  /** @type {Map<string, {room: string, wanted: number[], before: number}>} by id; each page is before a seq */
  #looks = new Map();

  /**
   * Ask for the last page of each room. What was asked before is forgotten.
   * @param {Map<string, number[]>} wanted room to the numbers of our messages, rising
   */
  begin(wanted) {
    this.#looks = new Map([...wanted].map(([room, ns], i) => [ID + i, { room, wanted: ns, before: Infinity }]));
    return [...this.#looks].map(([id, { room }]) => ask(room, id));
  }

  /**
   * Our messages in a page, the numbers that are not in the room, whether nothing tells if they ever were, and
   * what is to be asked next. Our own numbers rise in a room, so behind the first smaller one nothing is left to
   * be found. A room that has neither that nor its first entry has forgotten something: it was pruned, or removed
   * and made again.
   * @param {any} event a page of history, or an error
   * @param {(entry: any) => boolean} isOwn whether it is a numbered entry of this session
   * @returns {{found: import("./protocol.js").Entry[], lost: number[], doubt: boolean,
   *   send: import("./protocol.js").Command[]}}
   */
  take({ re, entries = [], more }, isOwn) {
    // To what was asked before nothing is wanted any more.
    const look = this.#looks.get(re) ?? { room: "", wanted: [], before: 0 };
    const own = new Map(entries.filter(isOwn).map((/** @type {any} */ one) => [one.n, one]));
    const found = look.wanted.filter((n) => own.has(n)).map((n) => own.get(n));
    const wanted = look.wanted.filter((n) => !own.has(n));
    const before = entries[0]?.seq ?? 0;
    // A page that does not lead on ends it, too.
    const isLast = !more || before <= 0 || before >= look.before;
    const isBehind = Math.min(...own.keys()) < Math.min(...wanted);
    if (isLast || isBehind) {
      this.#looks.delete(re);
      return { found, lost: wanted, doubt: !isBehind && before !== 1, send: [] };
    }
    this.#looks.set(re, { room: look.room, wanted, before });
    return { found, lost: [], doubt: false, send: [ask(look.room, re, before)] };
  }
}

/**
 * @param {string} room
 * @param {string} id
 * @param {number} [before]
 */
const ask = (room, id, before) => ({ type: /** @type {const} */ ("history"), room, before, limit: PAGE, id });
