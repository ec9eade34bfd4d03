// Times as they stand beside messages, in the reader's zone. What is slow to make is made once a day.

import { el } from "./dom.js";
import { dayOf } from "../model/rows.js";
import { clock, dayWords } from "../model/words.js";

const DAY = 86_400_000; // ms

/** @type {Map<string, string>} the last days asked for */
const known = new Map();

/** @param {number} at ms @returns {string} Wednesday, 01 May 2024 */
function fullDay(at) {
  const day = dayOf(at), words = known.get(day) ?? dayWords(new Date(at));
  if (known.size > 100) known.clear();
  known.set(day, words);
  return words;
}

/** @param {number} at ms @returns {string} Today, Yesterday, or the date, with the year where it is another one */
export function dayName(at) {
  const now = Date.now(), words = fullDay(at);
  if (dayOf(at) === dayOf(now)) return "Today";
  if (dayOf(at) === dayOf(now - DAY)) return "Yesterday";
  return dayOf(at).slice(0, 4) === dayOf(now).slice(0, 4) ? words.replace(/ \d{4}$/, "") : words;
}

/** @param {number} at ms @returns {string} Wed 08:30: how "new since" tells a time */
export const since = (at) => `${fullDay(at).slice(0, 3)} ${clock(new Date(at))}`;

/**
 * A time, with its date for those who ask.
 * @param {number} at ms
 */
export function timeElement(at) {
  const date = new Date(at);
  const seconds = String(date.getSeconds()).padStart(2, "0");
  const title = `${fullDay(at)}, ${clock(date)}:${seconds}`;
  return el("time", { class: "when", datetime: date.toISOString(), title }, clock(date));
}
