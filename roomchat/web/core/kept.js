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
 * @param {number} [from] the first key
 * @returns {Promise<[any, any][]>}
 */
export async function rows(it, store, from) {
  const [keys, values] = await Promise.all([it.keys(store, from), it.all(store, from)]);
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
export const framesSince = async (it, pos) =>
  (await rows(it, "journal", pos + 1)).map(([key, { items }]) => ({ pos: key, items }));

/**
 * Every tab is to show this next.
 * @param {Transaction} it
 * @param {Item[]} items
 * @returns {Promise<Frame>}
 */
export const shown = async (it, items) => ({ pos: await it.add("journal", { items }), items });

/**
 * The keys of the entries that are kept of each room.
 * @param {Transaction} it
 * @returns {Promise<Map<string, [string, number][]>>}
 */
export const kept = async (it) => Map.groupBy(await it.keys("entries"), ([room]) => room);

/**
 * The last entries of each room, without those that come as events.
 * @param {Transaction} it
 * @param {any[]} events
 * @returns {Promise<Record<string, Entry[]>>}
 */
export async function newest(it, events) {
  // The first of each room.
  const coming = new Map(events.filter(isEntry).reverse().map(({ room, seq }) => [room, seq]));
  const rooms = [...(await kept(it))].map(async ([room, keys]) => {
    const old = keys.filter(([, seq]) => seq < (coming.get(room) ?? Infinity)).slice(-FIRST);
    return [room, old.length ? await it.all("entries", old[0], old.at(-1)) : []];
  });
  return Object.fromEntries(await Promise.all(rooms));
}

/**
 * Empty what is of the server's log, and what was shown: every tab begins anew.
 * @param {Transaction} it
 * @param {boolean} isAnother it is not the same person any more: what is of a person, too
 */
export async function restart(it, isAnother) {
  const [pruned = 0, person = 0] = await all(it, "kept", ["pruned", "person"]);
  it.put("kept", (await it.keys("journal")).at(-1) ?? pruned, "pruned");
  it.remove("kept", "checkpoint");
  for (const store of ["journal", "entries"]) it.remove(store);
  if (!isAnother) return;
  for (const store of ["pending", "unsent", "drafts"]) it.remove(store);
  it.remove("kept", "session");
  it.put("kept", person + 1, "person");
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
  const coming = Map.groupBy(events.filter(isEntry), ({ room }) => room);
  for (const event of events) {
    const { token, ...told } = event; // nobody who shows it needs what proves the session
    const { type, room, seq } = told;
    if (!ANSWERS.includes(type)) items.push([type === "refusal" ? type : "event", told]);
    if (isEntry(event)) {
      const rest = coming.get(room) ?? []; // that are still to come
      rest.shift();
      // A flood, or found in a page of history: then what is around it is not kept.
      if (rest.length === KEPT) it.remove("entries", [room, 0], [room, seq]);
      else if (rest.length < KEPT && seq > (cursors.get(room) ?? 0)) it.put("entries", event, [room, seq]);
      if (event.type === "deleted") await erase(it, items, room, event.of);
    } else if (event.isCut) {
      cursors.set(room, event.last_seq);
      it.remove("entries", [room, event.last_seq + 1], [room, Infinity]);
    } else if (type === "left" || type === "gap") {
      it.remove("entries", [room, 0], [room, Infinity]);
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
  const own = entry?.own ?? null; // null: no line
  if (entry && "text" in entry) it.put("entries", tombstone(entry), [room, seq]);
  const isIt = (/** @type {Item} */ [kind, value]) =>
    kind === "event"
      ? value.room === room && value.seq === seq && "text" in value
      : value?.id === own;
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
