// What was said and has not come back: numbered, kept, and sent until the server has it. docs/protocol.md,
// "Counting messages".

import { ACTION, Refused, isSame } from "./protocol.js";

export const WINDOW = 100; // messages on their way to the server at a time
const N_BYTES = 24; // that the number of a message adds to its line

/**
 * Something said in a room, or to somebody. `id` is what its owner knows it by, `at` when it was said, in ms.
 * @typedef {{id?: string, room?: string, uid?: number, text: string, kind?: "action", at?: number,
 *   n?: number}} Line
 * @typedef {Line & {n: number}} Numbered
 * @typedef {import("./outcome.js").Outcome} Outcome
 */

export class Said {
  n = 0; // the last one given to a line
  /** @type {Map<number, Numbered>} by their numbers, which rise */
  pending = new Map();
  welcomed = 0; // the last n that the server had handled when it welcomed us
  /** @type {Set<string>} of the server */
  features = new Set();
  /** @type {{text: number, line: number}} the welcome says what this server takes: characters, bytes */
  limits = { text: 8192, line: 65536 };
  #handled = 0; // the last n of which we know that the server has handled it
  #sent = 0; // the last n that was sent over this connection

  /**
   * Number a line and keep it until it comes back; `due` says when it is to be sent.
   * @param {Line} line
   * @throws {Refused} the server could not read it, and would refuse it without naming its number
   */
  add(line) {
    const length = [...line.text].length;
    const { text, line: bytes } = this.limits;
    if (length > text) {
      throw new Refused("too_long", `A message may have at most ${text} characters; this one has ${length}.`);
    }
    const json = JSON.stringify(this.#wire(line));
    if (new TextEncoder().encode(json).length + N_BYTES > bytes) {
      throw new Refused("too_long", `A line may have at most ${bytes} bytes, and this message has more.`);
    }
    if (!line.text.isWellFormed()) throw new Refused("bad_command", "This message is not Unicode.");
    return this.#number(line);
  }

  /** @param {Line} line */
  #number(line) {
    this.n += 1;
    const numbered = { ...line, n: this.n };
    this.pending.set(this.n, numbered);
    return numbered;
  }

  /**
   * What is to be sent now over this connection: in order, as far as the window is open. A server reads a fast
   * sender slowly: without a window all that was pasted would stand in the way of what is asked next.
   */
  due() {
    const upto = Math.min(this.n, this.#handled + WINDOW);
    const due = [];
    for (let n = this.#sent + 1; n <= upto; n += 1) {
      const line = this.pending.get(n);
      if (line !== undefined) due.push(this.#wire(line));
    }
    this.#sent = Math.max(this.#sent, upto);
    return due;
  }

  /**
   * As a server with these features knows it.
   * @param {Line} line
   */
  #wire({ room, uid, text, kind, n }) {
    if (kind === "action" && !this.features.has("action")) [text, kind] = [ACTION + text, undefined];
    return { type: uid === undefined ? "say" : "whisper", room, uid, text, kind, n };
  }

  /** What was not handled is to be sent again. */
  again() {
    this.#sent = this.#handled;
  }

  /** @param {number} n is handled, so more may go */
  handled(n) {
    this.#handled = Math.max(this.#handled, n);
  }

  /**
   * What has this number waits no longer, if it did.
   * @param {Outcome} outcome
   * @param {number} n
   */
  settle(outcome, n) {
    const line = this.pending.get(n);
    if (this.pending.delete(n)) outcome.gone.push(n);
    return line;
  }

  /**
   * What has this number is refused: whoever said it gets it back.
   * @param {Outcome} outcome
   * @param {number} n
   * @param {string} code
   * @param {string} message
   */
  refuse(outcome, n, code, message) {
    const line = this.settle(outcome, n);
    if (line) outcome.show.push({ ...line, type: "refusal", code, message });
  }

  /**
   * Count on from what the server has handled. Where it knows of less than we do, it has lost the end of its log,
   * or has another one: then what has not come back gets new numbers.
   * @param {Outcome} outcome
   * @param {number} last
   */
  countFrom(outcome, last) {
    const waiting = [...this.pending.values()].filter(({ n }) => n > last);
    for (const { n } of waiting) this.pending.delete(n);
    this.n = this.welcomed = this.#handled = this.#sent = last;
    for (const line of waiting) this.#number(line);
    outcome.isRenumbered = waiting.length > 0;
  }

  /** The rooms in which something is to be said still. */
  rooms() {
    return [...this.pending.values()].map(({ room }) => room).filter((room) => room !== undefined);
  }

  /** @param {string} room whether all that was said there has come back */
  isSaid(room) {
    return !this.rooms().some((one) => isSame(one, room));
  }
}
