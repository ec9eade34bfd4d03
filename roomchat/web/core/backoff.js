// How long a client waits before it tries to connect again.

const FIRST_PAUSE = 100; // ms until the first try; then twice as long each time
const MAX_PAUSE = 10_000; // ms; a server that was down for long has its people back soon

/** Pauses that grow, jittered so that the thousands whom a server lost do not come back at the same moment. */
export class Backoff {
  #pause = FIRST_PAUSE;

  /** All is well. */
  reset() {
    this.#pause = FIRST_PAUSE;
  }

  /**
   * How long to wait now, in ms.
   * @param {number} chance from 0 to 1
   */
  next(chance) {
    const pause = this.#pause;
    this.#pause = Math.min(2 * pause, MAX_PAUSE);
    return pause * (0.5 + chance / 2);
  }
}
