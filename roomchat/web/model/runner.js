// Carries out what a person typed, once it is understood.

import { isPair, isSame, otherOf, pairRoom } from "../core/protocol.js";
import { answered } from "./answers.js";
import { NobodyCalled, parse } from "./commands.js";
import { cell } from "./harmless.js";
import { meetEveryone } from "./everyone.js";
import { LOCAL } from "./local.js";
import { TypingError, here } from "./say.js";
import { Search } from "./search.js";
import { whisperer, willSeeLater } from "./words.js";

/**
 * What a page can do with what was found: `tell` prints lines behind what was said, `open` opens a dialog by its
 * name (found {search, title}, delete {entry}, help, login {name}, register {invite}, password, unregister,
 * devices), `go` turns to a room, `older` scrolls back, `clear` shows nothing of what is here, `link` leads into a
 * private room.
 * @typedef {{tell(lines: string[]): void, open(name: string, args?: any): void, go(room: string): void,
 *   older(): void, goTo(room: string, seq: number): void, clear(): void, copy(text: string): Promise<void>,
 *   link(room: string, token: string): string}} View
 *
 * @typedef {import("../core/protocol.js").Spoken} Spoken
 */

const AWAY =
  "You are away. People who whisper to you get one automatic reply. Type /away again when you are back.";

export class Runner {
  /** @type {string | null} what is answered to whispers; null: we are here */
  #away = null;
  /** @type {Set<number>} who whispered while we were away, and was told so */
  #answered = new Set();
  /** @type {Set<number>} whom we whispered to, and were told that they are offline */
  #offline = new Set();
  /** @type {{search: Search, title: string} | null} */
  #search = null;

  /**
   * @param {any} engine
   * @param {any} chat
   * @param {View} view
   */
  constructor(engine, chat, view) {
    this.engine = engine;
    this.chat = chat;
    this.view = view;
    engine.on("event", (/** @type {any} */ event) => this.#answer(event));
  }

  /**
   * Carry out a line.
   * @param {string} line
   * @param {string | null} [room] that it was typed for
   * @throws {Error} it can't be done; the message is a sentence
   */
  async run(line, room = this.chat.current) {
    const what = await this.#understand(line);
    if (what) await this.do(what, room);
  }

  /**
   * Carry out what is understood.
   * @param {any} what
   * @param {string | null} [room]
   */
  async do(what, room = this.chat.current) {
    if (what.local) await LOCAL[what.local](this, what, room);
    else if (what.type === "say") await this.say({ ...what, room });
    else if (what.type === "whisper") await this.#whisper(what);
    else if (what.type === "join") await this.#join(what);
    else await this.#ask(what, room);
  }

  /**
   * Say something in a room, or to whom one whispers with there.
   * @param {{room?: string | null, uid?: number, text: string, kind?: "action"}} words `uid`: only to that person
   * @throws {TypingError} it can't be said at all
   */
  async say({ room = null, uid, text, kind }) {
    const most = this.chat.limits.text, length = [...text].length;
    if (length > most) {
      throw new TypingError(`A message may have at most ${most} characters; this one has ${length}.`);
    }
    const other = uid ?? otherOf(here(room), this.chat.me.uid);
    await this.engine.say(other === null ? { room, text, kind } : { uid: other, text, kind });
  }

  /** @param {any} what */
  async #whisper(what) {
    await this.say(what);
    const { uid } = what, room = pairRoom(uid, this.chat.me.uid), name = whisperer(room, this.chat);
    if (room !== this.chat.current) this.tell(`Whispered to ${name}.`);
    if (!this.chat.rooms.get(room)?.other?.offline) this.#offline.delete(uid);
    else if (!this.#offline.has(uid)) {
      this.#offline.add(uid);
      this.tell(willSeeLater(name));
    }
  }

  /** @param {...string} lines */
  tell(...lines) {
    if (lines.length) this.view.tell(lines.map(cell));
  }

  /**
   * What a line asks for, also if it names somebody of whom only the server knows.
   * @param {string} line
   */
  async #understand(line) {
    const isHeard = () => {
      try {
        parse(line, this.chat);
        return true;
      } catch (error) {
        return !(error instanceof NobodyCalled);
      }
    };
    if (!isHeard() && this.engine.status.phase === "online") await meetEveryone(this.engine, isHeard);
    return parse(line, this.chat);
  }

  /**
   * What names no room means the one that it was typed for.
   * @param {any} what
   * @param {string | null} room
   */
  async #ask(what, room) {
    if (!["dial", "name", "who", "rooms", "stats"].includes(what.type)) what.room ??= here(room);
    if (what.type === "leave" && isPair(what.room)) return this.chat.close(what.room);
    const answer = await this.engine.ask(what);
    if (what.type === "dial") this.view.go(answer.room);
    else this.tell(...answered(answer, this.chat));
    if (answer.type === "invitation") this.tell(`Or by a link: ${this.view.link(answer.room, answer.token)}`);
  }

  /** @param {any} what */
  async #join(what) {
    const there = !what.private && this.called(what.room);
    if (there) return this.view.go(there);
    const { room } = await this.engine.ask(what);
    this.view.go(room);
  }

  /** @param {string} name @returns {string | undefined} the room that we are in of that name */
  called(name) {
    return [...this.chat.rooms.keys()].find((key) => isSame(key, name));
  }

  /** @param {any} event somebody whispers while we are away: tell them, once */
  #answer(event) {
    if (this.#away === null || !this.chat.isOfOthers(event) || !isPair(event.room)) return;
    if (this.chat.isOld(event) || this.#answered.has(event.uid)) return;
    this.#answered.add(event.uid);
    this.engine.say({ uid: event.uid, text: awayWords(this.#away), kind: "action" }).catch(() => {});
  }

  // ---------------------------------------------------------------- what is done here

  /** @param {string} [typed] */
  async setAway(typed) {
    const room = this.chat.current, isBack = typed === undefined && this.#away !== null;
    const text = typed ?? "";
    const words = isBack ? "is back" : awayWords(text);
    if (room !== null && !isPair(room)) await this.say({ room, text: words, kind: "action" });
    this.#away = isBack ? null : text;
    this.#answered.clear();
    this.tell(isBack ? "You are back." : AWAY);
  }

  /**
   * @param {string} title
   * @param {string[]} rooms
   * @param {(entry: Spoken) => boolean} isHit
   */
  find(title, rooms, isHit) {
    const isShown = (/** @type {Spoken} */ entry) => !this.chat.hides(entry) && isHit(entry);
    const past = (/** @type {[string, number | null, number]} */ ...asked) => this.engine.past(...asked);
    this.#search = { title, search: new Search(rooms, isShown, past) };
    this.again();
  }

  /** Show the last search again. */
  again() {
    if (this.#search) return this.view.open("found", this.#search);
    throw new TypingError("Usage: /search WORDS, or /search -all WORDS to look in all your rooms.");
  }

}

/** @param {string} text */
const awayWords = (text) => (text ? `is away: ${text}` : "is away");
