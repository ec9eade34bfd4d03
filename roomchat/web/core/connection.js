// One WebSocket to the server: commands out, events in. It ends once, and says why.

const TICK = 5_000; // ms between two looks at the clock
const CONNECT_TIMEOUT = 10_000; // ms until a server that does not take the connection is given up
const HEARTBEAT = 30_000; // ms of silence until the server is asked whether it is there
const HEARTBEAT_TIMEOUT = 15_000; // ms that it has to answer that
const WAKE_TIMEOUT = 5_000; // ms likewise, when the machine may have slept: then it is mostly not there any more

/**
 * As a line of the wire.
 * @param {any} command whose `rooms` are a Map, if it has any: their order counts
 */
export function encode({ rooms, ...command }) {
  const line = JSON.stringify(command);
  if (rooms === undefined) return line;
  const named = [...rooms].map(([room, seq]) => `${JSON.stringify(room)}:${seq}`);
  return `${line.slice(0, -1)},"rooms":{${named.join()}}}`;
}

export class Connection {
  /** @type {WebSocket | null} null: it has ended */
  #socket;
  #outside;
  #on;
  #isOpen = false;
  #heard; // when something came last, in ms
  #ticked; // when the clock was looked at
  #until; // when something must have come; 0: at any time
  #stopTicking = () => {};

  /**
   * @param {import("./outside.js").Outside} outside
   * @param {{open: () => void, events: (events: any[]) => void, end: (reason: string) => void}} on called behind
   *   this constructor only, `end` once and nothing after it
   */
  constructor(outside, on) {
    this.#outside = outside;
    this.#on = on;
    this.#heard = this.#ticked = outside.now();
    this.#until = this.#ticked + CONNECT_TIMEOUT;
    const socket = (this.#socket = outside.connect());
    socket.onopen = () => {
      this.#isOpen = true;
      this.#until = 0;
      on.open();
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ wasClean }) => {
      if (!this.#isOpen) this.#end("The server does not answer.");
      else this.#end(wasClean ? "The server has closed the connection." : "The connection to the server is lost.");
    };
    this.#tick();
  }

  /** @param {any} command */
  send(command) {
    const isEnding = (this.#socket?.readyState ?? 0) > 1; // its end is still to be told: a browser would complain
    if (this.#isOpen && !isEnding) this.#socket?.send(encode(command));
  }

  /** Is the server still there? If not, it ends soon. */
  check(patience = WAKE_TIMEOUT) {
    if (!this.#isOpen || this.#until) return;
    this.#until = this.#outside.now() + patience;
    this.send({ type: "ping" });
  }

  /** End it, and hear no more of it. */
  close() {
    const socket = this.#socket;
    this.#socket = null;
    this.#isOpen = false;
    this.#stopTicking();
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** @param {string} reason */
  #end(reason) {
    if (this.#socket === null) return;
    this.close();
    this.#on.end(reason);
  }

  /** @param {unknown} data a frame: one line or more */
  #receive(data) {
    this.#heard = this.#outside.now();
    this.#until = 0;
    const events = [];
    try {
      for (const line of String(data).split("\n")) if (line) events.push(eventIn(line));
    } catch {
      this.#end("What answers there is not a roomchat server.");
      return;
    }
    this.#on.events(events);
  }

  #tick() {
    const now = this.#outside.now();
    const hasSlept = now - this.#ticked > 3 * TICK;
    this.#ticked = now;
    if (this.#until && now >= this.#until) {
      this.#end("The server does not answer.");
      return;
    }
    if (hasSlept) this.check();
    else if (now - this.#heard >= HEARTBEAT) this.check(HEARTBEAT_TIMEOUT);
    this.#stopTicking = this.#outside.after(TICK, () => this.#tick());
  }
}

/** @param {string} line */
function eventIn(line) {
  const value = JSON.parse(line);
  if (typeof value?.type !== "string") throw new TypeError("no event");
  return value;
}
