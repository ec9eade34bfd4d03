// What a tab shows, in the order in which every tab shows it: each frame once. One that is missing, because
// another tab died before it could tell of it or this one was asleep, is read where it is kept.

/**
 * @typedef {import("./storage.js").Frame} Frame
 * @typedef {import("./storage.js").Item} Item
 */

export class Journal {
  pos = -1; // of the last frame that was shown; below 0: not begun
  /** @type {Promise<void> | null} while frames are read: those that come meanwhile wait */
  reading = null;
  #storage;
  #show;
  #anew;

  /**
   * @param {import("./storage.js").Storage} storage
   * @param {(items: Item[]) => void} show
   * @param {(kept: any) => void} anew all of before is forgotten
   */
  constructor(storage, show, anew) {
    this.#storage = storage;
    this.#show = show;
    this.#anew = anew;
  }

  /** Begin with all that there is, as of one moment: what comes from then on is shown behind it. */
  async begin() {
    const { pos, kept } = await this.#storage.load();
    this.pos = pos;
    this.#anew(kept);
  }

  /** @param {Frame} frame is kept, so all tabs show it */
  take(frame) {
    const isNext = this.reading === null && frame.pos === this.pos + 1 && !isAnew(frame);
    if (isNext) this.#next(frame);
    else this.read(frame);
  }

  /**
   * Show what is kept and was not shown; then this frame, if it was not among that.
   * @param {Frame} [last]
   */
  read(last) {
    this.behind(async () => {
      if (this.pos < 0 || (last && last.pos <= this.pos)) return;
      const frames = await this.#storage.since(this.pos);
      if (frames === null || frames.some(isAnew)) return this.begin();
      for (const frame of frames) this.#next(frame);
      if (last && last.pos > this.pos) this.#next(last);
    });
  }

  /** @param {() => Promise<any>} work is done before any frame that comes from now on is shown */
  behind(work) {
    const reading = Promise.resolve(this.reading).then(work).catch(() => {}).then(() => {
      if (this.reading === reading) this.reading = null;
    });
    this.reading = reading;
  }

  /** @param {Frame} frame */
  #next({ pos, items }) {
    this.pos = pos;
    this.#show(items);
  }
}

/** @param {Frame} frame */
const isAnew = ({ items }) => items[0][0] === "reset";
