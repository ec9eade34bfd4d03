// What was asked of the server and is not answered yet.

import { Refused } from "./protocol.js";

const PATIENCE = 30_000; // ms that an answer may take, through lost connections as well

/** @typedef {PromiseWithResolvers<any> & {command: any, isSent: boolean}} Asked */

export class Questions {
  /** @type {Map<number, Asked>} by id */
  #asked = new Map();
  #last = 0;
  #outside;

  /** @param {import("./outside.js").Outside} outside */
  constructor(outside) {
    this.#outside = outside;
  }

  /**
   * The answer will come as a promise; `due` says when it is to be sent.
   * @param {any} command
   * @returns {Promise<any>}
   */
  ask(command) {
    const id = (this.#last += 1);
    const asked = { command: { ...command, id }, isSent: false, ...Promise.withResolvers() };
    this.#asked.set(id, asked);
    const message = `The server did not answer within ${PATIENCE / 1000} seconds.`;
    const late = () => this.take({ type: "error", code: "no_answer", message, re: id });
    return asked.promise.finally(this.#outside.after(PATIENCE, late));
  }

  /**
   * What is to be sent now: a room is left behind the last word that was said there.
   * @param {import("./said.js").Said} said
   */
  due(said) {
    const due = [...this.#asked.values()].filter(
      ({ isSent, command }) => !isSent && !(command.type === "leave" && !said.isSaid(command.room)),
    );
    for (const one of due) one.isSent = true;
    return due.map(({ command }) => command);
  }

  /** The connection is new: all that is not answered is to be asked again. */
  again() {
    for (const one of this.#asked.values()) one.isSent = false;
  }

  /** @param {any} event may be an answer; whoever has asked gets it */
  take(event) {
    const one = this.#asked.get(event.re);
    this.#asked.delete(event.re);
    if (event.type === "error") one?.reject(new Refused(event.code, event.message));
    else one?.resolve(event);
  }

  /** @param {Refused} error why there will be no answers */
  end(error) {
    for (const one of this.#asked.values()) one.reject(error);
    this.#asked.clear();
  }
}
