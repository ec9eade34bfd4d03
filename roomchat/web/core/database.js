// IndexedDB with promises: what one function does in a transaction happens wholly or not at all.

/**
 * A key of a store, or one end of a range of them.
 * @typedef {number | string | [string, number]} Key
 * @typedef {{from?: Key, to?: Key}} Range  both ends are in it; one that is left out is open
 *
 * A transaction: await nothing else in it. What was put is seen by the reads behind it.
 * @typedef {{get: (store: string, key: Key) => Promise<any>, all: (store: string, range?: Range) =>
 *   Promise<any[]>, keys: (store: string, range?: Range) => Promise<any[]>, put: (store: string, value: any, key:
 *   Key) => void, add: (store: string, value: any) => Promise<number>, remove: (store: string, range?: Range) =>
 *   void}} Transaction
 *
 * `change` may be `strict`: it is on the disk when it is done, whatever happens to the machine.
 * @typedef {{read: <T>(body: (it: Transaction) => Promise<T>) => Promise<T>,
 *   change: <T>(body: (it: Transaction) => Promise<T>, isStrict?: boolean) => Promise<T>, close: () => void}}
 *   Database
 */

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
const result = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @param {Range} [range] */
function within({ from, to } = {}) {
  if (from === undefined) return to === undefined ? undefined : IDBKeyRange.upperBound(to);
  return to === undefined ? IDBKeyRange.lowerBound(from) : IDBKeyRange.bound(from, to);
}

export class Disk {
  /** @type {Promise<IDBDatabase> | null} */
  #opened = null;
  #isOutdated = false;

  /**
   * @param {string} name
   * @param {number} version of what is in it
   * @param {(stores: IDBDatabase, before: number) => void} upgrade makes this version of that one
   * @param {() => void} outdated called when another tab has a newer page, or had one: nothing works from then on
   */
  constructor(name, version, upgrade, outdated) {
    this.name = name;
    this.version = version;
    this.upgrade = upgrade;
    this.outdated = outdated;
  }

  /** @template T @param {(it: Transaction) => Promise<T>} body @returns {Promise<T>} */
  read(body) {
    return this.#run("readonly", "default", body);
  }

  /** @template T @param {(it: Transaction) => Promise<T>} body @returns {Promise<T>} */
  change(body, isStrict = false) {
    return this.#run("readwrite", isStrict ? "strict" : "relaxed", body);
  }

  close() {
    this.#opened?.then((stores) => stores.close(), () => {});
    this.#opened = null;
  }

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {IDBTransactionDurability} durability
   * @param {(it: Transaction) => Promise<T>} body
   * @returns {Promise<T>}
   */
  async #run(mode, durability, body) {
    const transaction = await this.#begin(mode, durability);
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? new Error("The browser has dropped it."));
    });
    const store = transaction.objectStore.bind(transaction);
    try {
      const value = await body({
        get: (name, key) => result(store(name).get(key)),
        all: (name, range) => result(store(name).getAll(within(range))),
        keys: (name, range) => result(store(name).getAllKeys(within(range))),
        put: (name, value, key) => void store(name).put(value, key),
        add: (name, value) => result(/** @type {IDBRequest<any>} */ (store(name).add(value))),
        remove(name, range) {
          const all = within(range);
          if (all) store(name).delete(all);
          else store(name).clear();
        },
      });
      await ended;
      return value;
    } catch (error) {
      ended.catch(() => {}); // it is told once
      try {
        transaction.abort();
      } catch {
        // It has ended already, and has said why.
      }
      throw transaction.error ?? error;
    }
  }

  /** @param {IDBTransactionMode} mode @param {IDBTransactionDurability} durability */
  async #begin(mode, durability) {
    for (let tries = 2; ; tries--) {
      const stores = await (this.#opened ??= this.#open());
      try {
        return stores.transaction(stores.objectStoreNames, mode, { durability });
      } catch (error) {
        // Browsers close a database when the person clears it, or when its process has died: it is opened again.
        if (tries === 1 || this.#isOutdated) throw error;
        this.#opened = null;
      }
    }
  }

  /** @returns {Promise<IDBDatabase>} */
  async #open() {
    const request = indexedDB.open(this.name, this.version);
    request.onupgradeneeded = ({ oldVersion }) => this.upgrade(request.result, oldVersion);
    try {
      const stores = await result(request);
      stores.onversionchange = () => {
        stores.close();
        this.#end();
      };
      return stores;
    } catch (error) {
      if (/** @type {Error} */ (error).name === "VersionError") this.#end();
      this.#opened = null;
      throw error;
    }
  }

  #end() {
    this.#isOutdated = true;
    this.outdated();
  }
}
