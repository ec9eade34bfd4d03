// Keys and presses on the messages: one listener each for all of them.

import { MessageTools } from "./message_tools.js";

/** @typedef {import("./row_list.js").Shown} Shown */

export class Pressed {
  #app;
  #pane;
  #list;
  #tools;
  #focused = /** @type {HTMLElement | null} */ (null);

  /**
   * @param {import("./app.js").App} app
   * @param {import("./messages.js").MessagesPane} pane
   * @param {HTMLElement} scroller that the messages are in
   * @param {import("./row_list.js").RowList} list
   */
  constructor(app, pane, scroller, list) {
    this.#app = app;
    this.#pane = pane;
    this.#list = list;
    this.#tools = new MessageTools(app);
    scroller.addEventListener("keydown", (event) => this.#key(event));
    scroller.addEventListener("click", (event) => this.#click(/** @type {HTMLElement} */ (event.target)));
    scroller.addEventListener("pointerover", (event) => this.#point(/** @type {HTMLElement} */ (event.target)));
    scroller.addEventListener("focusin", (event) => {
      this.#point(/** @type {HTMLElement} */ (event.target));
      this.#focus(/** @type {HTMLElement} */ (event.target).closest("article"));
    });
  }

  /** @param {HTMLElement | null} row whose links Tab goes to; not those of all the others */
  #focus(row) {
    if (row === this.#focused) return;
    for (const [one, index] of /** @type {const} */ ([[this.#focused, -1], [row, 0]])) {
      for (const inside of one?.querySelectorAll(":is(a, button)[tabindex]") ?? [])
        /** @type {HTMLElement} */ (inside).tabIndex = index;
    }
    this.#focused = row;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const target = /** @type {HTMLElement} */ (event.target), row = this.#list.rowAt(target);
    const entry = target === row?.element && entryOf(row);
    const run = {
      Escape: () => {
        this.#pane.toNewest();
        this.#app.focus();
      },
      ArrowUp: () => this.#step(row, -1),
      ArrowDown: () => this.#step(row, 1),
      Home: () => this.#pane.toFirst(),
      End: () => this.#pane.toNewest(),
      Enter: entry && (() => this.#tools.menu(target, entry)),
    }[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  }

  /** @param {Shown | undefined} row from which one goes; undefined: from behind the last one @param {-1 | 1} by */
  #step(row, by) {
    const all = this.#list.elements;
    const now = row ? all.indexOf(row.element) : all.length;
    all[Math.min(Math.max(now + by, 0), all.length - 1)]?.focus();
  }

  /** @param {HTMLElement} target */
  #click(target) {
    const button = /** @type {HTMLElement | null} */ (target.closest("button"));
    const { uid, name, room, again, drop } = button?.dataset ?? {};
    const { chat, engine, go, open } = this.#app;
    if (uid) open("person", { uid: Number(uid), name });
    if (room !== undefined && chat.rooms.has(room)) go(room);
    else if (room) open("join", { room });
    const item = /** @type {any} */ (this.#list.rowAt(button)?.row.item);
    if (!again && !drop) return;
    const { id, at, ...line } = item.line;
    this.#list.timeline?.drop(id);
    if (again) engine.say(line);
  }

  /** @param {HTMLElement} target */
  #point(target) {
    const row = this.#list.rowAt(target), entry = row && entryOf(row);
    if (entry) this.#tools.show(row.element, entry);
  }
}

/** @param {Shown} shown @returns {any} what was said in a row, if it is in the log */
const entryOf = ({ row: { item } }) => (item?.kind === "entry" && "text" in item.entry ? item.entry : null);
