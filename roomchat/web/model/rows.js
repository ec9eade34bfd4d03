// What stands below each other in a room: items as rows, with what each needs to know of those before it.

import { comingsWords } from "./comings.js";
import { seqOf } from "./run.js";
import { isDeed, said } from "./words.js";

/** @typedef {import("./run.js").Item} Item */
/** @typedef {import("./timeline.js").Timeline} Timeline */

/**
 * - `words` (of `item`: an entry, or a line that waits or was refused), `tombstone`, `deed`, `gap`, `told`,
 *   `comings`;
 * - `new`: the line above what is new; `at` is when the last one before it was.
 * `isHead`: who it is stands above; not so behind words of the same person, soon after them.
 * `day`: of `at`, here. `number`: the item's; of a line that waits the end of the run.
 * @typedef {{key: string, kind: "words" | "tombstone" | "deed" | "gap" | "told" | "comings" | "new",
 *   item: Item | null, at: number, day: string, isHead: boolean, number: number}} Row
 */

const TOGETHER = 5 * 60_000; // ms between words of one person that stand together

/** @type {{at: number, day: string}} the last one asked for: neighbours are of the same minute mostly */
let known = { at: NaN, day: "" };

/** @param {number} at ms @returns {string} the day here, as 2026-11-29 */
export function dayOf(at) {
  const minute = Math.floor(at / 60_000);
  if (minute !== known.at) {
    const date = new Date(at);
    const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
    known = { at: minute, day: `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}` };
  }
  return known.day;
}

/**
 * What is looked at. `mark`: the seq behind which all is new, 0: nowhere; `hides`: whether an entry is of somebody
 * of whom nothing is to be seen.
 * @typedef {{mark: number, me: {uid: number, name: string}, hides: (entry: any) => boolean}} Look
 */

/**
 * How an item is shown; null: not at all.
 * @param {Item} item
 * @param {Look} look
 * @returns {Row["kind"] | null}
 */
function kindOf(item, { hides }) {
  if (item.kind === "waiting" || item.kind === "refused") return "words";
  if (item.kind === "comings") return comingsWords(item) ? "comings" : null;
  if (item.kind !== "entry") return item.kind;
  const { type } = item.entry;
  if (hides(item.entry)) return null;
  if (type === "message" || type === "action") return "words";
  if (type === "tombstone") return type;
  return isDeed(item.entry) && type !== "deleted" ? "deed" : null; // of what was deleted the tombstone tells
}

/** @param {Item} item @param {Look} look @returns {string} who says it; what is not yet in the log is ours */
function sender(item, { me }) {
  const { uid, name } = item.kind === "entry" ? item.entry : me;
  return `${uid} ${name}`;
}

/** @param {Item} item */
const isAction = (item) =>
  item.kind === "entry" ? "text" in item.entry && said(item.entry).star :
    "line" in item && item.line.kind === "action";

/**
 * The rows of a part of a timeline.
 * @param {Timeline} timeline
 * @param {number} from the number of the first item
 * @param {number} to the number behind the last one; at the end of the log our lines that wait follow it
 * @param {Look} look
 * @returns {Row[]}
 */
export function rowsOf(timeline, from, to, look) {
  const { mark } = look;
  const run = timeline.shown;
  const first = Math.max(from, run.start);
  const items = run.items.slice(first - run.start, Math.max(0, to - run.start));
  if (!timeline.past && to >= run.end) items.push(...timeline.waiting);
  /** @type {Row[]} */
  const rows = [];
  let before = above(run, from, look), seq = seqBefore(run, from);
  for (const [index, item] of items.entries()) {
    const number = Math.min(first + index, run.end);
    const kind = kindOf(item, look), own = seqOf(item);
    if (kind && mark && seq && seq <= mark && own > mark) {
      rows.push({ key: "new", kind: "new", item: null, at: before?.at ?? 0, day: dayOf(item.at), isHead: false,
        number });
      before = null;
    }
    seq = own || seq;
    if (!kind) continue;
    const day = dayOf(item.at);
    rows.push({ key: item.key, kind, item, at: item.at, day, number, isHead: !isSame(before, item, day, look) });
    before = item;
  }
  return rows;
}

/**
 * Whether words stand together with those before them.
 * @param {Item | null} before
 * @param {Item} item
 * @param {string} day
 * @param {Look} look
 */
function isSame(before, item, day, look) {
  return before !== null && isSaid(before, look) && isSaid(item, look) &&
    sender(before, look) === sender(item, look) &&
    Math.abs(item.at - before.at) < TOGETHER && dayOf(before.at) === day && !isAction(before) && !isAction(item);
}

/** @param {Item} item @param {Look} look */
const isSaid = (item, look) => ["words", "tombstone"].includes(kindOf(item, look) ?? "");

/**
 * The nearest item before that number which is shown.
 * @param {import("./run.js").Run} run
 * @param {number} number
 * @param {Look} look
 */
function above(run, number, look) {
  for (let place = Math.min(number, run.end) - run.start - 1; place >= 0; place -= 1) {
    if (kindOf(run.items[place], look)) return run.items[place];
  }
  return null;
}

/**
 * The seq of the nearest entry before that number; 0 if there is none.
 * @param {import("./run.js").Run} run
 * @param {number} number
 */
function seqBefore(run, number) {
  for (let place = Math.min(number, run.end) - run.start - 1; place >= 0; place -= 1) {
    if (seqOf(run.items[place])) return seqOf(run.items[place]);
  }
  return 0;
}
