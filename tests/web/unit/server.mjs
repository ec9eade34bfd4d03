// A server for the tabs of fakes.mjs, in their time: what it says arrives in order, some time later, until the
// connection is lost.

const LIMITS = { text: 8192, name: 32, line: 65536, rooms: 100 };

/** What a server does for sessions; it keeps all, also when it is killed. */
export class Server {
  epoch = "e1";
  isAway = false;
  isSlow = false; // who says hello is not answered
  delay = 0; // ms that what it says takes longer
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

  /** @param {import("./fakes.mjs").World} world */
  constructor(world) {
    this.world = world;
  }

  /** @param {import("./fakes.mjs").Tab} tab */
  connect(tab) {
    const link = new Link(this, tab);
    return /** @type {any} */ (link.socket);
  }

  /** All connections of that tab, or of all, are lost, with what was on its way. @param {import("./fakes.mjs").Tab} [tab] */
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
    if (this.isSlow) return;
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

  /** @param {Server} server @param {import("./fakes.mjs").Tab} tab */
  constructor(server, tab) {
    this.server = server;
    this.tab = tab;
    this.socket = {
      readyState: 0,
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
      this.socket.readyState = 1;
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
    const at = Math.max(before, world.time + this.server.delay + world.chance() * 5);
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
    this.socket.readyState = 2;
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
