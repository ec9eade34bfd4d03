// What is said in passing, at the bottom: seen for some seconds, and said once by a screen reader.

import { button } from "./buttons.js";
import { byId, el, fill } from "./dom.js";
import { isolated } from "./person.js";

const TOLD_FOR = 6000; // ms: long enough for two short sentences
const ASKED_FOR = 20_000; // ms: where there is something to press

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * @param {string} sentence
 * @param {{label: string, run: () => void}} [then] a button behind it
 * @returns {() => void} it is of no use any more
 */
export function tell(sentence, then) {
  const place = byId("told"), said = byId("said");
  const end = () => {
    if (!box.isConnected) return; // something else is said by now
    place.togglePopover(false);
    fill(said);
  };
  const more = then && button(then.label, () => {
    end();
    then.run();
  });
  const box = el("div", { class: "told-box" }, el("p", null, ...isolated(sentence)), more);
  place.togglePopover(false);
  fill(place, box);
  place.showPopover(); // above a dialog, too
  fill(said, sentence);
  clearTimeout(timer);
  timer = setTimeout(end, then ? ASKED_FOR : TOLD_FOR);
  return end;
}
