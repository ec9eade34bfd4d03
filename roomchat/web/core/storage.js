// What this browser keeps of its session, for all of its tabs: IndexedDB, or memory where there is none.
//
// `kept`: the session, who leads, and what the chat looked like at some time; `pending` and `unsent`: what was
// said, with and without its number; `entries`: the end of each room's log; `journal`: what was shown, in the
// order in which every tab shows it; `drafts`.

import { Disk } from "./database.js";
import { KEPT, all, framesSince, kept, newest, note, restart, rows, shown, valuesOf } from "./kept.js";
import { Memory } from "./memory.js";

const LONG = 100; // frames of the journal behind the last checkpoint: a tab may be late by as much

const NONE = { pos: 0, chat: null }; // no checkpoint
const NO_DISK = "This browser keeps nothing here, so what is not sent yet is lost when you close this tab.";

/**
 * What is to be shown: the name of an event of the engine ("event", "said", "refusal", "reset"), and its value.
 * @typedef {[string, any]} Item
 * @typedef {{pos: number, items: Item[]}} Frame  `pos` rises from frame to frame
 * @typedef {import("./database.js").Transaction} Transaction
 * @typedef {import("./said.js").Line} Line
 * @typedef {import("./protocol.js").Entry} Entry
 */

/** Another tab leads now: what this one wants to write is void. */
export class Superseded extends Error {}

/** All methods may reject with what the browser says when its disk is full, or gone. */
export class Storage {
  #database;

  /**
   * @param {import("./database.js").Database} database
   * @param {string} [trouble] a sentence: what does not work here; then it is not shared
   */
  constructor(database, trouble = "") {
    this.#database = database;
    this.trouble = trouble;
  }

  /**
   * @param {() => void} outdated called when another tab has a newer page: nothing can be kept from then on
   * @returns {Promise<Storage>}
   */
  static async open(outdated) {
    try {
      const disk = new Disk(outdated);
      await disk.read(async (it) => it.keys("kept"));
      return new Storage(disk);
    } catch {
      return new Storage(new Memory(), NO_DISK);
    }
  }

  // ------------------------------------------------------------ any tab

