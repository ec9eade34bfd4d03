// What there is to show of a room: its log, as far as it is here, what was told beside it, and our lines that
// wait.
//
// What is here is bounded. Who looks far above looks at a second run, `past`, until the pages between it and the
// newest ones have been fetched again.

import { Emitter } from "../core/emitter.js";
import { withComing } from "./comings.js";
import { Run, logged } from "./run.js";

/** @typedef {import("../core/protocol.js").Entry} Entry */
/** @typedef {import("./run.js").Item} Item */
/** @typedef {import("./run.js").Line} Line */
/** @typedef {import("./run.js").Waiting} Waiting */

export const LONGEST_RUN = 1200; // items of a run; some 400 bytes each
export const NEWEST = 400; // of these are kept when there are more; several screens, so that nobody misses them

/** Tells "change" when something is shown otherwise than before. */
export class Timeline extends Emitter {
  /** @type {Run} the newest; it ends where the log ends */
  live = new Run();
  /** @type {Run | null} what is looked at, if it is not `live` */
  past = null;
  /** @type {Waiting[]} */
  waiting = [];
  /** How many messages of others have come since its end was seen last; set anew by who shows it. */
  unseen = 0;
  /** Whether a page is on its way. */
  isFetching = false;
  /** The first number on the screen, set by who shows it: what is behind it is not given up. */
  looked = Infinity;

  #adjoins = false; // whether live begins right where past ends
  #told = 0;

  /** What is looked at. @returns {Run} */
  get shown() {
    return this.past ?? this.live;
  }

  /**
   * Begin with what is kept.
   * @param {Entry[]} entries the newest, by their seq
   */
  load(entries) {
    this.live = new Run(entries.map(logged));
    for (const { entry } of /** @type {any[]} */ (this.live.items))
      if (entry.type === "deleted") this.live.erase(entry.of);
    this.waiting = [];
    this.toNewest();
  }

  /** Keep nothing but our lines that wait: what is here does not belong to what comes. */
  forget() {
    this.live = new Run();
    this.toNewest();
  }

  /**
   * An entry came. One of ours takes the place of its line.
   * @param {Entry} entry
   * @param {boolean} [isOfOthers] words of others
   * @param {boolean} [isOld] said before we came: what was told then stays behind it
   */
  take(entry, isOfOthers = false, isOld = false) {
    if (entry.type === "deleted") for (const run of [this.live, this.past]) run?.erase(entry.of);
    this.#unsay(entry.own);
    if (isOfOthers) this.unseen += 1;
    const last = isOld ? this.live.items.findLastIndex(({ kind }) => kind !== "told") : -1;
    const told = isOld ? this.live.items.splice(last + 1) : [];
    this.#append(logged(entry));
    this.live.items.push(...told);
  }

  /**
   * A line of ours is to be sent.
   * @param {Line} line
   */
  say(line) {
    const { id, at } = line;
    if (this.#waiting(id)) return;
    this.waiting = [...this.waiting, { kind: "waiting", key: `line:${id}`, at, line }];
    this.emit("change");
  }

  /**
   * A line of ours will not be sent. It stays where it was said.
   * @param {Line} line
   * @param {string} reason a sentence
   */
  refuse(line, reason) {
    const said = this.#waiting(line.id)?.line ?? line;
    const { id, at } = said;
    this.#unsay(id);
    this.#append({ kind: "refused", key: `line:${id}`, at, line: said, reason });
  }

  /**
   * Take away a line that was refused: it is sent again, or not wanted any more.
   * @param {string} id
   */
  drop(id) {
    for (const run of [this.live, this.past]) {
      if (run) run.items = run.items.filter((item) => item.kind !== "refused" || item.line.id !== id);
    }
    this.emit("change");
  }

  /**
   * Somebody came or went.
   * @param {any} event for which `isComing`
   */
  come(event) {
    const last = this.live.items.at(-1);
    const line = withComing(last?.kind === "comings" ? last : null, event, this.#key(), Date.now());
    if (line.key === last?.key) this.live.items.pop();
    this.#append(line);
  }

  /**
   * The server no longer keeps what is between.
   * @param {{after: number, before: number}} event
   */
  miss({ after, before }) {
    this.#append({ kind: "gap", key: `gap:${after}-${before}`, at: Date.now(), after, before });
  }

  /**
   * Say something beside the log.
   * @param {string[]} lines made harmless
   * @param {import("./run.js").Tone} [tone]
   */
  tell(lines, tone = "printed") {
    if (lines.length) this.#append({ kind: "told", key: this.#key(), at: Date.now(), lines, tone });
  }

  /** Show nothing of what is here; it can be scrolled back to. */
  clear() {
    this.live.forgetBefore(this.live.end);
    this.toNewest();
  }

  /**
   * A page of what is before all that is looked at.
   * @param {Entry[]} entries by their seq
   * @param {boolean} more whether there are others before them
   */
  prepend(entries, more) {
    this.shown.prepend(entries);
    this.shown.isWhole = !more;
    if (this.shown.items.length > LONGEST_RUN) {
      this.#split();
      if (this.past && this.past.cut(this.past.start + LONGEST_RUN).length) this.#adjoins = false;
    }
    this.emit("change");
  }

  /**
   * A page of what is behind the past that is looked at.
   * @param {Entry[]} entries by their seq
   * @param {boolean} more whether there are others behind them
   */
  extend(entries, more) {
    if (!this.past) return;
    const { firstSeq } = this.live;
    this.past.extend(entries);
    if (!more || (firstSeq && this.past.lastSeq >= firstSeq)) this.connect(true);
    this.past?.forgetBefore(Math.min(this.looked, this.past.end - LONGEST_RUN));
    this.emit("change");
  }

  /**
   * Look at another part of the log.
   * @param {Entry[]} entries by their seq
   * @param {boolean} isWhole whether they begin with the first one
   */
  open(entries, isWhole) {
    this.past = new Run(entries.map(logged));
    this.past.isWhole = isWhole;
    this.#adjoins = false;
    this.emit("change");
  }

  /** Look at the newest again. */
  toNewest() {
    this.past = null;
    this.emit("change");
  }

  /**
   * Put the newest behind the past, if nothing is missing between.
   * @param {boolean} [adjoins] whether it is known that nothing is
   */
  connect(adjoins = this.#adjoins) {
    if (!this.past || !adjoins) return false;
    const { past } = this, last = past.lastSeq;
    past.items.push(...this.live.items.filter((item) => item.kind !== "entry" || item.entry.seq > last));
    past.forgetBefore(Math.min(this.looked, past.end - LONGEST_RUN));
    this.live = past;
    this.past = null;
    this.emit("change");
    return true;
  }

  /** @param {string} id of a line */
  #waiting(id) {
    return this.waiting.find(({ line }) => line.id === id);
  }

  /** @param {string} [id] of a line that waits no more */
  #unsay(id) {
    this.waiting = this.waiting.filter(({ line }) => line.id !== id);
  }

  /** @param {Item} item */
  #append(item) {
    this.live.append(item);
    if (this.live.items.length > LONGEST_RUN) {
      const kept = this.live.end - NEWEST;
      if (!this.past && this.looked < kept) {
        this.#split();
      } else {
        this.live.forgetBefore(kept);
        this.#adjoins = false;
      }
    }
    this.emit("change");
  }

  #split() {
    if (this.past) return;
    const past = this.live;
    this.live = new Run(past.cut(past.end - NEWEST));
    this.past = past;
    this.#adjoins = true;
  }

  #key() {
    return `told:${++this.#told}`;
  }
}

