// What a connection needs of the browser. Tests have one of their own, with a clock that they move.

/**
 * `now` in ms, also while the machine sleeps; `after` calls back once, and gives what takes that back; `watch`
 * calls whenever there may be a network again, or somebody who looks; `chance` is from 0 to 1.
 * @typedef {{
 *   connect: (url: string) => WebSocket,
 *   now: () => number,
 *   after: (ms: number, then: () => void) => () => void,
 *   watch: (then: () => void) => () => void,
 *   chance: () => number,
 * }} Outside
 */

/** @type {Outside} */
export const browser = {
  connect: (url) => new WebSocket(url),
  now: () => Date.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
  watch: (then) => {
    const look = () => document.visibilityState === "visible" && then();
    addEventListener("online", then);
    addEventListener("pageshow", then);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("online", then);
      removeEventListener("pageshow", then);
      document.removeEventListener("visibilitychange", look);
    };
  },
  chance: () => Math.random(),
};
