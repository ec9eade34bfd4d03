// Steps of a session, as JSON; tests/session_steps.py says what they are, and takes the same.
//
// As a program it takes runs, one a line: {"login": ..., "steps": [...]}, and answers each with what followed.

import { readFileSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";

import { Refused } from "../../roomchat/web/core/protocol.js";
import { Session } from "../../roomchat/web/core/session.js";

const FOLDER = new URL("../transcripts/session/", import.meta.url);
const SAME = ["protocol", "client", "features", "new_token"]; // in every hello, or another one in each
/** @param {string} name */
const read = (name) => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
/** @type {{events: Record<string, any>, commands: Record<string, any>}} */
const DEFAULTS = read("defaults.json");

/**
 * An event with the fields that it is not given; so are the entries of a page.
 * @param {any} fields
 */
function filled(fields) {
  const event = { ...DEFAULTS.events[fields.type], ...fields };
  if (event.entries) event.entries = event.entries.map(filled);
  return event;
}

/** @param {any} command likewise */
const whole = (command) => ({ ...DEFAULTS.commands[command.type], ...command });

/**
 * As it would be on the wire, in the end.
 * @param {any} value
 */
const plain = (value) => JSON.parse(JSON.stringify(value));

/** @param {any} command */
function sent({ rooms, ...command }) {
  if (command.type !== "hello") return plain(command);
  const fields = plain(rooms === undefined ? command : { ...command, rooms: [...rooms] });
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !SAME.includes(name)));
}

/** @param {any} event without what only a browser has */
function shown({ own, id, isCut, ...event }) {
  return plain(event);
}

/** @param {any[]} pairs */
const sorted = (pairs) => pairs.sort(([one], [other]) => (one < other ? -1 : 1));

export class Steps {
  #ids = 0;

  /** @param {any} [login] */
  constructor(login) {
    this.session = new Session();
    this.session.ask("ann", login);
  }

  /**
   * What follows from a step.
   * @param {any} step
   */
  take(step) {
    const [[kind, value]] = Object.entries(step);
    const { session } = this;
    switch (kind) {
      case "in": {
        const outcome = session.receive(filled(value));
        return { show: outcome.show.map(shown), send: outcome.send.map(sent), retry: outcome.retry };
      }
      case "say":
        return this.#say(value);
      case "hello":
        return { hello: sent(session.hello()) };
      case "due":
        return { send: session.said.due().map(sent) };
      case "read":
        return { send: session.read(value[0], value[1]).map(sent) };
      case "answers":
        return { is: session.hasAnswer(value) };
      case "state":
        return this.#state();
      case "again": {
        const pending = structuredClone([...session.said.pending.values()]);
        this.session = Session.fromKept(structuredClone(session.toKept()), pending);
        return {};
      }
      default:
        throw new Error(kind);
    }
  }

  /** @param {any} line */
  #say(line) {
    try {
      return { n: this.session.say({ ...line, id: String((this.#ids += 1)) }).n };
    } catch (error) {
      if (error instanceof Refused) return { refused: error.code };
      throw error;
    }
  }

  #state() {
    const { name, uid, device, account, token, epoch, said } = this.session;
    const { room, rooms, cursors, known, over } = this.session;
    return {
      ...{ name, uid, device, account, token, epoch, n: said.n, room: room || null, rooms: [...rooms] },
      ...{ cursors: [...cursors], pending: [...said.pending.keys()] },
      ...{ known: sorted([...known]), over: over !== "" },
    };
  }
}

// ---------------------------------------------------------------- transcripts

/** All transcripts: each has what it is "about", its "steps", and perhaps a "login". */
export const load = () =>
  readdirSync(FOLDER).sort().filter((one) => one.endsWith(".json") && one !== "defaults.json").flatMap(read);

/** @param {any} state without what the page's session leaves to its chat model: the names of others, and who is blocked */
const ofSession = ({ names, blocked, ...state }) => state;

/**
 * A step of a transcript, and what is to follow from it: where nothing is said, an event is shown and that is all.
 * @param {any} step
 */
export function parted(step) {
  const [[kind, value]] = Object.entries(step);
  const { [kind]: _, ...rest } = step;
  if (kind === "in") {
    const { show, send, retry } = { show: [value], send: [], retry: false, ...rest };
    return [{ in: value }, { show: show.map(filled), send: send.map(whole), retry }];
  }
  if (kind === "hello") return [{ hello: true }, { hello: { type: "hello", ...value } }];
  if (kind === "due") return [{ due: true }, { send: value }];
  if (kind === "state") return [{ state: true }, ofSession(value)];
  return [{ [kind]: value }, rest];
}

/**
 * As much of an answer as is expected: sentences of a refusal, and what is known, only as far as they are.
 * @param {any} expected
 * @param {any} answer
 */
export function asFar(expected, answer) {
  if (expected.show === undefined) {
    return Object.fromEntries(Object.keys(expected).map((name) => [name, answer[name]]));
  }
  const show = answer.show.map((/** @type {any} */ { message, ...one }, /** @type {number} */ i) =>
    message === undefined || (expected.show[i] && expected.show[i].message === undefined) ? one : { ...one, message },
  );
  return { ...answer, show };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { login, steps } = JSON.parse(line);
    const taken = new Steps(login);
    console.log(JSON.stringify(steps.map((/** @type {any} */ one) => taken.take(one))));
  }
}
