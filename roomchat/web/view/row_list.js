// A bounded part of a timeline as elements. What one looks at stays where it is, to the pixel, whatever is put
// above.
//
// There is no box as high as the whole past: the part grows where one scrolls to, and is cut at the other end. So
// no height is ever guessed. `fit` says how much of it stands above and below what is seen.

import { rowsOf } from "../model/rows.js";
import { arrange, el } from "./dom.js";
import { rowElement } from "./message.js";
import { dayName } from "./times.js";

/** @typedef {import("../model/rows.js").Row} Row */
/** @typedef {import("../model/timeline.js").Timeline} Timeline */
/** @typedef {import("./message.js").Look & {mark: number, hides: (entry: any) => boolean}} Look */
/** @typedef {{row: Row, look: string, element: HTMLElement}} Shown */
/**
 * @typedef {{key: string, seq: number, offset: number}} Place the first row that is seen, and px of it from the
 *   top
 */

const LEAST = 40; // items shown at first
const STEP = 1.5; // screens that are put to an end at once
const AHEAD = 50; // items not yet shown: with fewer of them, a page is fetched while one scrolls
const NEAR = 1; // screens beyond what is seen: less, and more is put there
const FAR = 3; // screens: more, and it is cut

export class RowList {
  element = el("div", { class: "rows" });
  /** Whether the end of the log is looked at: it stays in sight when more comes. */
  isAtEnd = true;
  /** @type {Timeline | null} */
  timeline = null;
  /** @type {Place | null} what is to be seen where, until it is */
  #wanted = null;
  from = 0;
  to = 0;

  #scroller;
  /** @type {Map<string, Shown>} */
  #shown = new Map();
  /** @type {Map<string, HTMLElement>} */
  #days = new Map();

  /** @param {HTMLElement} scroller that `element` is in */
  constructor(scroller) {
    this.#scroller = scroller;
  }

  /**
   * Look at another timeline, or another part of it.
   * @param {Timeline} timeline
   * @param {number | null} number of an item in its middle; null: the newest
   * @param {Place | null} [place] that is to be seen
   */
  open(timeline, number, place = null) {
    this.#wanted = place;
    if (this.timeline && this.timeline !== timeline) this.timeline.looked = Infinity;
    this.timeline = timeline;
    this.isAtEnd = number === null && !timeline.past;
    const { start, end } = timeline.shown, middle = number ?? end;
    this.to = Math.min(end, middle + LEAST);
    this.from = Math.max(start, Math.min(middle, end) - LEAST);
  }

  /** Make all rows anew with the next painting, for something that they all show is another now. */
  forget() {
    this.#shown.clear();
    this.#days.clear();
    this.element.replaceChildren();
  }

  /**
   * Show what is there now.
   * @param {Look} look
   * @param {() => void} change what changes above the rows at the same time
   */
  paint(look, change) {
    const { timeline } = this;
    if (!timeline) return;
    const { start, end } = timeline.shown;
    if (this.isAtEnd) this.to = end;
    this.from = Math.min(Math.max(this.from, start), end);
    this.to = Math.min(Math.max(this.to, this.from), end);
    timeline.looked = this.from;
    const held = this.isAtEnd ? null : this.#wanted ?? this.place();
    change();
    this.#put(rowsOf(timeline, this.from, this.to, look), look);
    if (this.isAtEnd) this.toEnd();
    else if (held) this.#hold(held);
  }

  /**
   * Take in or give up rows beyond what is seen. When nothing is changed by it, what was wanted is where it should
   * be.
   * @returns {{older: boolean, newer: boolean, isChanged: boolean}} whether pages are wanted, if there
   *   are any; whether to paint again
   */
  fit() {
    const { scrollTop: above, clientHeight, scrollHeight } = this.#scroller;
    const { timeline } = this;
    if (!timeline || !clientHeight) return { older: false, newer: false, isChanged: false };
    const below = scrollHeight - clientHeight - above;
    const { start, end } = timeline.shown, before = `${this.from} ${this.to}`;
    // if rows are as high there as here
    const step = Math.ceil(STEP * clientHeight * (this.#shown.size + 1) / scrollHeight);
    if (above < NEAR * clientHeight) this.from = Math.max(start, this.from - step);
    else if (above > FAR * clientHeight) this.from = this.#firstBelow(above - 2 * NEAR * clientHeight);
    if (below < NEAR * clientHeight) this.to = Math.min(end, this.to + step);
    else if (below > FAR * clientHeight)
      this.to = this.#firstBelow(scrollHeight - below + 2 * NEAR * clientHeight);
    const isChanged = before !== `${this.from} ${this.to}`;
    if (!isChanged) this.#wanted = null;
    return {
      isChanged,
      older: this.isAtEnd ? this.from === start && above < NEAR * clientHeight : this.from - start < AHEAD,
      newer: end - this.to < AHEAD,
    };
  }

  /** @param {number} y px in the scrolled content @returns {number} of the first item whose row ends below it */
  #firstBelow(y) {
    const { top } = this.#scroller.getBoundingClientRect();
    return this.#endingBelow(top - this.#scroller.scrollTop + y)?.row.number ?? this.to;
  }

  /** @param {number} y px on the screen @returns {Shown | undefined} the first item's row that ends below it */
  #endingBelow(y) {
    return [...this.#shown.values()].find(({ row, element }) =>
      row.item && element.getBoundingClientRect().bottom > y);
  }

