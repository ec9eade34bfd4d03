// What the session needs of the browser. Tests have one of their own, with a clock that they move.

/**
 * What the page does: it is left or frozen, it is back, somebody looks at it or there may be a network again.
 * @typedef {{sleep: () => void, wake: () => void, look: () => void}} Watcher
 *
 * `now` in ms, also while the machine sleeps; `after` calls back once, and gives what takes that back; `chance` is
 * from 0 to 1; without `locks` (the page came over clear text from another machine) a tab leads when nobody else
 * says that it does.
 * @typedef {{
 *   connect: () => WebSocket,
 *   now: () => number,
 *   after: (ms: number, then: () => void) => () => void,
 *   chance: () => number,
 *   locks?: LockManager,
 *   channel: (name: string) => BroadcastChannel,
 *   isSeen: () => boolean,
 *   watch: (on: Watcher) => void,
 * }} Outside
 */

/** @type {Outside} */
export const browser = {
  connect: () => new WebSocket(`${location.origin.replace("http", "ws")}/ws`),
  now: Date.now,
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
  chance: Math.random,
  locks: globalThis.navigator?.locks,
  channel: (name) => new BroadcastChannel(name),
  isSeen: () => document.visibilityState === "visible",
  watch: ({ sleep, wake, look }) => {
    addEventListener("pagehide", sleep);
    addEventListener("pageshow", wake);
    addEventListener("online", look);
    document.addEventListener("freeze", sleep);
    document.addEventListener("resume", wake);
    document.addEventListener("visibilitychange", () => browser.isSeen() && look());
  },
};
