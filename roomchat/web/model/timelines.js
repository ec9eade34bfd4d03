// The timelines of all rooms, fed with what the engine tells.

import { isEntry, pairRoom } from "../core/protocol.js";
import { isComing } from "./comings.js";
import { cell } from "./harmless.js";
import { Timeline } from "./timeline.js";
import { told } from "./told.js";

/** @typedef {import("./run.js").Line} Line */

// Told where one looks, in whatever room they are of.
const HERE = new Set(["left", "invited", "notice", "error"]);
const TROUBLE = new Set(["notice", "error"]);

export class Timelines {
  /** @type {Map<string, Timeline>} */
  #all = new Map();
  #chat;

  /** @param {any} chat model/chat.js; it hears of everything before this does */
  constructor(chat) {
    this.#chat = chat;
  }

  /**
   * Of a room; an empty one, if nothing is known of it.
   * @param {string} room
   * @returns {Timeline}
   */
  of(room) {
    const timeline = this.#all.get(room) ?? new Timeline();
    this.#all.set(room, timeline);
    return timeline;
  }

  /**
   * Begin with what is kept, or anew.
   * @param {{entries: Record<string, any[]>, events?: any[], waiting: Line[], refusals?: any[]} | null} kept
   */
  load(kept) {
    const { entries = {}, events = [], waiting = [], refusals = [] } = kept ?? {};
    for (const timeline of this.#all.values()) timeline.load([]);
    for (const [room, all] of Object.entries(entries)) this.of(room).load(all);
    for (const event of events) if (isEntry(event)) this.take(event);
    for (const line of waiting) this.said(line);
    for (const refusal of refusals) this.refused(refusal);
  }

  /**
   * Something happened, and is news.
   * @param {any} event as it came
   */
  take(event) {
    const { room, type } = event, chat = this.#chat;
    // also of who is blocked
    if (isEntry(event)) this.of(room).take(event, chat.isOfOthers(event), chat.isOld(event));
    else if (chat.hides(event)) return;
    else if (type === "gap") this.of(room).miss(event);
    else if (isComing(event)) this.of(room).come(event);
    else if (type === "renamed") this.#renamed(event);
    else if (event.isCut) this.of(room).forget(); // the server has lost the end of its log
    else if (type === "joined") this.of(room).tell(told(event, chat), "quiet");
    else if (HERE.has(type) && (type !== "error" || event.re === undefined)) {
      this.tell(told(event, chat), TROUBLE.has(type) ? "trouble" : "quiet");
    }
    if (type === "left") this.of(room).forget(); // what is said there until we come again would be missing between
  }

  /**
   * A line of ours was taken and waits.
   * @param {Line} line
   */
  said(line) {
    this.of(this.#roomOf(line)).say(line);
  }

  /**
   * A line of ours will not be sent. Where one looks meanwhile it is told as well: perhaps nothing else is there
   * where it stands, and so one can't go there.
   * @param {Line & {message: string}} refusal
   * @param {boolean} [isNew]
   */
  refused({ message, ...line }, isNew = false) {
    const room = this.#roomOf(line), reason = cell(message);
    this.of(room).refuse({ ...line, at: line.at ?? Date.now() }, reason);
    if (isNew && room !== this.#chat.current) this.tell([`Not sent: ${reason}`], "trouble");
  }

  /**
   * Say something beside the log of the room that is looked at.
   * @param {string[]} lines made harmless
   * @param {import("./run.js").Tone} [tone]
   * @param {string | null} [room]
   */
  tell(lines, tone, room = this.#chat.current) {
    if (room !== null) this.of(room).tell(lines, tone);
  }

  /** @param {any} event somebody has another name: told where both are */
  #renamed(event) {
    for (const [key, room] of this.#chat.rooms) {
      const isThere = room.members.has(event.uid) || event.uid === this.#chat.me.uid;
      if (isThere) this.of(key).tell(told(event, this.#chat), "quiet");
    }
  }

  /** @param {{room?: string, uid?: number}} line */
  #roomOf({ room, uid = 0 }) {
    return room ?? pairRoom(this.#chat.me.uid, uid);
  }
}