  /** What is seen first, and where. @returns {Place | null} */
  place() {
    const { top } = this.#scroller.getBoundingClientRect();
    const first = this.#endingBelow(top);
    if (!first) return null;
    const { row: { key, item }, element } = first;
    return { key, seq: item?.kind === "entry" ? item.entry.seq : 0,
      offset: element.getBoundingClientRect().top - top };
  }

  /** @param {Place} place that is to be seen again */
  #hold({ key, offset }) {
    const element = this.rowOf(key);
    if (!element) return;
    const { top } = this.#scroller.getBoundingClientRect();
    const moved = element.getBoundingClientRect().top - top - offset;
    if (moved) this.#scroller.scrollTop += moved;
  }

  toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /**
   * The key of the first row from a number on that one can go to; "" if there is none.
   * @param {Timeline} timeline
   * @param {number} number
   * @param {Look} look
   */
  firstKey(timeline, number, look) {
    return rowsOf(timeline, number, number + LEAST, look).find(({ item }) => item)?.key ?? "";
  }

  /** @param {string} key @returns {HTMLElement | undefined} */
  rowOf(key) {
    return this.#shown.get(key)?.element;
  }

  /** @param {Element | null} [element] within a row @returns {Shown | undefined} */
  rowAt(element) {
    const row = /** @type {HTMLElement | null | undefined} */ (element?.closest("[data-key]"));
    return this.#shown.get(row?.dataset.key ?? "");
  }

  /** The elements that one goes through with the arrows. */
  get elements() {
    return [...this.#shown.values()].filter(({ row }) => row.kind !== "new").map(({ element }) => element);
  }

  /** @param {Row[]} rows @param {Look} look */
  #put(rows, look) {
    const { activeElement } = document;
    const focused = this.element.contains(activeElement) && this.rowAt(activeElement);
    const shown = new Map(rows.map((row) => [row.key, this.#row(row, look)]));
    /** @type {Map<string, HTMLElement>} */
    const days = new Map();
    /** @type {Map<HTMLElement, Element[]>} what stands in each */
    const inside = new Map();
    let last = /** @type {HTMLElement | null} */ (null);
    for (const row of rows) {
      if (last?.dataset.day !== row.day) {
        last = this.#day(row, days);
        inside.set(last, [/** @type {Element} */ (last.firstElementChild)]);
      }
      inside.get(/** @type {HTMLElement} */ (last))?.push(/** @type {Shown} */ (shown.get(row.key)).element);
    }
    arrange(this.element, [...inside.keys()]);
    for (const [day, elements] of inside) arrange(day, elements);
    this.#shown = shown;
    this.#days = days;
    if (focused && !this.element.contains(document.activeElement)) {
      (this.rowOf(focused.row.key) ?? this.#scroller).focus({ preventScroll: true });
    }
  }

  /** @param {Row} row @param {Look} look @returns {Shown} */
  #row(row, look) {
    const old = this.#shown.get(row.key);
    const now = row.item?.kind === "waiting" ? String(look.isOffline) : String(row.kind === "new" && row.at);
    const isSame = old && old.row.item === row.item && old.row.isHead === row.isHead && old.look === now;
    return { row, look: now, element: isSame ? old.element : rowElement(row, look) };
  }

  /** @param {Row} row the first of a day @param {Map<string, HTMLElement>} days @returns {HTMLElement} */
  #day(row, days) {
    let key = row.day;
    while (days.has(key)) key += "'"; // a clock that went back makes a day twice
    const made = this.#days.get(key) ??
      el("section", { class: "day", "data-day": row.day }, el("h2", { class: "day-name" }, el("span")));
    const label = /** @type {HTMLElement} */ (made.querySelector("span")), name = dayName(row.at);
    if (label.textContent !== name) label.textContent = name; // today is yesterday tomorrow
    days.set(key, made);
    return made;
  }
}
