// Calls this person when they do not look: by notifications, and by a sound.
//
// Of several tabs one calls: it holds a lock. Each tab that is looked at holds another one, which it asks for.
// Where there are no locks every tab calls for itself; the tag makes one notification of several.

import { callOf, calls, levelIn, Pace } from "../model/calls.js";
import { isLookedAt, onLook } from "./looked_at.js";

const CALLS = "roomchat.calls"; // names of locks
const LOOKED_AT = "roomchat.looked-at";
const NOTES = [[660, 0], [880, 0.12]]; // Hz, and when, in seconds

export class Caller {
  #app;
  #pace = new Pace();
  #isCaller = !navigator.locks;
  /** @type {(() => void) | null} ends what says that this tab is looked at */
  #lookAway = null;
  /** @type {AudioContext | null} */
  #audio = null;

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
    navigator.locks?.request(CALLS, () => {
      this.#isCaller = true;
      return new Promise(() => {}); // until this tab is closed
    });
    onLook(() => this.#look());
    navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.go && this.#go(data.go));
    this.#look();
  }

  // ---------------------------------------------------------------- whether somebody looks

  #look() {
    if (isLookedAt() === (this.#lookAway !== null)) return;
    this.#lookAway?.();
    this.#lookAway = null;
    if (!isLookedAt()) return;
    const looking = new Promise((resolve) => (this.#lookAway = () => resolve(null)));
    navigator.locks?.request(LOOKED_AT, { mode: "shared" }, () => looking);
  }

  async #isAnyLookedAt() {
    if (this.#lookAway) return true;
    const { held = [] } = (await navigator.locks?.query()) ?? {};
    return held.some(({ name }) => name === LOOKED_AT);
  }

  // ---------------------------------------------------------------- calls

  /** @param {any} event something has happened */
  hear(event) {
    if (!("text" in event)) return;
    const { chat, settings } = this.#app, { notify, sound } = settings.values;
    const level = levelIn(event.room) ?? notify;
    // The sound can be on without notifications: then it is heard for what is for this person.
    const isCall = calls(event, chat, level === "nothing" && sound ? "mentions" : level);
    if (isCall) this.call(callOf(event), event.room, level);
  }

  /**
   * @param {{title: string, body?: string}} call
   * @param {string} room
   * @param {import("../model/calls.js").Level} [level] with "nothing" it is heard at most
   */
  async call(call, room, level = this.#app.settings.values.notify) {
    if (!this.#isCaller) return;
    const isAnyLookedAt = await this.#isAnyLookedAt();
    const isInSight = this.#lookAway && this.#app.chat.current === room;
    if (isInSight || !this.#pace.takes(performance.now())) return;
    if (this.#app.settings.values.sound) this.#ring();
    if (level !== "nothing" && !isAnyLookedAt) this.#show(call, room);
  }

  /** @param {{title: string, body?: string}} call @param {string} room */
  async #show({ title, body }, room) {
    if (globalThis.Notification?.permission !== "granted") return;
    const options = { body, tag: `roomchat ${room}`, renotify: true, data: { room }, icon: "/favicon.svg" };
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