  /**
   * What a tab begins with, as of one moment.
   * @returns {Promise<{pos: number, kept: import("./engine.js").Kept | null}>} null: nobody is logged in
   */
  load() {
    return this.#database.read(async (it) => {
      const [session, checkpoint = NONE, pruned = 0, person = 0] =
        await all(it, "kept", ["session", "checkpoint", "pruned", "person"]);
      const frames = await framesSince(it, checkpoint.pos);
      const { pos } = frames.at(-1) ?? { pos: Math.max(pruned, checkpoint.pos) };
      if (!session?.token) return { pos, kept: null };
      const { uid, name, account, device } = session;
      const items = frames.flatMap((frame) => frame.items);
      const events = valuesOf(items, "event");
      return {
        pos,
        kept: {
          person,
          me: { uid, name, account, device },
          chat: checkpoint.chat,
          entries: await newest(it, events),
          events,
          refusals: valuesOf(items, "refusal"),
          waiting: [...(await it.all("pending")), ...(await it.all("unsent"))],
          drafts: Object.fromEntries(await rows(it, "drafts")),
        },
      };
    });
  }

  /**
   * What is to be shown behind `pos`.
   * @param {number} pos
   * @returns {Promise<Frame[] | null>} null: not all of it is kept, begin anew
   */
  since(pos) {
    return this.#database.read(async (it) => {
      const pruned = (await it.get("kept", "pruned")) ?? 0;
      return pos < pruned ? null : framesSince(it, pos);
    });
  }

  /**
   * Keep a line that a person has said. When it is done the line is on the disk.
   * @param {Line} line
   * @param {number} person who says it, as in `load`: another tab may have let somebody else in
   * @returns {Promise<Frame>} with the line, which has its `id` now
   */
  say(line, person) {
    return this.#database.change(async (it) => {
      if (!(await isHere(it, person))) throw new Error("you are logged out here");
      const pos = await it.add("journal", {});
      const said = { ...line, id: String(pos) };
      const items = [["said", said]];
      it.put("journal", { items }, pos);
      it.put("unsent", said, pos);
      return { pos, items: /** @type {Item[]} */ (items) };
    }, "strict");
  }

  /**
   * The entries of a room before `before`, as far as nothing is missing between: the last `limit`, or with `after`
   * the first ones above it.
   * @param {string} room
   * @param {{before?: number, after?: number, limit: number}} range
   * @returns {Promise<Entry[]>} none: the server has to be asked
   */
  past(room, { before = Infinity, after, limit }) {
    return this.#database.read(async (it) => {
      const entries = await it.all("entries", [room, 0], [room, before - 1]);
      if (after === undefined) return entries.slice(-limit);
      const isWhole = entries.length > 0 && entries[0].seq <= after;
      return isWhole ? entries.filter(({ seq }) => seq > after).slice(0, limit) : [];
    });
  }

  /**
   * Keep what a person is typing.
   * @param {string} room
   * @param {string} text
   * @param {number} person as in `say`: of anybody else than who is here now it is not kept
   */
  draft(room, text, person) {
    return this.#database.change(async (it) => {
      if (!(await isHere(it, person))) return;
      if (text) it.put("drafts", text, room);
      else it.remove("drafts", room);
    });
  }

  // ------------------------------------------------------------ the tab that leads

  /**
   * This tab leads from now on: whoever did before can write no more.
   * @param {string} term its name, another one each time
   */
  claim(term) {
    return this.#database.change(async (it) => {
      it.put("kept", term, "term");
      return { session: await it.get("kept", "session"), pending: await it.all("pending") };
    });
  }

  /** @param {string} term whether it leads still, as far as is known */
  async leads(term) {
    return term === (await this.#database.read((it) => it.get("kept", "term")).catch(() => term));
  }

  /**
   * Lines that have no number yet.
   * @param {number} after the last one that was fetched, as a number
   * @returns {Promise<Line[]>} in the order in which they were said
   */
  unsent(after) {
    return this.#database.read((it) => it.all("unsent", after + 1));
  }

  /**
   * Keep what has changed in a session, and what is shown of it: all in one step.
   * @param {string} term
   * @param {import("./reconnecting.js").Change} change
   * @param {boolean} isFresh it is another session than the one that is kept: that is forgotten
   * @returns {Promise<Frame | null>} null: there is nothing to show
   * @throws {Superseded}
   */
  keep(term, change, isFresh) {
    const { session, said, pending, gone } = change;
    return this.#lead(term, async (it) => {
      const before = await it.get("kept", "session");
      // One that is known no more has no epoch until it is welcomed: with that all begin anew.
      const isOther = isFresh || (before && session.token && before.epoch !== session.epoch);
      if (isOther) await restart(it, isFresh);
      const items = await note(it, change.show, new Map(isOther ? [] : before?.cursors));
      if (isOther) items.unshift(["reset", null]);
      it.put("kept", session, "session");
      if (pending) it.remove("pending");
      for (const line of pending ?? said) it.put("pending", line, line.n ?? 0);
      for (const { id } of said) it.remove("unsent", Number(id));
      // By these numbers others may be pending, if all have got new ones.
      if (!pending) for (const n of gone) it.remove("pending", n);
      return items.length === 0 ? null : shown(it, items);
    }, said.length > 0 || pending !== null ? "strict" : "relaxed");
  }

  /**
   * A line that can't be said at all.
   * @param {string} term
   * @param {any} refusal
   * @returns {Promise<Frame>}
   */
  refuse(term, refusal) {
    return this.#lead(term, async (it) => {
      it.remove("unsent", Number(refusal.id));
      return shown(it, [["refusal", refusal]]);
    });
  }

  /**
   * Forget who we are, and all else.
   * @param {string} term
   * @returns {Promise<Frame>}
   */
  forget(term) {
    return this.#lead(term, async (it) => {
      await restart(it, true);
      return shown(it, [["reset", null]]);
    }, "strict");
  }

  /**
   * Keep how the chat looks, so that what came before need not be.
   * @param {string} term
   * @param {number} pos of the last frame that is in it
   * @param {any} chat
   */
  checkpoint(term, pos, chat) {
    return this.#lead(term, async (it) => {
      it.put("kept", { pos, chat }, "checkpoint");
      const pruned = Math.max(pos - LONG, (await it.get("kept", "pruned")) ?? 0);
      it.put("kept", pruned, "pruned");
      it.remove("journal", 0, pruned);
      for (const keys of (await kept(it)).values()) {
        const old = keys.at(-KEPT - 1);
        if (old) it.remove("entries", keys[0], old);
      }
    });
  }

  /** Make room on the disk: the server has all that, too. @param {string} term */
  shrink(term) {
    return this.#lead(term, async (it) => it.remove("entries"));
  }

  /**
   * The disk takes nothing more: go on in memory, where nobody leads yet.
   * @param {number} pos of the last frame
   */
  giveUp(pos) {
    this.#database = new Memory(pos);
  }

  /**
   * @template T
   * @param {string} term
   * @param {(it: Transaction) => Promise<T>} body
   * @param {IDBTransactionDurability} [durability]
   * @returns {Promise<T>}
   */
  #lead(term, body, durability) {
    return this.#database.change(async (it) => {
      if ((await it.get("kept", "term")) !== term) throw new Superseded();
      return body(it);
    }, durability);
  }
}

/** @param {Transaction} it @param {number} person */
const isHere = async (it, person) => ((await it.get("kept", "person")) ?? person) === person;
