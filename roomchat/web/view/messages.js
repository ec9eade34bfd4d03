// The messages of the room that is looked at.

import { isEntry } from "../core/protocol.js";
import { Past } from "../model/past.js";
import { Timelines } from "../model/timelines.js";
import { Announcer } from "./announcer.js";
import { el, fill } from "./dom.js";
import { jump, label } from "./jumps.js";
import { isLookedAt, onLook } from "./looked_at.js";
import { lookAt } from "./looks.js";
import { Pressed } from "./pressed.js";
import { beginning } from "./room_beginning.js";
import { RowList } from "./row_list.js";
import { since } from "./times.js";
import { tell } from "./told.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./row_list.js").Place} Place */

const NEW_AT = 0.15; // of the height: there "new since" stands in a room that has more new than it can show
const LATER = "What was said before comes when the connection is back.";
const FOUND_FOR = 2000; // ms for which a message is marked that one went to
const BEGUN = 200; // ms in which a turn of the wheel has moved something
const TURNS = 4; // how often rows are put to an end in one painting, at the most

export class MessagesPane {
  timelines;
  #app;
  #past;
  #list;
  #announcer = new Announcer();
  #room = /** @type {string | null} */ (null);
  #timeline = /** @type {import("../model/timeline.js").Timeline | null} */ (null);
  #unlisten = /** @type {(() => void) | undefined} */ (undefined);
  /** @type {Map<string, Place | null>} where one was in rooms, if not at the end */
  #places = new Map();
  #frame = 0;
  #scrollTop = 0; // when it was looked at last
  #height = 0;
  #mark = 0;
  #isMarkSeen = true;
  #isReading = false;

