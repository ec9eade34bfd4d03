// The tabs of this browser: one of them leads, the others ask it. The one that holds a lock leads; when it is
// gone, or does not answer, another one does. A lock is only a hint: the storage knows who really leads.

import { Refused } from "./protocol.js";
import { unguessable } from "./unguessable.js";

const NAME = "roomchat-1"; // of what they share; with another number they do not understand each other
const PATIENCE = 4_000; // ms until a tab that leads and does not answer is taken for one that is asleep, or dead
const NO_LOCKS = 500; // ms until nobody seems to lead, where there are no locks
const NOT_KNOWN = "The tab that was to do it was closed, so nobody knows whether it is done; look, and try again.";

// What may be asked twice: what only looks, and what is the same when it is done again.
const HARMLESS = [
  "status", "fetch", "read", "history", "who", "rooms", "rules", "devices", "stats", "ping",
  "join", "dial", "leave", "topic", "delete", "block", "unblock",
];

/**
 * What a tab does. `lead`: from now on, it leads; true if it does. `serve`: as the one that leads, it answers.
 * `lost`: perhaps it does not lead any more. `hear`: some other tab has said something to all.
 * @typedef {{lead: () => Promise<boolean>, serve: (what: string, value: any) => Promise<any>, lost: () => void,
 *   hear: (message: any) => void}} Tab
 *
 * @typedef {{what: string, value: any, resolve: (answer: any) => void, reject: (error: Error) => void,
 *   isTaken: boolean, stop: () => void}} Asked
 */

/** @param {string} what @param {any} value */
const isHarmless = (what, value) => HARMLESS.includes(what === "ask" ? value.type : what);

export class Tabs {
  isLeading = false;
  #tab;
  #outside;
  #id = unguessable(); // of this tab
  #last = 0;
  /** @type {Map<number, Asked>} by number */
  #asked = new Map();
  /** @type {BroadcastChannel | null} null: nobody is heard */
  #channel = null;
  isOpen = false;
  #letGo = () => {}; // of the lock, or of the wish to have it
  /** @type {Promise<void> | null} while it becomes the one that leads */
  #becoming = null;

  /**
   * @param {Tab} tab
   * @param {import("./outside.js").Outside} outside
   */
  constructor(tab, outside) {
    this.#tab = tab;
    this.#outside = outside;
  }

  /**
   * Be one of them: hear the others, and lead when nobody else does.
   * @param {boolean} isAlone be the only one
   */
  open(isAlone) {
    this.isOpen = true;
    if (isAlone) {
      this.#lead();
      return;
    }
    const channel = (this.#channel = this.#outside.channel(NAME));
    channel.onmessage = ({ data }) => this.#hear(data);
    this.#stand();
    for (const asked of this.#asked) this.#send(asked);
  }

  /** Be one no longer: somebody else may lead. */
  close() {
    this.isLeading = this.isOpen = false;
    this.post({ kind: "gone" });
    this.#letGo();
    this.#channel?.close();
    this.#channel = null;
  }

  /** It does not lead any more, but may do so again. */
  resign() {
    this.isLeading = false;
    this.#letGo();
    this.#stand();
  }

  /** Whoever leads says how things stand; if nobody does, this one leads. */
  look() {
    this.request("status").catch(() => {});
  }

  /** @param {any} message to all other tabs, in order */
  post(message) {
    this.#channel?.postMessage(message);
  }

  /**
   * Ask the tab that leads, which may be this one.
   * @param {string} what
   * @param {any} [value]
   * @returns {Promise<any>} what its `serve` returns, or throws
   */
  request(what, value) {
    if (this.isLeading) return this.#tab.serve(what, value);
    const id = (this.#last += 1);
    const { promise, resolve, reject } = Promise.withResolvers();
    const asked = { what, value, resolve, reject, isTaken: false, stop: () => {} };
    this.#asked.set(id, asked);
    this.#send([id, asked]);
    return promise;
  }

  /** @param {[number, Asked]} one */
  #send([id, asked]) {
    const { what, value } = asked;
    asked.stop();
    asked.stop = this.#outside.after(this.#outside.locks ? PATIENCE : NO_LOCKS, () => this.#lead());
    this.post({ kind: "ask", from: this.#id, id, what, value });
  }

  /** Wish to lead, and hear how things stand. */
  async #stand() {
    this.look();
    const { locks } = this.#outside;
    if (locks === undefined) return;
    const wish = new AbortController();
    const { promise, resolve } = Promise.withResolvers();
    this.#letGo = () => {
      wish.abort();
      resolve(undefined);
    };
    const lead = () => {
      this.#lead();
      return promise;
    };
    // It rejects when the wish is taken back.
    await locks.request(NAME, { signal: wish.signal }, lead).catch(() => {});
  }

  async #lead() {
    await this.#becoming;
    if (this.isLeading || this.#becoming || !this.isOpen) return;
    await (this.#becoming = this.#become());
  }

  async #become() {
    const leads = await this.#tab.lead();
    this.#becoming = null;
    this.isLeading = leads && this.isOpen;
    if (!this.isLeading) return;
    this.post({ kind: "lead" });
    this.#askAgain();
  }

  /** Somebody else leads now, or this tab: what is not answered is asked again, where that does no harm. */
  #askAgain() {
    for (const [id, asked] of [...this.#asked]) {
      const { what, value, resolve, reject } = asked;
      if (asked.isTaken && !isHarmless(what, value)) {
        this.#heard({ kind: "answer", id, error: { code: "not_known", message: NOT_KNOWN } });
      } else if (this.isLeading) {
        this.#asked.delete(id);
        asked.stop();
        this.#tab.serve(what, value).then(resolve, reject);
      } else {
        asked.isTaken = false;
        this.#send([id, asked]);
      }
    }
  }

  /** @param {any} message */
  #hear(message) {
    switch (message.kind) {
      case "ask":
        if (this.isLeading) this.#serve(message);
        break;
      case "taken":
      case "answer":
        if (message.to === this.#id) this.#heard(message);
        break;
      case "lead":
        if (this.isLeading) this.#tab.lost();
        else this.#askAgain();
        break;
      case "gone":
        // With locks the next one is told by the browser.
        if (this.#outside.locks === undefined) this.look();
        break;
      default:
        this.#tab.hear(message);
    }
  }

  /** @param {any} message */
  async #serve({ from, id, what, value }) {
    this.post({ kind: "taken", to: from, id });
    const answer = await this.#tab.serve(what, value).then(
      (given) => ({ given }),
      (error) => ({ error: { code: error.code ?? "failed", message: error.message } }),
    );
    this.post({ kind: "answer", to: from, id, ...answer });
  }

  /** @param {any} message */
  #heard({ kind, id, given, error }) {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    asked.isTaken = true;
    asked.stop();
    if (kind === "taken") return;
    this.#asked.delete(id);
    if (error) asked.reject(new Refused(error.code, error.message));
    else asked.resolve(given);
  }
}
