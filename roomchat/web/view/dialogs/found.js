// Looking for something that was said: the question, and the list of what was found, each of which leads to its
// place.

import { harmless, short } from "../../model/harmless.js";
import { counted, localTime, said } from "../../model/words.js";
import { button } from "../buttons.js";
import { el, fill } from "../dom.js";
import { check, field } from "../field.js";
import { formDialog, openDialog } from "../dialog.js";
import { nameElement, theirs } from "../person.js";

const SNIPPET = 300; // characters of a message that are shown

/** @typedef {import("../../core/protocol.js").Spoken} Spoken */

/** @param {import("../app.js").App} app */
export function openSearch(app) {
  formDialog({
    title: "Search", submit: "Search",
    body: [
      field("Words", { name: "words", type: "search", enterkeyhint: "search" },
        "All of them, in any order; parts of words count."),
      check("In all rooms and whispers", { name: "everywhere", checked: app.chat.current === null }),
    ],
  }, ({ words, everywhere }) => {
    if (!words.trim()) throw new Error("Type what to look for first.");
    queueMicrotask(() => app.run(`/search ${everywhere ? "-all " : ""}${words.trim()}`)); // when this is closed
  });
}

/**
 * What a search has found so far; it goes on while this is open, and as often as it is asked to.
 * @param {import("../app.js").App} app
 * @param {{search: import("../../model/search.js").Search, title: string,
 *   goTo: (room: string, seq: number) => void}} args
 */
export function openFound(app, { search, title, goTo }) {
  const list = el("ol", { class: "list found" });
  const state = el("p", { class: "soft small", role: "status" });
  const more = button("Look further back", () => look());
  const close = (/** @type {Spoken} */ { room, seq }) => {
    dialog.close();
    goTo(room, seq);
  };
  const dialog = openDialog({ title: short(title, 60), kind: "wide", body: [list, state, more] });

  const show = () => {
    fill(list, ...search.hits.map((hit) => row(app, hit, close)));
    const back = search.backTo && `, back to ${localTime(search.backTo)}`;
    const { length } = search.hits;
    fill(state, `${length ? `${counted(length, "message")} found` : "Nothing found"}${back}.`);
    more.hidden = search.isOver;
  };

  async function look() {
    more.disabled = true;
    fill(state, "Looking…");
    try {
      await search.more(() => dialog.isConnected && show());
      show();
    } catch (error) {
      show();
      state.append(` ${/** @type {Error} */ (error).message}`);
    }
    more.disabled = false;
  }

  show();
  if (!search.looked) look();
}

/**
 * @param {import("../app.js").App} app
 * @param {Spoken} hit
 * @param {(hit: Spoken) => void} choose
 */
function row({ chat }, hit, choose) {
  const { star, text } = said(hit);
  const room = chat.rooms.get(hit.room);
  return el("li", null, el("button", { class: "list-row tall", type: "button", onclick: () => choose(hit) },
    el("span", { class: "soft small" }, localTime(hit.ts), " ", theirs(room?.name ?? hit.room)),
    el("span", { class: "found-text" }, star && "* ", nameElement(hit.uid, hit.name), star ? " " : ": ",
      el("bdi", { dir: "auto" }, harmless(short(text, SNIPPET).replace(/\s+/g, " "))))));
}
