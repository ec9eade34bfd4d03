// Times as they stand beside messages, in the reader's zone. What is slow to make is made once a day.

import { el } from "./dom.js";
import { clock, dayOf, dayWords } from "../model/words.js";

const DAY = 86_400_000; // ms

/** @type {Map<string, string>} how the days asked for are written */
const known = new Map();

/** @param {number} at ms @returns {string} Wednesday, 01 May 2024 */
function fullDay(at) {
  const day = dayOf(at), words = known.get(day) ?? dayWords(new Date(at));
  known.set(day, words);
  return words;
}

/** @param {number} at ms @returns {string} Today, Yesterday, or the date, with the year where it is another one */
export function dayName(at) {
  const now = Date.now(), words = fullDay(at), today = fullDay(now);
  if (words === today) return "Today";
  if (words === fullDay(now - DAY)) return "Yesterday";
  return words.slice(-4) === today.slice(-4) ? words.slice(0, -5) : words;
}

/** @param {number} at ms @returns {string} Wed 08:30: how "new since" tells a time */
export const since = (at) => `${fullDay(at).slice(0, 3)} ${clock(new Date(at))}`;

/**
 * A time, with its date for those who ask.
 * @param {number} at ms
 */
export function timeElement(at) {
  const date = new Date(at);
  const title = `${fullDay(at)}, ${date.toTimeString().slice(0, 8)}`;
  return el("time", { class: "when", datetime: date.toISOString(), title }, clock(date));
}
