// What IndexedDB does, in memory: for a browser that has none (in a private window, say), or whose disk is full.

/**
 * @typedef {import("./database.js").Key} Key
 * @typedef {import("./database.js").Transaction} Transaction
 */

/**
 * Below 0: the one key comes first. What is left out comes neither before anything nor behind it.
 * @param {any} one
 * @param {any} other of the same kind
 * @returns {number}
 */
function compare(one, other) {
  if (!Array.isArray(one)) return one < other ? -1 : Number(one > other);
  return compare(one[0], other?.[0]) || compare(one[1], other?.[1]);
}

/** @param {string} store @param {Key} key */
const nameOf = (store, key) => JSON.stringify([store, key]);

export class Memory {
  /** @type {Map<string, {store: string, key: Key, value: any}>} by store and key */
  #rows = new Map();
  #last; // the last key that was given
  /** @type {Promise<any>} */
  #turn = Promise.resolve(); // one transaction at a time

  /** @param {number} [last] where keys that are given go on from */
  constructor(last = 0) {
    this.#last = last;
  }

  /** @template T @param {(it: Transaction) => Promise<T>} body @returns {Promise<T>} */
  read(body) {
    return this.change(body);
  }

  /** @template T @param {(it: Transaction) => Promise<T>} body @returns {Promise<T>} */
  change(body) {
    const turn = this.#turn.then(() => this.#run(body));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** @template T @param {(it: Transaction) => Promise<T>} body */
  async #run(body) {
    const before = new Map(this.#rows);
    try {
      return await body({
        get: async (store, key) => structuredClone(this.#rows.get(nameOf(store, key))?.value),
        all: async (...range) => this.#within(...range).map(({ value }) => structuredClone(value)),
        keys: async (...range) => this.#within(...range).map(({ key }) => key),
        put: (store, value, key) => this.#put(store, value, key),
        add: async (store, value) => {
          this.#put(store, value, (this.#last += 1));
          return this.#last;
        },
        remove: (store, from, to = from) => {
          for (const { key } of this.#within(store, from, to)) this.#rows.delete(nameOf(store, key));
        },
      });
    } catch (error) {
      this.#rows = before;
      throw error;
    }
  }

  /** @param {string} store @param {any} value @param {Key} key */
  #put(store, value, key) {
    this.#rows.set(nameOf(store, key), { store, key, value: structuredClone(value) });
  }

  /** @param {string} store @param {Key} [from] @param {Key} [to] */
  #within(store, from, to) {
    return [...this.#rows.values()]
      .filter((row) => row.store === store && compare(row.key, from) >= 0 && compare(row.key, to) <= 0)
      .sort((one, other) => compare(one.key, other.key));
  }
}
