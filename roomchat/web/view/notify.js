// Calls this person when they do not look: the title, the icon and the badge of the page, notifications, and a sound.
//
// Of several tabs one calls: it holds a lock. Each tab that is looked at holds another one, which it asks for. Where
// there are no locks every tab calls for itself; the tag makes one notification of several.

import { isPair } from "../core/protocol.js";
import { cell } from "../model/harmless.js";
import { whose } from "../model/words.js";
import { callOf, calls, counts, dialOf, Levels, Pace, titleOf } from "../model/calls.js";

const CALLS = "roomchat.calls"; // names of locks
const LOOKED_AT = "roomchat.looked-at";
const MOST = 99; // that the icon counts
const NOTES = [[660, 0], [880, 0.12]]; // Hz, and when, in seconds

export class Notify {
  levels = new Levels(() => localStorage);
  #app;
  #pace = new Pace();
  #isCaller = !navigator.locks;
  /** @type {(() => void) | null} ends what says that this tab is looked at */
  #lookAway = null;
  #icon = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"));
  #plain = this.#icon?.href ?? "";
  #shown = "";
  /** @type {Set<string>} private rooms of which was told that we are asked in */
  #invited = new Set();
  /** @type {AudioContext | null} */
  #audio = null;

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
    const { engine, chat } = app;
    chat.on("change", () => this.#count());
    chat.on("call", (/** @type {any} */ { event }) => this.#dialled(event));
    engine.on("event", (/** @type {any} */ event) => this.#hear(event));
    navigator.locks?.request(CALLS, () => {
      this.#isCaller = true;
      return new Promise(() => {}); // until this tab is closed
    });
    for (const kind of ["focus", "blur"]) window.addEventListener(kind, () => this.#look());
    document.addEventListener("visibilitychange", () => this.#look());
    navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.go && this.#go(data.go));
    this.#look();
    this.#count();
  }

  // ---------------------------------------------------------------- how much waits

  #count() {
    const { wanted, unread } = counts(this.#app.chat), title = titleOf(this.#app.chat);
    if (document.title !== title) document.title = title;
    const shown = `${wanted ? "!" : ""}${wanted || unread}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (this.#icon) this.#icon.href = unread ? iconWith(wanted || unread, wanted > 0) : this.#plain;
    if (wanted) navigator.setAppBadge?.(wanted).catch(() => {});
    else navigator.clearAppBadge?.().catch(() => {});
  }

  // ---------------------------------------------------------------- whether somebody looks

  #look() {
    const isLookedAt = document.visibilityState === "visible" && document.hasFocus();
    if (isLookedAt === (this.#lookAway !== null)) return;
    this.#lookAway?.();
    this.#lookAway = null;
    if (!isLookedAt) return;
    const looking = new Promise((resolve) => (this.#lookAway = () => resolve(null)));
    navigator.locks?.request(LOOKED_AT, { mode: "shared" }, () => looking);
  }

  async #isLookedAt() {
    if (this.#lookAway) return true;
    const { held = [] } = (await navigator.locks?.query()) ?? {};
    return held.some(({ name }) => name === LOOKED_AT);
  }

  // ---------------------------------------------------------------- calls

  /** @param {any} event */
  #hear(event) {
    const { chat, settings } = this.#app;
    if (event.type === "invited" && event.whom === chat.me.uid) this.#invite(event);
    if (!this.#isCaller || !("text" in event)) return;
    const level = this.levels.get(event.room) ?? settings.values.notify;
    // The sound can be on without notifications: then it is heard for what is for this person.
    const isCall = calls(event, chat, level === "nothing" && settings.values.sound ? "mentions" : level);
    if (isCall) this.#call(callOf(event, chat), event.room, level !== "nothing");
  }

  /** @param {any} event somebody asks this person into a private room; it comes again with each connection */
  #invite(event) {
    const { room } = event, app = this.#app;
    if (this.#invited.has(room)) return;
    this.#invited.add(room);
    const title = `${whose(event.name, event.uid)} invites you into ${cell(room)}`;
    const join = async () => (await app.ask({ type: "join", room })) && app.go(room);
    app.tell(`${title}.`, { label: "Join", run: join });
    if (this.#isCaller) this.#call({ title, body: "" }, room, app.settings.values.notify !== "nothing");
  }

  /** @param {any} event joined, with `by` */
  #dialled(event) {
    const { chat, settings } = this.#app;
    const isCall = this.#isCaller && !isPair(event.room); // what is whispered calls by itself
    if (isCall) this.#call(dialOf(event, chat), event.room, settings.values.notify !== "nothing");
  }

  /**
   * @param {{title: string, body: string}} call
   * @param {string} room
   * @param {boolean} isShown whether by a notification
   */
  async #call(call, room, isShown) {
    const isLookedAt = await this.#isLookedAt();
    const isInSight = isLookedAt && this.#lookAway && this.#app.chat.current === room;
    if (isInSight || !this.#pace.takes(performance.now())) return;
    if (this.#app.settings.values.sound) this.#ring();
    if (isShown && !isLookedAt) this.#show(call, room);
  }

  /** @param {{title: string, body: string}} call @param {string} room */
  async #show({ title, body }, room) {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const options = { body, tag: `roomchat ${room}`, renotify: true, data: { room }, icon: this.#plain };
    try {
      const notification = new Notification(title, options);
      notification.addEventListener("click", () => {
        notification.close();
        this.#go(room);
      });
    } catch { // phones show them by the service worker only; that one says when it is pressed
      (await navigator.serviceWorker?.getRegistration())?.showNotification(title, options);
    }
  }

  /** @param {string} room */
  #go(room) {
    window.focus();
    this.#app.go(room);
  }

  #ring() {
    if (!navigator.userActivation?.hasBeenActive) return; // browsers let no page be heard that nobody has touched
    this.#audio ??= new AudioContext();
    const { currentTime: now, destination } = this.#audio;
    for (const [frequency, after] of NOTES) {
      const tone = new OscillatorNode(this.#audio, { frequency });
      const gain = new GainNode(this.#audio, { gain: 0 });
      gain.gain.setTargetAtTime(0.12, now + after, 0.005);
      gain.gain.setTargetAtTime(0, now + after + 0.06, 0.04);
      tone.connect(gain).connect(destination);
      tone.start(now + after);
      tone.stop(now + after + 0.4);
    }
  }
}

/**
 * The icon of the page with a number in it.
 * @param {number} count
 * @param {boolean} isWanted
 */
function iconWith(count, isWanted) {
  const text = count > MOST ? `${MOST}+` : String(count), [ground, ink] = isWanted ? ["#ffd166", "#3a2a00"] : ["#0d5f4b", "#fff"];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="15" fill="${ground}"/>` +
    `<text x="32" y="46" text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="${text.length > 2 ? 28 : 40}" ` +
    `fill="${ink}">${text}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
