// Who comes and goes, folded: one line for all that happens between two messages, so a lost Wi-Fi is not a page
// long.

import { told } from "./told.js";
import { counted, dayOf } from "./words.js";
import { cell } from "./harmless.js";

/**
 * What became of somebody since the line began. `passed`: came and left; `returned`: left and came back.
 * @typedef {"came" | "left" | "passed" | "returned" | "away" | "back"} Fate
 *
 * @typedef {{kind: "comings", key: string, at: number, first: any, count: number,
 *   people: Map<number, {name: string, fate: Fate}>, crowd: {joined: number, left: number, total: number} | null}}
 *   Comings
 */

const MOST_PEOPLE = 200; // in one line; more begin another
const NAMED = 3; // of those who did the same; the others are counted

/**
 * By what happens and the fate before, of which there may be none, or another; null: as if nothing was.
 * @type {Record<string, Record<string, Fate | null>>}
 */
const NEXT = {
  member_joined: { other: "came", left: "returned", passed: "came", returned: "returned", away: "returned" },
  member_left: { other: "left", came: "passed", passed: "passed" },
  away: { other: "away", came: "came", returned: "returned", back: null },
  back: { other: "back", away: null, came: "came", returned: "returned" },
};

/** @param {any} event whether it tells that somebody comes or goes, and no entry tells it, too */
export const isComing = (event) =>
  event.type === "presence_summary" ||
  (Object.hasOwn(NEXT, event.type) && event.reason !== "kicked" && event.reason !== "banned");

/**
 * The line that tells this, too; a new object.
 * @param {Comings | null} line the last one, if nothing stands behind it
 * @param {any} event for which `isComing`
 * @param {string} key of a new line
 * @param {number} at ms: now
 * @returns {Comings}
 */
export function withComing(line, event, key, at) {
  if (!line || line.people.size >= MOST_PEOPLE || dayOf(line.at) !== dayOf(at)) {
    line = { kind: "comings", key, at, first: event, count: 0, people: new Map(), crowd: null };
  }
  const count = line.count + 1;
  if (event.type === "presence_summary") {
    const { joined, left } = line.crowd ?? { joined: 0, left: 0 };
    const crowd = { joined: joined + event.joined, left: left + event.left, total: event.members_total };
    return { ...line, count, crowd };
  }
  const people = new Map(line.people);
  const next = NEXT[event.type], before = people.get(event.uid)?.fate ?? "other";
  const fate = next[before in next ? before : "other"];
  people.delete(event.uid); // who did something last stands last
  if (fate) people.set(event.uid, { name: event.name, fate });
  return { ...line, count, people };
}

/** @type {[Fate, string, string?][]} what one is told to have done, or several */
const WORDS = [
  ["came", "came in."],
  ["passed", "came in and left."],
  ["returned", "left and came back."],
  ["left", "left."],
  ["away", "is away: the connection was lost.", "are away: their connections were lost."],
  ["back", "is back.", "are back."],
];

/**
 * The line as sentences, harmless; "": all is as it was.
 * @param {Comings} line
 */
export function comingsWords(line) {
  if (line.count === 1 && !line.crowd) {
    return told(line.first, { me: { uid: 0, name: "" }, names: new Map() }).join(" ");
  }
  const sentences = [];
  for (const [fate, one, many = one] of WORDS) {
    const names = [...line.people.values()].filter((person) => person.fate === fate).map(({ name }) => cell(name));
    if (names.length) sentences.push(`${together(names)} ${names.length > 1 ? many : one}`);
  }
  const { crowd } = line;
  if (crowd) sentences.push(`${crowd.joined} joined, ${crowd.left} left; ${crowd.total} are here now.`);
  return sentences.join(" ");
}

/** @param {string[]} names "ann", "ann and bob", "ann, bob, cleo and 3 others" */
function together(names) {
  const more = names.length - NAMED;
  const shown = more > 1 ? [...names.slice(0, NAMED), counted(more, "other")] : names;
  return new Intl.ListFormat("en-GB").format(shown);
}
