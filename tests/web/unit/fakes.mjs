// A browser with several tabs and a server, in one process and in a time of their own: every step that takes time in
// a real one takes a random time here, and a tab may die or freeze between any two of them.

import { Memory } from "../../../roomchat/web/core/memory.js";
import { Engine } from "../../../roomchat/web/core/engine.js";
import { Storage } from "../../../roomchat/web/core/storage.js";
import { settled } from "./outside.mjs";
import { random } from "./random.mjs";
import { Server } from "./server.mjs";

export class World {
  time = 0;
  /** @type {{at: number, then: () => void}[]} */
  #todo = [];
  disk = new Memory();
  server = new Server(this);
  /** @type {Tab[]} */
  tabs = [];
  /** @type {{tab: Tab, grant: () => Promise<any>}[]} who wants the lock, the first one has it */
  lock = [];

  constructor(seed = 1, { locks = true } = {}) {
    this.chance = random(seed);
    this.hasLocks = locks;
  }

  /** @param {number} ms @param {() => void} then */
  after(ms, then) {
    const one = { at: this.time + ms, then };
    this.#todo.push(one);
    return () => void (this.#todo = this.#todo.filter((other) => other !== one));
  }

  /** @param {number} most ms @returns {Promise<void>} a moment later */
  moment(most = 5) {
    return new Promise((resolve) => this.after(this.chance() * most, resolve));
  }

  /** @param {number} ms that go by */
  async passes(ms) {
    const until = this.time + ms;
    for (;;) {
      await settled();
      const next = this.#todo.filter(({ at }) => at <= until).sort((one, other) => one.at - other.at)[0];
      if (next === undefined) break;
      this.#todo.splice(this.#todo.indexOf(next), 1);
      this.time = next.at;
      next.then();
    }
    this.time = until;
  }

  /** @template T @param {T[]} list @returns {T} */
  one(list) {
    return list[Math.floor(this.chance() * list.length)];
  }

  /** @param {string} [trouble] why this tab has no disk that it shares */
  open(trouble) {
    const tab = new Tab(this, trouble);
    this.tabs.push(tab);
    return tab;
  }

  get alive() {
    return this.tabs.filter((tab) => !tab.isDead);
  }

  /** Whoever has the lock is gone: the next one gets it. @param {Tab} tab */
  release(tab) {
    const had = this.lock[0]?.tab === tab;
    this.lock = this.lock.filter((one) => one.tab !== tab);
    if (had) this.#grant();
  }

  /** @param {Tab} tab @param {() => Promise<any>} grant @param {AbortSignal} signal */
  wants(tab, grant, signal) {
    const one = { tab, grant };
    this.lock.push(one);
    if (this.lock[0] === one) this.#grant();
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => {
        if (this.lock[0] === one) return; // it is held: the promise of its holder counts
        this.lock = this.lock.filter((other) => other !== one);
        reject(signal.reason);
      });
    });
  }

  async #grant() {
    const first = this.lock[0];
    if (first === undefined) return;
    await this.moment();
    if (this.lock[0] !== first || first.tab.isDead) return;
    await new Promise((resolve) => first.tab.runs(() => first.grant().then(resolve)));
    if (this.lock[0] !== first) return;
    this.lock.shift();
    this.#grant();
  }
}

/** A tab with an engine, and all that its views would show. */
export class Tab {
  isDead = false;
  isFrozen = false;
  /** @type {any[]} the entries that it shows */
  entries = [];
  /** @type {Map<string, any>} lines that wait, by id */
  waiting = new Map();
  /** @type {any[]} */
  refusals = [];
  /** @type {any[]} every event and reset */
  told = [];
  /** @type {((message: any) => void) | null} */
  hear = null;
  /** @type {import("../../../roomchat/web/core/outside.js").Watcher | undefined} what the page tells of itself */
  page;
  /** @type {Promise<any>} */
  started;

