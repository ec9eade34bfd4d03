// Tells this person of what waits: by the title, the icon and the badge of the page; of being dialled, and asked
// into a room; and has them called, where they have switched that on.

import { isPair } from "../core/protocol.js";
import { dialledElsewhere, told } from "../model/told.js";
import { counts, titleOf } from "../model/waiting.js";
import { Caller } from "./caller.js";
import { tell } from "./told.js";

const MOST = 99; // that the icon counts
const EVERY = 1000; // ms: a flood of messages is counted once a second

export class Notify {
  #app;
  #icon = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
  #plain = this.#icon.href;
  #shown = "";
  #isStale = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} while it was counted just now */
  #resting;
  /** @type {Map<string, () => void>} private rooms of which is told that we are asked in, and what ends that */
  #invited = new Map();
  #caller;

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
    this.#caller = new Caller(app);
    const { engine, chat } = app;
    chat.on("change", (/** @type {string} */ what) => (what === "current" ? this.#count() : this.#changed()));
    chat.on("call", (/** @type {any} */ event) => {
      const { room } = event;
      if (isPair(room)) return; // what is whispered calls by itself
      const title = dialledElsewhere(event, chat);
      if (chat.current !== room) tell(title, { label: "Go there", run: () => app.go(room) });
      this.#caller.call({ title }, room);
    });
    engine.on("event", (/** @type {any} */ event) => {
      this.#caller.hear(event);
      if (event.type === "invited" && event.whom === chat.me.uid) this.#invite(event);
      if (event.type === "joined") this.#arrived(event.room);
    });
    this.#count();
  }

  #changed() {
    this.#isStale = true;
    if (this.#resting) return;
    this.#count();
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      if (this.#isStale) this.#changed();
    }, EVERY);
  }

  #count() {
    this.#isStale = false;
    const { wanted, unread } = counts(this.#app.chat), title = titleOf(this.#app.chat), count = wanted || unread;
    if (document.title !== title) document.title = title;
    const text = count > MOST ? `${MOST}+` : String(count), shown = wanted ? `!${text}` : text;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#icon.href = count ? iconWith(text, wanted > 0) : this.#plain;
    navigator.setAppBadge?.(wanted).catch(() => {}); // 0: there is none
  }

  /** @param {any} event somebody asks this person into a private room; it comes again with each connection */
  #invite(event) {
    const { room } = event, app = this.#app;
    if (this.#invited.has(room)) return;
    const [sentence] = told(event, app.chat);
    const join = async () => (await app.ask({ type: "join", room })) && app.go(room);
    this.#invited.set(room, tell(sentence, { label: "Join", run: join }));
    this.#caller.call({ title: sentence }, room);
  }

  /** @param {string} room that we are in now, whoever asked us; if we are put out we may be asked again */
  #arrived(room) {
    this.#invited.get(room)?.();
    this.#invited.delete(room);
  }
}

/**
 * The icon of the page with a number in it.
 * @param {string} text
 * @param {boolean} isWanted
 */
function iconWith(text, isWanted) {
  const [ground, ink] = isWanted ? ["#ffd166", "#3a2a00"] : ["#0d5f4b", "#fff"], size = text.length > 2 ? 28 : 40;
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">' +
    `<rect width="64" height="64" rx="15" fill="${ground}"/><text x="32" y="46" text-anchor="middle" ` +
    `font-family="sans-serif" font-weight="700" font-size="${size}" fill="${ink}">${text}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
