// One WebSocket to the server: commands out, events in. It ends once, and says why.

const TICK = 5_000; // ms between two looks at the clock
const CONNECT_TIMEOUT = 10_000; // ms until a server that does not take the connection is given up
const HEARTBEAT = 30_000; // ms of silence until the server is asked whether it is there
const HEARTBEAT_TIMEOUT = 15_000; // ms that it has to answer that
const WAKE_TIMEOUT = 5_000; // ms likewise, when the machine may have slept: then it is mostly not there any more
const OPEN = 1; // the state of a socket that takes what is sent
const NO_ANSWER = "The server does not answer.";

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
  #socket;
  #outside;
  #on;
  #heard; // when something came last, in ms
  #ticked; // when the clock was looked at
  #until; // when something must have come; 0: at any time
  #stopTicking = () => {};

  /**
   * @param {import("./outside.js").Outside} outside
   * @param {{open: () => void, lines: (lines: string[]) => void, end: (reason: string) => void}} on called behind
   *   this constructor only, `end` once and nothing after it
   */
  constructor(outside, on) {
    this.#outside = outside;
    this.#on = on;
    this.#heard = this.#ticked = outside.now();
    this.#until = this.#ticked + CONNECT_TIMEOUT;
    const socket = (this.#socket = outside.connect());
    socket.onopen = () => {
      this.#until = 0;
      socket.onclose = ({ wasClean }) =>
        this.#end(wasClean ? "The server has closed the connection." : "The connection to the server is lost.");
      on.open();
    };
    socket.onmessage = ({ data }) => {
      this.#heard = outside.now();
      this.#until = 0;
      on.lines(String(data).split("\n").filter(Boolean));
    };
    socket.onclose = () => this.#end(NO_ANSWER);
    this.#tick();
  }

  /** @param {any} command is lost if the connection is about to end: a browser would complain */
  send(command) {
    if (this.#socket.readyState === OPEN) this.#socket.send(encode(command));
  }

  /** Is the server still there? If not, it ends soon. */
  check(patience = WAKE_TIMEOUT) {
    if (this.#until) return;
    this.#until = this.#outside.now() + patience;
    this.send({ type: "ping" });
  }

  /** End it, and hear no more of it. */
  close() {
    const socket = this.#socket;
    this.#stopTicking();
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** @param {string} reason */
  #end(reason) {
    this.close();
    this.#on.end(reason);
  }

  #tick() {
    const now = this.#outside.now();
    const hasSlept = now - this.#ticked > 3 * TICK;
    this.#ticked = now;
    if (this.#until && now >= this.#until) {
      this.#end(NO_ANSWER);
      return;
    }
    if (hasSlept) this.check();
    else if (now - this.#heard >= HEARTBEAT) this.check(HEARTBEAT_TIMEOUT);
    this.#stopTicking = this.#outside.after(TICK, () => this.#tick());
  }
}
