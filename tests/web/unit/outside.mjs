// An outside for connections: sockets that the test opens, feeds and closes, and a clock that it moves.

/** What the browser would have made for `new WebSocket`. */
class Socket {
  /** @type {any[]} commands, as they were sent */
  sent = [];
  readyState = 0;
  /** @type {any} */
  onopen = null;
  /** @type {any} */
  onmessage = null;
  /** @type {any} */
  onclose = null;

  /** @param {string} line */
  send(line) {
    this.sent.push(JSON.parse(line));
  }

  close() {
    this.readyState = 2;
  }

  get isClosed() {
    return this.readyState > 1;
  }

  /** @param {any[]} events in one frame, and what follows from them is done */
  async says(...events) {
    this.onmessage?.({ data: events.map((one) => `${JSON.stringify(one)}\n`).join("") });
    await settled();
  }

  /** The server hangs up, or (not `wasClean`) the network does. */
  async ends(wasClean = false) {
    this.readyState = 3;
    this.onclose?.({ wasClean });
    await settled();
  }

  /** What was sent since this was asked the last time. */
  take() {
    return this.sent.splice(0);
  }
}

export class Outside {
  /** @type {Socket[]} all that were made */
  sockets = [];
  time = 0;
  /** @type {{at: number, then: () => void}[]} */
  #timers = [];

  connect = () => {
    this.sockets.push(new Socket());
    return /** @type {any} */ (this.socket);
  };

  /** @type {any} those of tabs; a connection needs none of them */
  channel;
  isSeen = () => true;
  watch = () => {};

  now = () => this.time;
  chance = () => 1;

  /**
   * @param {number} ms
   * @param {() => void} then
   */
  after = (ms, then) => {
    const timer = { at: this.time + ms, then };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  };

  /** The newest. */
  get socket() {
    return this.sockets[this.sockets.length - 1];
  }

  get open() {
    return this.sockets.filter((one) => !one.isClosed);
  }

  /** The newest connection is there. */
  async opens() {
    this.socket.readyState = 1;
    this.socket.onopen();
    await settled();
    return this.socket;
  }

  /** @param {number} ms that go by, one timer after the other */
  async passes(ms) {
    const until = this.time + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((one, other) => one.at - other.at)[0];
      if (next === undefined) break;
      this.time = Math.max(this.time, next.at);
      this.#timers.splice(this.#timers.indexOf(next), 1);
      next.then();
      await settled();
    }
    this.time = until;
  }

  /** @param {number} ms that the machine sleeps: no timer runs meanwhile */
  async sleeps(ms) {
    this.time += ms;
    await this.passes(0);
  }
}

/** All promises that can be are resolved. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