  #top = el("div", { class: "top" });
  #scroller = el("div",
    { class: "messages", role: "log", "aria-live": "off", "aria-label": "Messages", tabindex: "0" });
  #toNewest = jump("to-newest", () => this.toNewest());
  #toNew = jump("to-new", () => this.#goToNew());
  element = el("div", { class: "messages-pane" }, this.#scroller, this.#toNew, this.#toNewest,
    this.#announcer.element);

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
    this.timelines = new Timelines(app.chat);
    this.#past = new Past(app.engine);
    this.#list = new RowList(this.#scroller);
    new Pressed(app, this, this.#scroller, this.#list);
    this.#scroller.append(this.#top, this.#list.element);
    this.#listen();
    this.#look();
  }

  /**
   * Begin with what is kept, or anew.
   * @param {any} kept as the engine gives it
   */
  load(kept) {
    this.timelines.load(kept);
    this.#places.clear();
    this.#room = null;
    this.#look();
  }

  /**
   * Something happened that is news: of what comes again after a lost connection the chat says that it is none.
   * @param {any} event as the engine tells it; the chat has heard of it
   */
  take(event) {
    const { chat } = this.#app;
    this.timelines.take(event);
    const isHere = isEntry(event) && event.room === this.#room;
    if (isHere && event.type === "deleted") this.#announcer.erase(event.of);
    if (isHere && chat.isOfOthers(event) && !chat.isOld(event)) this.#announcer.take(event);
  }

  /**
   * Say something at the end of the room that is looked at, beside its log.
   * @param {string[]} lines made harmless
   * @param {"printed" | "trouble"} [tone]
   */
  tell(lines, tone) {
    this.timelines.tell(lines, tone);
    this.toNewest();
  }

  /**
   * Look at a message, wherever in the log it is.
   * @param {string} room
   * @param {number} seq
   */
  async goTo(room, seq) {
    this.#app.chat.look(room);
    const timeline = this.#timeline;
    if (!timeline || this.#room !== room) return;
    if (!(await this.#past.goTo(room, timeline, seq))) {
      tell("That message can't be had now.");
      return;
    }
    if (timeline !== this.#timeline) return;
    const number = timeline.shown.find(seq), key = this.#list.firstKey(timeline, number, lookAt(this.#app, room));
    this.#list.open(timeline, number, { key, seq, offset: this.#scroller.clientHeight / 3 });
    this.#paint();
    const row = this.#list.rowOf(key);
    row?.focus({ preventScroll: true });
    row?.classList.add("found");
    setTimeout(() => row?.classList.remove("found"), FOUND_FOR);
  }

  /** Look at the first message of all. */
  async toFirst() {
    const timeline = this.#timeline;
    if (!timeline || this.#room === null) return;
    if (!(await this.#past.goTo(this.#room, timeline, 1))) return this.#scroller.scrollTo({ top: 0 });
    if (timeline !== this.#timeline) return;
    this.#list.open(timeline, timeline.shown.start, { key: "", seq: 0, offset: 0 });
    this.#scroller.scrollTop = 0;
    this.#paint();
  }

  /** Look at the newest. */
  toNewest() {
    if (!this.#timeline) return;
    if (!this.#timeline.connect()) this.#timeline.toNewest();
    this.#list.open(this.#timeline, null);
    this.#paint();
  }

  /** @param {-1 | 1} direction a screen back or forward */
  page(direction) {
    this.#scroller.scrollBy({ top: direction * this.#scroller.clientHeight * 0.9 });
  }

  /** Show nothing of what is here; one can scroll back to it. */
  clear() {
    this.#timeline?.clear();
    this.toNewest();
  }

  #listen() {
    const { engine, chat } = this.#app, scroller = this.#scroller;
    engine.on("said", (/** @type {any} */ line) => {
      this.timelines.said(line);
      if (this.#timeline?.waiting.at(-1)?.line.id === line.id) this.toNewest();
    });
    engine.on("refusal", (/** @type {any} */ refusal) => this.timelines.refused(refusal, true));
    engine.on("status", () => this.#schedule());
    chat.on("change", (/** @type {string} */ what) => this.#changed(what));
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    scroller.addEventListener("wheel", ({ deltaY, ctrlKey }) => {
      if (deltaY >= 0 || ctrlKey || !this.#list.isAtEnd) return;
      this.#list.isAtEnd = false; // else the end is held while one begins to scroll away
      setTimeout(() => this.#scrolled(), BEGUN); // perhaps something else was scrolled
    }, { passive: true });
    new ResizeObserver(() => {
      if (this.#list.isAtEnd) this.#list.toEnd();
      this.#height = scroller.clientHeight;
      this.#schedule();
    }).observe(scroller);
    onLook(() => this.#schedule());
  }

  /** @param {string} what of the chat is another now */
  #changed(what) {
    if (what === "current") this.#look();
    if (what === "me") this.#list.forget();
    if (!this.#isReading && what !== "rooms") this.#schedule();
  }

  /** Turn to the room that the chat says. */
  #look() {
    const room = this.#app.chat.current;
    if (room === this.#room) return;
    if (this.#room !== null) this.#leave(this.#room);
    this.#room = room;
    this.#unlisten?.();
    this.#announcer.forget();
    this.#list.forget();
    this.#timeline = room === null ? null : this.timelines.of(room);
    this.#unlisten = this.#timeline?.on("change", () => this.#schedule());
    if (!this.#timeline || room === null) {
      this.#list.timeline = null;
      fill(this.#top);
      return;
    }
    const { mark = 0, lastSeq = 0 } = this.#app.chat.rooms.get(room) ?? {};
    if (!lastSeq) this.#timeline.live.isWhole = true; // nothing was said yet
    this.#mark = mark;
    this.#isMarkSeen = !this.#mark;
    const place = this.#places.get(room) ?? null;
    const number = place ? this.#numberOf(place) : null;
    this.#list.open(this.#timeline, number, place);
    this.#paint(false); // its end is not read yet: perhaps one does not begin there
    if (!place) this.#openAtNew();
    this.#schedule();
  }

  /** @param {string} room that is not looked at any more */
  #leave(room) {
    this.#places.set(room, this.#list.isAtEnd ? null : this.#list.place());
  }

  /** @param {Place} place @returns {number | null} of the item that was seen there */
  #numberOf({ key, seq }) {
    const run = /** @type {any} */ (this.#timeline).shown;
    const index = run.items.findIndex((/** @type {any} */ item) => item.key === key);
    return index >= 0 ? run.start + index : seq ? run.find(seq) : null;
  }

  /** Where more is new than can be seen, begin with the first of it. */
  #openAtNew() {
    const timeline = /** @type {import("../model/timeline.js").Timeline} */ (this.#timeline);
    const { live } = timeline;
    const number = this.#mark ? live.find(this.#mark + 1) : live.end;
    if (number <= live.start || number >= live.end || this.#isSeen("new")) return;
    const isNews = (/** @type {any} */ { entry }) => entry?.seq > this.#mark && this.#app.chat.isOfOthers(entry);
    timeline.unseen = live.items.filter(isNews).length;
    const place = { key: "new", seq: 0, offset: this.#scroller.clientHeight * NEW_AT };
    this.#list.open(timeline, number, place);
    this.#paint();
  }

  #goToNew() {
    this.#isMarkSeen = true;
    if (this.#room !== null) this.goTo(this.#room, this.#mark + 1);
  }

  /** @param {string} key @returns {boolean} whether its row is not above what is seen */
  #isSeen(key) {
    const row = this.#list.rowOf(key);
    return !!row && row.getBoundingClientRect().bottom > this.#scroller.getBoundingClientRect().top;
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => this.#paint());
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
    const isLive = this.#timeline?.past === null && this.#list.to >= (this.#timeline?.live.end ?? 0);
    // Who is at the end stays there until they scroll up: also while what came since was not painted yet, or the
    // box has become smaller.
    if (scrollHeight - clientHeight - scrollTop < 2) this.#list.isAtEnd ||= isLive;
    else if (scrollTop < this.#scrollTop && clientHeight === this.#height) this.#list.isAtEnd = false;
    this.#scrollTop = scrollTop;
    this.#schedule();
  }

  /** @param {boolean} [isShown] whether somebody sees it */
  #paint(isShown = isLookedAt()) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const timeline = this.#timeline, room = this.#room;
    if (!timeline || room === null) return;
    const look = lookAt(this.#app, room);
    if (look.mark !== this.#mark) this.#isMarkSeen = !look.mark;
    this.#mark = look.mark;
    const paint = () => this.#list.paint(look, () => this.#paintTop(room, look.isOffline));
    paint();
    for (let turn = 0; turn < TURNS; turn += 1) {
      const { older, newer, isChanged } = this.#list.fit();
      if (older) this.#past.older(room, timeline);
      if (newer) this.#past.newer(room, timeline);
      if (!isChanged) break;
      paint();
    }
    this.#scrollTop = this.#scroller.scrollTop;
    this.#isMarkSeen ||= isShown && this.#isSeen("new");
    this.#paintJumps(timeline);
    if (isShown && this.#list.isAtEnd) this.#read(room);
  }

  /** @param {string} room @param {boolean} isOffline */
  #paintTop(room, isOffline) {
    const run = /** @type {any} */ (this.#timeline).shown, fetching = isOffline ? LATER : "\u2026";
    const isBeginning = run.isWhole && this.#list.from <= run.start;
    const top = isBeginning ? beginning(this.#app.chat, room, run.firstSeq > 1) : el("p", null, fetching);
    if (!this.#top.firstChild?.isEqualNode(top)) fill(this.#top, top);
  }

  /** @param {import("../model/timeline.js").Timeline} timeline */
  #paintJumps(timeline) {
    const { isAtEnd } = this.#list;
    if (isAtEnd) timeline.unseen = 0;
    const { unseen } = timeline;
    label(this.#toNewest, !isAtEnd && (unseen ? `${unseen} new` : "To the newest"));
    this.#toNewest.classList.toggle("counted", unseen > 0);
    const at = timeline.live.at(timeline.live.find(this.#mark + 1) - 1)?.at;
    label(this.#toNew, !this.#isMarkSeen && (at ? `new since ${since(at)}` : "To what is new"));
  }

  /** @param {string} room whose end somebody sees */
  #read(room) {
    const { chat, engine } = this.#app;
    this.#isReading = true; // that it is read changes nothing here
    const seq = chat.read(room);
    this.#isReading = false;
    if (seq) engine.read(room, seq);
  }
}
