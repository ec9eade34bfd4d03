// Looking through rooms' histories for messages of ours that may be stored though they did not come.

import { PAGE } from "./protocol.js";

const ID = "look:"; // the id of each of its questions begins like that

/**
 * Whether an event answers one of these questions; nobody else need see it.
 * @param {import("./protocol.js").Answer & {type: string}} event
 */
export const isLook = ({ type, re }) => (type === "history" || type === "error") && String(re).startsWith(ID);

export class Looks {
  /** @type {Map<string, {room: string, wanted: Set<number>, before: number}>} by id; each page is before a seq */
  #looks = new Map();

  /**
   * Ask for the last page of each room. What was asked before is forgotten.
   * @param {Map<string, Set<number>>} wanted room to the numbers of our messages
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
   * @returns {{found: import("./protocol.js").Entry[], lost: number[], doubt?: boolean,
   *   send: import("./protocol.js").Command[]}}
   */
  take(event, isOwn) {
    const id = String(event.re);
    const look = this.#looks.get(id);
    if (look === undefined) return { found: [], lost: [], send: [] };
    const { room, wanted } = look;
    const own = new Map((event.entries ?? []).filter(isOwn).map((/** @type {any} */ one) => [one.n, one]));
    const found = [...wanted].filter((n) => own.has(n)).sort((a, b) => a - b).map((n) => own.get(n));
    for (const { n } of found) wanted.delete(n);
    const before = event.entries?.[0]?.seq ?? 0;
    // A page that does not lead on ends it, too.
    const isLast = !event.more || !(before > 0 && before < look.before);
    const isBehind = Math.min(...own.keys()) < Math.min(...wanted);
    if (isLast || isBehind) {
      this.#looks.delete(id);
      return { found, lost: [...wanted].sort((a, b) => a - b), doubt: !isBehind && before !== 1, send: [] };
    }
    look.before = before;
    return { found, lost: [], send: [ask(room, id, before)] };
  }
}

/**
 * @param {string} room
 * @param {string} id
 * @param {number} [before]
 */
const ask = (room, id, before) => ({ type: /** @type {const} */ ("history"), room, before, limit: PAGE, id });
