// IndexedDB with promises: what one function does in a transaction happens wholly or not at all.

const NAME = "roomchat";
const VERSION = 1; // of what is kept, and of what tabs tell each other
const STORES = ["kept", "pending", "unsent", "entries", "journal", "drafts"];

/**
 * A key of a store, or one end of a range of them; both ends are in it.
 * @typedef {number | string | [string, number]} Key
 *
 * A transaction: await nothing else in it. What was put is seen by the reads behind it. `all` and `keys` are of a
 * range, which is open where an end is left out; `remove` is of one key or of a range, and without any of all.
 * @typedef {{get: (store: string, key: Key) => Promise<any>,
 *   all: (store: string, from?: Key, to?: Key) => Promise<any[]>,
 *   keys: (store: string, from?: Key, to?: Key) => Promise<any[]>,
 *   put: (store: string, value: any, key: Key) => void, add: (store: string, value: any) => Promise<number>,
 *   remove: (store: string, from?: Key, to?: Key) => void}} Transaction
 *
 * `change` may be `strict`: it is on the disk when it is done, whatever happens to the machine.
 * @typedef {{read: <T>(body: (it: Transaction) => Promise<T>) => Promise<T>,
 *   change: <T>(body: (it: Transaction) => Promise<T>, durability?: IDBTransactionDurability) => Promise<T>}}
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

// No key comes before the one end or behind the other: numbers are the first of all, lists the last.
/** @param {any} [from] @param {any} [to] */
const range = (from = -Infinity, to = [[]]) => IDBKeyRange.bound(from, to);

export class Disk {
  /** @type {Promise<IDBDatabase> | null} */
  #opened = null;
  #isOutdated = false;

  #outdated;

  /** @param {() => void} outdated when another tab has a newer page, or had one: nothing works from then on */
  constructor(outdated) {
    this.#outdated = outdated;
  }

  /** @template T @param {(it: Transaction) => Promise<T>} body @returns {Promise<T>} */
  read(body) {
    return this.#run(body, "readonly");
  }

  /**
   * @template T
   * @param {(it: Transaction) => Promise<T>} body
   * @param {IDBTransactionDurability} [durability]
   * @returns {Promise<T>}
   */
  change(body, durability) {
    return this.#run(body, "readwrite", durability);
  }

  /**
   * @template T
   * @param {(it: Transaction) => Promise<T>} body
   * @param {IDBTransactionMode} mode
   * @param {IDBTransactionDurability} [durability]
   * @returns {Promise<T>}
   */
  async #run(body, mode, durability = "relaxed") {
    const transaction = await this.#begin(mode, durability);
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? new Error("The browser has dropped it."));
    });
    const store = transaction.objectStore.bind(transaction);
    try {
      const value = await body({
        get: (name, key) => result(store(name).get(key)),
        all: (name, from, to) => result(store(name).getAll(range(from, to))),
        keys: (name, from, to) => result(store(name).getAllKeys(range(from, to))),
        put: (name, value, key) => void store(name).put(value, key),
        add: (name, value) => result(/** @type {IDBRequest<any>} */ (store(name).add(value))),
        remove: (name, from, to = from) => void store(name).delete(range(from, to)),
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
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const name of STORES) request.result.createObjectStore(name, { autoIncrement: true });
    };
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
    this.#outdated();
  }
}
