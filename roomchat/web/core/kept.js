// What is read and written within one transaction of the storage.

import { isEntry } from "./protocol.js";

// Answers that only who asked is told: long, secret, or of no use to others.
const ANSWERS = ["history", "devices", "stats", "pong", "invitation", "password_changed"];
export const KEPT = 500; // entries of a room that are kept: what one scrolls back at once, or reads on a train
const FIRST = 200; // entries of a room that a tab begins with

/**
 * @typedef {import("./database.js").Transaction} Transaction
 * @typedef {import("./protocol.js").Entry} Entry
 * @typedef {import("./storage.js").Item} Item
 * @typedef {import("./storage.js").Frame} Frame
 */

/**
 * Every key of a store, with its value.
 * @param {Transaction} it
 * @param {string} store
 * @returns {Promise<[any, any][]>}
 */
export async function rows(it, store) {
  const [keys, values] = await Promise.all([it.keys(store), it.all(store)]);
  return keys.map((key, i) => [key, values[i]]);
}

/** @param {Transaction} it @param {string} store @param {string[]} keys */
export const all = (it, store, keys) => Promise.all(keys.map((key) => it.get(store, key)));

/** @param {Item[]} items @param {string} kind */
export const valuesOf = (items, kind) => items.filter(([one]) => one === kind).map(([, value]) => value);

/**
 * @param {Transaction} it
 * @param {number} pos
 * @returns {Promise<Frame[]>}
 */
export async function framesSince(it, pos) {
  const range = { from: pos + 1 };
  const [keys, values] = await Promise.all([it.keys("journal", range), it.all("journal", range)]);
  return keys.map((key, i) => ({ pos: key, items: values[i].items }));
}

/**
 * The seqs that are kept of each room.
 * @param {Transaction} it
 * @returns {Promise<Map<string, number[]>>}
 */
export async function kept(it) {
  const rooms = new Map();
  for (const [room, seq] of await it.keys("entries")) {
    if (!rooms.has(room)) rooms.set(room, []);
    rooms.get(room).push(seq);
  }
  return rooms;
}

/**
 * The last entries of each room, without those that come as events.
 * @param {Transaction} it
 * @param {any[]} events
 * @returns {Promise<Record<string, Entry[]>>}
 */
export async function newest(it, events) {
  const coming = new Map();
  for (const { room, seq } of events.filter(isEntry).reverse()) coming.set(room, seq);
  const rooms = [...(await kept(it))].map(async ([room, seqs]) => {
    const old = seqs.filter((seq) => seq < (coming.get(room) ?? Infinity)).slice(-FIRST);
    const last = old.at(-1);
    return [room, last === undefined ? [] : await it.all("entries", { from: [room, old[0]], to: [room, last] })];
  });
  return Object.fromEntries(await Promise.all(rooms));
}

/**
 * Empty these stores, and what was shown: every tab begins anew.
 * @param {Transaction} it
 * @param {string[]} stores
 */
export async function restart(it, stores) {
  const last = (await it.keys("journal")).at(-1) ?? (await it.get("kept", "pruned")) ?? 0;
  for (const store of [...stores, "journal"]) it.remove(store);
  it.remove("kept", { from: "checkpoint", to: "checkpoint" });
  it.put("kept", last, "pruned");
}

/**
 * Keep the entries among these events, so that those of a room have no hole between them.
 * @param {Transaction} it
 * @param {any[]} events
 * @param {Map<string, number>} cursors of before
 * @returns {Promise<Item[]>} what every tab is to show of them
 */
export async function note(it, events, cursors) {
  /** @type {Item[]} */
  const items = [];
  const coming = new Map(); // room: how many entries are still to come of it
  for (const { room } of events.filter(isEntry)) coming.set(room, (coming.get(room) ?? 0) + 1);
  for (const event of events) {
    const { type, room, seq } = event;
    const { token, ...told } = event;
    if (!ANSWERS.includes(type))
      items.push([type === "refusal" ? type : "event", type === "welcome" ? told : event]);
    if (isEntry(event)) {
      const rest = coming.get(room) - 1;
      coming.set(room, rest);
      // A flood, or found in a page of history: then what is around it is not kept.
      if (rest === KEPT) it.remove("entries", { from: [room, 0], to: [room, seq] });
      else if (rest < KEPT && seq > (cursors.get(room) ?? 0)) it.put("entries", event, [room, seq]);
      if (event.type === "deleted") await erase(it, items, room, event.of);
    } else if (type === "joined") {
      const { last_seq: last, isCut } = event;
      if (!isCut) continue;
      cursors.set(room, last);
      it.remove("entries", { from: [room, last + 1], to: [room, Infinity] });
    } else if (type === "left" || type === "gap") {
      it.remove("entries", { from: [room, 0], to: [room, Infinity] });
    }
  }
  return items;
}

/**
 * Forget the words of an entry, wherever they are kept.
 * @param {Transaction} it
 * @param {Item[]} items that are to be kept next
 * @param {string} room
 * @param {number} seq
 */
async function erase(it, items, room, seq) {
  const entry = await it.get("entries", [room, seq]);
  if (entry && "text" in entry) it.put("entries", tombstone(entry), [room, seq]);
  const isIt = (/** @type {Item} */ [kind, value]) =>
    kind === "event"
      ? value.room === room && value.seq === seq && "text" in value
      : entry?.own !== undefined && value?.id === entry.own;
  /** @type {(item: Item) => Item} */
  const erased = (item) => {
    const [kind, value] = item;
    return isIt(item) ? [kind, kind === "event" ? tombstone(value) : { ...value, text: "" }] : item;
  };
  items.splice(0, items.length, ...items.map(erased));
  for (const [pos, { items: before }] of await rows(it, "journal")) {
    if (before.some(isIt)) it.put("journal", { items: before.map(erased) }, pos);
  }
}

/** @param {any} entry @returns {any} what stands in its place */
export function tombstone({ text, ...entry }) {
  return { ...entry, type: "tombstone" };
}