  /** @param {World} world @param {string} [trouble] */
  constructor(world, trouble) {
    this.world = world;
    const storage = new Storage(new TabDisk(world, this), trouble);
    /** @type {(ms: number, then: () => void) => () => void} */
    const after = (ms, then) => this.after(ms, then);
    const locks = world.hasLocks ? /** @type {any} */ (this.locks()) : undefined;
    const connect = () => world.server.connect(this);
    this.engine = new Engine(
      () => ({ entries: this.entries.length }),
      {
        ...{ connect, now: () => world.time, after, chance: () => 1 },
        ...{ locks, channel: () => this.channel(), isSeen: () => true },
        watch: (/** @type {any} */ on) => (this.page = on),
      },
      async () => storage,
    );
    const { engine } = this;
    engine.on("event", (event) => this.#take(event));
    engine.on("said", (line) => this.waiting.set(line.id, line));
    engine.on("refusal", (refusal) => this.#refused(refusal));
    engine.on("reset", (kept) => this.#begin(kept));
    this.started = engine.start();
  }

  /** It is closed, or has crashed: nothing of it happens any more. */
  dies() {
    this.isDead = true;
    this.world.server.drop(this);
    this.world.after(this.world.chance() * 5, () => this.world.release(this));
  }

  /** @type {(ms: number, then: () => void) => () => void} */
  after = (ms, then) => this.world.after(ms, () => this.runs(then));

  /** @type {(() => void)[]} what would have happened while it was frozen */
  #missed = [];

  /** It stands still, as a phone does with tabs that nobody sees: it is not told, and its lock stays its own. */
  freezes() {
    this.isFrozen = true;
  }

  thaws() {
    this.isFrozen = false;
    for (const then of this.#missed.splice(0)) this.runs(then);
  }

  /** @param {() => any} then happens in this tab, now or when it can */
  runs(then) {
    if (this.isDead) return;
    if (this.isFrozen) this.#missed.push(then);
    else then();
  }

  /** @param {any} kept */
  #begin(kept) {
    this.entries = Object.values(kept?.entries ?? {}).flat();
    this.waiting = new Map((kept?.waiting ?? []).map((/** @type {any} */ line) => [line.id, line]));
    this.told.push({ type: "reset", kept });
    for (const event of kept?.events ?? []) this.#take(event);
    for (const refusal of kept?.refusals ?? []) this.#refused(refusal);
  }

  /** @param {any} event */
  #take(event) {
    this.told.push(event);
    if (event.own) this.waiting.delete(event.own);
    if ("seq" in event) this.entries.push(event);
  }

  /** @param {any} refusal */
  #refused(refusal) {
    this.waiting.delete(refusal.id);
    this.refusals.push(refusal);
  }

  locks() {
    return {
      request: (/** @type {string} */ _, /** @type {any} */ { signal }, /** @type {() => Promise<any>} */ grant) =>
        this.world.wants(this, grant, signal),
    };
  }

  channel() {
    const channel = {
      /** @type {any} */ onmessage: null,
      postMessage: (/** @type {any} */ data) => this.#post(structuredClone(data)),
      close: () => (this.hear = null),
    };
    this.hear = (data) => channel.onmessage?.({ data });
    return channel;
  }

  #posted = 0; // when the last message arrives: they stay in order

  /** @param {any} data */
  #post(data) {
    if (this.isDead) return;
    this.#posted = Math.max(this.#posted, this.world.time + this.world.chance() * 5);
    for (const tab of this.world.tabs) {
      if (tab !== this) this.world.after(this.#posted - this.world.time, () => tab.runs(() => tab.hear?.(data)));
    }
  }
}

/** The disk as one tab sees it: a transaction of a tab that dies is not done, and nobody there hears of it. */
class TabDisk {
  /** @param {World} world @param {Tab} tab */
  constructor(world, tab) {
    this.world = world;
    this.tab = tab;
  }

  read = (/** @type {any} */ body) => this.change(body);

  /** @param {any} body */
  async change(body) {
    const { world, tab } = this;
    const lives = () => {
      if (tab.isDead) throw new Error("dead");
    };
    const slow = (/** @type {any} */ it) => {
      const waits = (/** @type {string} */ name) => async (/** @type {any[]} */ ...given) => {
        await world.moment(1);
        lives();
        return it[name](...given);
      };
      const does = (/** @type {string} */ name) => (/** @type {any[]} */ ...given) => (lives(), it[name](...given));
      return {
        ...{ get: waits("get"), all: waits("all"), keys: waits("keys"), add: waits("add") },
        ...{ put: does("put"), remove: does("remove") },
      };
    };
    const moment = async () => {
      await world.moment();
      await new Promise((resolve) => tab.runs(() => resolve(null)));
    };
    await moment();
    const ended = world.disk.change(async (it) => {
      const value = await body(slow(it));
      await world.moment(1);
      lives();
      return value;
    });
    const value = await ended.catch((error) => (tab.isDead ? new Promise(() => {}) : Promise.reject(error)));
    await moment();
    return tab.isDead ? new Promise(() => {}) : value;
  }

  close() {}
}
