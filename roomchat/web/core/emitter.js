// Who wants to know of something says so here; whoever it happens to tells all of them.

/** @typedef {(value: any) => void} Listener */

/**
 * Do it. If it fails, what follows is done all the same; what it throws comes behind that, as an uncaught error.
 * @param {() => unknown} act
 */
export function attempt(act) {
  try {
    act();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

export class Emitter {
  /** @type {Map<string, Set<Listener>>} */
  #listeners = new Map();

  /**
   * Hear of everything of this kind, from now on.
   * @param {string} kind
   * @param {Listener} listener
   * @returns {() => void} what ends it
   */
  on(kind, listener) {
    const all = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, all.add(listener));
    return () => void all.delete(listener);
  }

  /**
   * Tell it to all who listen now, in the order in which they came. One that fails keeps it from nobody.
   * @param {string} kind
   * @param {any} [value]
   */
  emit(kind, value) {
    for (const listener of [...(this.#listeners.get(kind) ?? [])]) attempt(() => listener(value));
  }
}
