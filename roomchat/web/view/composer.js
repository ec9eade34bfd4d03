// Where one writes: a box that grows, drafts of each room, completion, and what is typed is carried out.

import { hint } from "../model/complete.js";
import { Drafts } from "../model/drafts.js";
import { cell } from "../model/harmless.js";
import { Runner } from "../model/runner.js";
import { lengthStanding, standing } from "../model/standing.js";
import { TypedHistory } from "../model/typed_history.js";
import { Refused } from "../core/protocol.js";
import { copy } from "./clipboard.js";
import { Completion } from "./completion.js";
import { attribute, el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { linkToRoom } from "./links.js";
import { tell } from "./told.js";

const NO_FILES = "There are no files in this chat. You can paste a link to one.";

/**
 * What the messages can do for what is typed.
 * @typedef {{tell(lines: string[], tone?: "printed" | "trouble"): void, goTo(room: string, seq: number): void,
 *   page(by: 1 | -1): void, toFirst(): void, toNewest(): void, clear(): void}} Pane
 */

export class Composer {
  #app;
  #pane;
  #field = el("textarea", {
    class: "composer-field", rows: 1, "aria-label": "Message", "aria-describedby": "composer-note", dir: "auto",
    autocomplete: "off", name: "message", "aria-autocomplete": "list", "aria-haspopup": "listbox",
    oninput: () => this.#changed(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
    onblur: () => this.#completion.close(),
  });
  #note = el("p", { class: "composer-note", id: "composer-note", role: "status" });
  #send = el("button", {
    class: "icon-button", "aria-label": "Send", type: "submit",
    // A phone hides its keyboard when the field loses the focus.
    onpointerdown: (/** @type {Event} */ event) => event.preventDefault(),
  }, icon("send"));
  #completion;
  #history = new TypedHistory();
  #runner;
  #drafts = new Drafts((room, text) => this.#app.engine.draft(room, text));
  #room = "";
  /** @type {number | undefined} who types here, as the engine knows them; undefined: nobody yet */
  #person;
  #trouble = ""; // what was wrong with what was typed last
  /** @type {Map<string, any>} the entries by which people are muted, by room and UID */
  #muted = new Map();
  #isTouch = matchMedia("(hover: none) and (pointer: coarse)");

  /**
   * @param {import("./app.js").App} app
   * @param {Pane} pane
   */
  constructor(app, pane) {
    this.#app = app;
    this.#pane = pane;
    this.#completion = new Completion(app, this.#field);
    this.#runner = new Runner(app.engine, app.chat, {
      tell: (lines) => this.#tell(lines),
      go: (room) => app.go(room),
      open: (name, args) => app.open(name, { ...args, goTo: pane.goTo.bind(pane) }),
      older: () => pane.page(-1),
      goTo: (room, seq) => pane.goTo(room, seq),
      clear: () => pane.clear(),
      link: linkToRoom,
      copy,
    });
    this.element = el(
      "form", { class: "composer", "aria-label": "Write", onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        this.#submit();
      } }, this.#completion.element, this.#note,
      el("div", { class: "composer-box" }, this.#field, this.#send),
    );
    this.#listen();
    this.#turn();
  }

  /**
   * Begin with the drafts that are kept. Call it while the rooms of whoever was here are still there: or what they
   * have typed is kept as a draft of who is here now.
   * @param {import("../core/engine.js").Kept | null} kept
   * @returns {boolean} whether who was here before still is
   */
  load(kept) {
    const person = kept?.person, isSame = !!kept && person === (this.#person ?? person);
    this.#person = person;
    if (!isSame) this.#history.clear();
    this.#muted.clear();
    for (const one of [...Object.values(kept?.entries ?? {}).flat(), ...(kept?.events ?? [])]) this.#hear(one);
    this.#drafts.load(kept?.drafts ?? {});
    // What is typed may be younger than that; and what is offered for it stays.
    if (!isSame || !this.#field.value) this.#write(this.#drafts.of(this.#room));
    return isSame;
  }

  /**
   * Do what a typed line does, from a button.
   * @param {string} line
   */
  run(line) {
    this.#runner.run(line).catch((error) => tell(cell(error.message)));
  }

  focus() {
    this.#field.focus();
  }

  #listen() {
    const { engine, chat } = this.#app;
    // Anywhere: a browser would leave the page, and open the file.
    for (const kind of ["paste", "dragover", "drop"]) {
      document.addEventListener(kind, (event) => this.#refuseFiles(event));
    }
    window.addEventListener("pagehide", () => this.#keep());
    chat.on("change", (/** @type {string} */ what) => {
      if (what === "current") this.#turn();
      else this.#tellStanding();
    });
    engine.on("status", () => this.#tellStanding());
    engine.on("event", (/** @type {any} */ event) => this.#hear(event));
    engine.on("draft", (/** @type {{room: string, text: string}} */ draft) => this.#otherTab(draft));
    this.#isTouch.addEventListener("change", () => this.#turn());
  }

  // ---------------------------------------------------------------- keys

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || event.keyCode === 229) return; // an input method is at work: these keys are its own
    if (this.#completion.takes(event)) return event.preventDefault();
    const { key, shiftKey, ctrlKey, altKey, metaKey } = event, field = this.#field;
    if (key === "Enter" && !shiftKey && !(this.#isTouch.matches && !ctrlKey && !metaKey)) {
      event.preventDefault();
      if (!altKey) this.#submit();
      else {
        field.setRangeText("\n", field.selectionStart, field.selectionEnd, "end");
        this.#changed();
      }
    } else if (shiftKey || ctrlKey || altKey || metaKey) return;
    else if (key === "ArrowUp" || key === "ArrowDown") {
      const line = key === "ArrowUp" ? this.#history.older(field.value) : this.#history.newer(field.value);
      if (line === null) return;
      event.preventDefault();
      this.#write(line);
    } else if (key === "Escape") this.#pane.toNewest();
    else if (key === "Home" && !field.value) this.#pane.toFirst();
    else if ((key === "PageUp" || key === "PageDown") && field.scrollHeight <= field.clientHeight + 1) {
      event.preventDefault();
      this.#pane.page(key === "PageUp" ? -1 : 1);
    }
  }

  // ---------------------------------------------------------------- what is typed

  #changed() {
    this.#trouble = "";
    this.#grow();
    this.#completion.update();
    this.#tellStanding();
    this.#drafts.typed(this.#room, this.#field.value);
  }

  async #submit() {
    const text = this.#field.value.toWellFormed(), room = this.#app.chat.current;
    if (this.#send.disabled) return;
    this.#history.add(text);
    this.#write("");
    this.#keep();
    this.focus();
    try {
      await this.#runner.run(text, room);
    } catch (error) {
      this.#giveBack(text, room ?? "", error);
    }
  }

  /**
   * It could not be done: it may be mended.
   * @param {string} text
   * @param {string} room
   * @param {any} error
   */
  #giveBack(text, room, error) {
    const isServers = error instanceof Refused && error.code !== "offline_now" && error.code !== "not_known";
    const trouble = (isServers ? "Refused: " : "") + cell(error.message);
    if (this.#room !== room) {
      this.#tell([trouble], "trouble");
      if (!this.#drafts.of(room)) this.#drafts.put(room, text);
      return;
    }
    if (!this.#field.value) this.#write(text);
    this.#trouble = trouble;
    this.#tellStanding();
  }

  /** @param {string} text put it into the field */
  #write(text) {
    this.#field.value = text;
    this.#trouble = "";
    this.#grow();
    this.#completion.close();
    this.#tellStanding();
  }

  #grow() {
    if (CSS.supports("field-sizing: content")) return;
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }

  /** @param {any} event with files that are pasted, or drawn here */
  #refuseFiles(event) {
    const { types } = event.clipboardData ?? event.dataTransfer;
    if (!types.includes("Files") || types.includes("text/plain")) return;
    event.preventDefault();
    if (event.type === "dragover") return;
    this.#trouble = NO_FILES;
    this.#tellStanding();
  }

  // ---------------------------------------------------------------- rooms and their drafts

  /** Another room is looked at. */
  #turn() {
    const { chat } = this.#app, room = chat.current ?? "";
    if (room !== this.#room) {
      const begun = this.#room ? "" : this.#field.value; // before there was a room: it is meant for the first one
      if (!begun) this.#keep();
      this.#room = room;
      if (!begun) this.#write(this.#drafts.of(room));
    }
    const { name = "" } = chat.rooms.get(room) ?? {};
    this.#field.placeholder = `Message ${cell(name)}`.trim();
    this.#field.enterKeyHint = this.#isTouch.matches ? "enter" : "send";
    this.#tellStanding();
  }

  #keep() {
    this.#drafts.keep(this.#room, this.#field.value);
  }

  /** @param {{room: string, text: string}} draft in another tab it was typed on */
  #otherTab({ room, text }) {
    const isSeen = room === this.#room && document.hasFocus();
    if (isSeen) return; // here one types oneself
    this.#drafts.put(room, text);
    if (room === this.#room) this.#write(text);
  }

  // ---------------------------------------------------------------- what is told

  /** @param {string[]} lines @param {"trouble"} [tone] */
  #tell(lines, tone) {
    if (this.#app.chat.current === null) tell(lines.join(" "));
    else this.#pane.tell(lines, tone);
  }

  /** @param {any} event */
  #hear(event) {
    const { type, room, uid, whom } = event;
    if (type === "muted") this.#muted.set(`${room} ${whom}`, event);
    else if (type === "unmuted") this.#muted.delete(`${room} ${whom}`);
    else if (event.own && "text" in event) this.#muted.delete(`${room} ${uid}`); // it was heard
    else return;
    this.#tellStanding();
  }

  #tellStanding() {
    const { chat, engine } = this.#app, text = this.#field.value;
    const length = lengthStanding(text, chat.limits.text), isTooLong = Boolean(length?.isTooLong);
    const told = this.#trouble || length?.text || hint(text) ||
      standing(engine.status, chat, this.#muted.get(`${this.#room} ${chat.me.uid}`));
    // A count that changes with each key is not read out.
    attribute(this.#note, "aria-live", length && !isTooLong && "off");
    if (this.#note.textContent !== told) fill(this.#note, told);
    this.#note.classList.toggle("trouble", isTooLong || this.#trouble !== "");
    attribute(this.#field, "aria-invalid", isTooLong && "true");
    this.#send.disabled = isTooLong || !text.trim();
  }
}
