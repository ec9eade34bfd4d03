// A browser with several tabs and a server, in one process and in a time of their own: every step that takes time in
// a real one takes a random time here, and a tab may die or freeze between any two of them.

import { Memory } from "../../../roomchat/web/core/memory.js";
import { Engine } from "../../../roomchat/web/core/engine.js";
import { Storage } from "../../../roomchat/web/core/storage.js";
import { settled } from "./outside.mjs";
import { random } from "./random.mjs";

const LIMITS = { text: 8192, name: 32, line: 65536, rooms: 100 };

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

  /** @param {any} [options] */
  open(options) {
    const tab = new Tab(this, options);
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
  /** @type {Promise<any>} */
  started;

  /** @param {World} world @param {any} [options] */
  constructor(world, options = {}) {
    this.world = world;
    const storage = new Storage(new TabDisk(world, this));
    /** @type {(ms: number, then: () => void) => () => void} */
    const after = (ms, then) => this.after(ms, then);
    const locks = world.hasLocks ? /** @type {any} */ (this.locks()) : undefined;
    const connect = () => world.server.connect(this);
    this.engine = new Engine({
      url: "ws://test/ws",
      summary: () => ({ entries: this.entries.length }),
      open: async () => ({ storage, sentence: "" }),
      around: { locks, channel: () => this.channel(), after, isSeen: () => true },
      outside: { connect, now: () => world.time, after, watch: () => () => {}, chance: () => 1 },
      ...options,
    });
    const { engine } = this;
    engine.on("event", (event) => this.#take(event));
    engine.on("said", (line) => this.waiting.set(line.id, line));
    engine.on("refusal", (refusal) => this.#refused(refusal));
    engine.on("reset", (kept) => this.#begin(kept));
    this.started = engine.start().then((kept) => this.#begin(kept));
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

/** What a server does for sessions; it keeps all, also when it is killed. */
export class Server {
  epoch = "e1";
  isAway = false;
  taken = ""; // a name that somebody else has
  loggedOut = false; // whoever comes back is told so
  /** @type {Map<string, any[]>} */
  rooms = new Map([["lobby", []]]);
  /** @type {Map<string, any>} by token */
  sessions = new Map();
  /** @type {Set<Link>} */
  links = new Set();
  /** @type {string[]} codes of errors that ended a connection */
  ended = [];

  /** @param {World} world */
  constructor(world) {
    this.world = world;
  }

  /** @param {Tab} tab */
  connect(tab) {
    const link = new Link(this, tab);
    return /** @type {any} */ (link.socket);
  }

  /** All connections of that tab, or of all, are lost, with what was on its way. @param {Tab} [tab] */
  drop(tab) {
    for (const link of [...this.links]) if (!tab || link.tab === tab) link.lose();
  }

  /** @param {string} room @param {string} text */
  talk(room, text) {
    this.#entry(room, { type: "message", uid: 99, name: "bob", text });
  }

  /** @param {string} room @param {any} entry */
  #entry(room, entry) {
    const log = this.rooms.get(room) ?? [];
    this.rooms.set(room, log);
    const seq = (log.at(-1)?.seq ?? 0) + 1 + Math.floor(this.world.chance() * 2);
    const whole = { room, seq, ts: "2026-01-01T00:00:00.000Z", ...entry };
    log.push(whole);
    for (const link of this.links) if (link.session?.rooms.has(room)) link.says(whole);
  }

  /** @param {Link} link @param {any} command */
  does(link, { type, id, ...command }) {
    const re = id === undefined ? {} : { re: id };
    const { session } = link;
    if (type === "hello") this.#hello(link, command, re);
    else if (session === null) link.says({ type: "error", code: "not_registered", message: "Say hello first.", ...re });
    else if (type === "ping") link.says({ type: "pong", ...re });
    else if (type === "join") this.#join(link, command.room, re, this.#late(command.room));
    else if (type === "say") this.#say(link, command);
    else if (type === "leave") {
      session.rooms.delete(command.room);
      link.says({ type: "left", room: command.room, ...re });
    } else if (type === "history") {
      const { room, before = Infinity, limit } = command;
      const log = (this.rooms.get(room) ?? []).filter(({ seq }) => seq < before);
      link.says({ type: "history", room, entries: log.slice(-limit), more: log.length > limit, ...re });
    } else if (type === "bye") link.says({ type: "bye", ...re });
    else link.says({ type: "done", room: "lobby", entry: 0, ...re });
  }

  /** @param {Link} link @param {any} hello @param {any} re */
  #hello(link, { token, name, rooms = {}, epoch }, re) {
    if (this.loggedOut) {
      link.says({ type: "error", code: "logged_out", message: "This device was logged out.", ...re });
      return;
    }
    if (token !== undefined && !this.sessions.has(token)) {
      link.says({ type: "error", code: "unknown_token", message: "No session has that token.", ...re });
      return;
    }
    if (this.taken === (name ?? this.sessions.get(token).name)) {
      link.says({ type: "error", code: "name_taken", message: "Someone here is called so; choose another name.", ...re });
      return;
    }
    const uid = this.sessions.size + 1;
    const session = this.sessions.get(token) ?? { token: `t${uid}`, uid, name, last: 0, rooms: new Set() };
    this.sessions.set(session.token, session);
    session.name = name ?? session.name;
    for (const other of [...this.links]) if (other.session === session) other.replaced();
    link.session = session;
    const { rooms: _, last: last_n, ...who } = session;
    link.says({
      ...{ type: "welcome", ...who, epoch: this.epoch, last_n, server: "roomchat", clients: [], clients_total: 0 },
      ...{ rooms: [], rooms_total: 0, limits: LIMITS, features: [], lobby: "lobby", ...re },
    });
    for (const room of new Set([...Object.keys(rooms), ...session.rooms])) {
      this.#join(link, room, re, epoch === this.epoch && room in rooms ? rooms[room] : this.#late(room));
    }
  }

  /** @param {string} room the seq behind which its last 50 entries are */
  #late(room) {
    return this.rooms.get(room)?.at(-51)?.seq ?? 0;
  }

  /** @param {Link} link @param {string} room @param {any} re @param {number} after */
  #join(link, room, re, after) {
    const log = this.rooms.get(room) ?? [];
    link.session.rooms.add(room);
    link.says({ type: "joined", room, members: [], members_total: 1, last_seq: log.at(-1)?.seq ?? 0, ...re });
    for (const entry of log) if (entry.seq > after) link.says(entry);
  }

  /** @param {Link} link @param {any} words */
  #say({ session, says }, { room, text, n }) {
    if (n <= session.last) return;
    if (n > session.last + 1) return says({ type: "error", code: "out_of_order", message: "One is missing.", n });
    session.last = n;
    if (text.startsWith("no")) says({ type: "error", code: "muted", message: "You are muted.", n });
    else this.#entry(room, { type: "message", uid: session.uid, name: session.name, text, n });
  }
}

/** One connection: what is said on it arrives in order, in its time, until it is lost. */
class Link {
  /** @type {any} */
  session = null;
  #isUp = false;
  #isClosed = false; // by the tab
  #down = 0; // when the last thing arrives there
  #up = 0; // here

  /** @param {Server} server @param {Tab} tab */
  constructor(server, tab) {
    this.server = server;
    this.tab = tab;
    this.socket = {
      /** @type {any} */ onopen: null,
      /** @type {any} */ onmessage: null,
      /** @type {any} */ onclose: null,
      send: (/** @type {string} */ line) => this.#arrives("up", () => server.does(this, JSON.parse(line))),
      close: () => this.#end(),
    };
    const { world } = server;
    world.after(world.chance() * 5, () => {
      if (this.#isClosed) return undefined;
      if (server.isAway || tab.isDead) return tab.runs(() => this.socket.onclose?.({ wasClean: false }));
      this.#isUp = true;
      server.links.add(this);
      tab.runs(() => this.socket.onopen?.());
    });
  }

  /** @param {any} event */
  says = (event) => {
    const data = `${JSON.stringify(event)}\n`;
    this.#arrives("down", () => this.tab.runs(() => this.socket.onmessage?.({ data })));
  };

  /** @param {"up" | "down"} way @param {() => any} then */
  #arrives(way, then) {
    const { world } = this.server;
    const before = way === "up" ? this.#up : this.#down;
    const at = Math.max(before, world.time + world.chance() * 5);
    if (way === "up") this.#up = at;
    else this.#down = at;
    world.after(at - world.time, () => this.#isUp && then());
  }

  replaced() {
    this.server.ended.push("replaced");
    this.says({ type: "error", code: "replaced", message: "Your session continues on another connection." });
    this.session = null;
    this.server.links.delete(this);
  }

  #end() {
    this.#isClosed = true;
    this.server.links.delete(this);
    // What was sent before is read still.
    const { world } = this.server;
    world.after(Math.max(0, this.#up - world.time), () => (this.#isUp = false));
  }

  lose() {
    this.#isUp = false;
    this.server.links.delete(this);
    this.server.world.after(1, () => this.tab.runs(() => this.socket.onclose?.({ wasClean: false })));
  }
}
