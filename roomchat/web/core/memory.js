// What IndexedDB does, in memory: for a browser that has none (in a private window, say), or whose disk is full.

/**
 * @typedef {import("./database.js").Key} Key
 * @typedef {import("./database.js").Range} Range
 * @typedef {import("./database.js").Transaction} Transaction
 */

/** @param {any} one @param {any} other of the same kind @returns {number} below 0: it comes first */
function compare(one, other) {
  if (!Array.isArray(one)) return one < other ? -1 : Number(one > other);
  return compare(one[0], other[0]) || compare(one[1], other[1]);
}

export class Memory {
  /** @type {Map<string, Map<string, [Key, any]>>} */
  #stores = new Map();
  /** @type {Map<string, number>} store: the last key that it gave */
  #last;
  /** @type {Promise<any>} */
  #turn = Promise.resolve(); // one transaction at a time

  /** @param {Record<string, number>} [last] keys that its stores go on from */
  constructor(last = {}) {
    this.#last = new Map(Object.entries(last));
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

  close() {}

  /** @template T @param {(it: Transaction) => Promise<T>} body */
  async #run(body) {
    const before = new Map([...this.#stores].map(([name, rows]) => [name, new Map(rows)]));
    try {
      return await body({
        get: async (name, key) => structuredClone(this.#rows(name).get(JSON.stringify(key))?.[1]),
        all: async (name, range) => this.#within(name, range).map(([, value]) => structuredClone(value)),
        keys: async (name, range) => this.#within(name, range).map(([key]) => key),
        put: (name, value, key) => this.#put(name, value, key),
        add: async (name, value) => {
          const key = (this.#last.get(name) ?? 0) + 1;
          this.#last.set(name, key);
          this.#put(name, value, key);
          return key;
        },
        remove: (name, range) => {
          for (const [key] of this.#within(name, range)) this.#rows(name).delete(JSON.stringify(key));
        },
      });
    } catch (error) {
      this.#stores = before;
      throw error;
    }
  }

  /** @param {string} name */
  #rows(name) {
    const rows = this.#stores.get(name) ?? new Map();
    this.#stores.set(name, rows);
    return rows;
  }

  /** @param {string} name @param {any} value @param {Key} key */
  #put(name, value, key) {
    this.#rows(name).set(JSON.stringify(key), [key, structuredClone(value)]);
  }

  /** @param {string} name @param {Range} [range] @returns {[Key, any][]} */
  #within(name, { from, to } = {}) {
    const isIn = (/** @type {[Key, any]} */ [key]) =>
      (from === undefined || compare(key, from) >= 0) && (to === undefined || compare(key, to) <= 0);
    return [...this.#rows(name).values()].filter(isIn).sort((one, other) => compare(one[0], other[0]));
  }
}
