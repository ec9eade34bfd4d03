// The way in, while nobody is logged in here: a name, and one is in; or an account.

import { Refused } from "../core/protocol.js";
import { readInvite } from "../model/invite.js";
import { tab, tabs } from "./buttons.js";
import { attribute, byId, el, fill } from "./dom.js";
import { field } from "./field.js";

/** @typedef {"guest" | "login" | "register"} Way */

/**
 * What each way asks for, and says.
 *
 * @type {Record<Way, {tab: string, button: string, says: string, fields: string[]}>}
 */
const WAYS = {
  guest: {
    tab: "Guest", button: "Come in", fields: ["name"],
    says: "Choose a name, and you are in. You get a number by which others can call you.",
  },
  login: {
    tab: "Log in", button: "Log in", fields: ["name", "password"],
    says: "You are the same person as on your other devices, in the same rooms.",
  },
  register: {
    tab: "Register", button: "Register", fields: ["name", "password", "again", "invite"],
    says: "Your name is yours alone, on all your devices.",
  },
};

/** @type {Record<string, string>} which field a refusal is about, where its code is not the field itself */
const ABOUT = {
  bad_name: "name", name_taken: "name", name_owned: "name", wrong_password: "password", bad_password: "password",
  invite_needed: "invite",
};

/**
 * The entrance.
 *
 * @param {any} engine
 * @param {(welcome: import("../core/protocol.js").Welcome) => void} greet somebody has come in
 */
export function makeEntrance(engine, greet) {
  /** @type {Way} */
  let chosen = "guest";
  const parts = [
    field("Name", { name: "name", required: true, maxlength: 64, autocapitalize: "none", spellcheck: "false" }),
    field("Password", { name: "password", type: "password", required: true, maxlength: 1024 }),
    field("Password again", {
      name: "again", type: "password", required: true, maxlength: 1024, autocomplete: "new-password",
    }),
    field("Invite", { name: "invite" }, "Only if this server asks for one."),
  ];
  for (const part of parts) {
    const id = `entrance-${inputOf(part).name}`;
    part.append(el("p", { class: "trouble", "aria-live": "polite", id }));
    attribute(inputOf(part), "aria-errormessage", id);
  }
  const hint = el("p", { class: "soft entrance-says" });
  const trouble = el("p", { class: "trouble", role: "alert" });
  const main = el("button", { class: "button main wide" });
  const ways = new Map(Object.entries(WAYS).map(([way, { tab: label }]) => [way, tab(label, () => {
    show(/** @type {Way} */ (way));
    focus();
  })]));
  const form = el("form", { novalidate: true, onsubmit: submit }, ...parts, trouble, main);
  fill(byId("entrance"), el(
    "div", { class: "entrance-card" },
    el("div", { class: "entrance-head" }, plate(), el("div", null,
      el("h1", null, "roomchat"),
      el("p", { class: "soft" }, "Everyone here has a number. Dial it, and you talk."))),
    tabs("How to come in", [...ways.values()]), hint, form,
  ));

  /**
   * Show a way in, with what is known already.
   *
   * @param {Way} way
   * @param {{invite?: string, trouble?: string, isAsked?: boolean}} [known] trouble: a sentence; isAsked: into a
   *   private room, which opens then
   */
  function show(way, { invite, trouble: sentence, isAsked } = {}) {
    chosen = way;
    const { button, says, fields } = WAYS[way];
    for (const part of parts) part.hidden = !fields.includes(inputOf(part).name);
    for (const [key, one] of ways) one.ariaPressed = String(key === way);
    // By these a password manager knows what to fill in, and what to keep.
    attribute(input("name"), "autocomplete", way === "guest" ? "nickname" : "username");
    attribute(input("password"), "autocomplete", way === "login" ? "current-password" : "new-password");
    if (invite) input("invite").value = invite;
    fill(hint, invite ? "You are invited. Choose a name and a password."
      : isAsked ? "You are invited into a room: come in, and it opens." : says);
    fill(main, button);
    say(sentence);
  }

  /** Where one begins to type. */
  function focus() {
    const empty = WAYS[chosen].fields.find((key) => !input(key).value);
    input(empty ?? "name").focus();
  }

  /**
   * @param {string} name
   * @returns {HTMLInputElement}
   */
  const input = (name) => /** @type {any} */ (form.elements)[name];

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    say();
    main.disabled = true;
    try {
      greet(await engine.enter(given()));
      for (const key of ["password", "again", "invite"]) input(key).value = "";
    } catch (error) {
      const { code, message } = /** @type {any} */ (error);
      if (code === "account_needed") {
        show("login", { trouble: "This server lets in people with an account only: log in, or register." });
        focus();
      } else say(message, ABOUT[code] ?? code);
    }
    main.disabled = false;
  }

  /**
   * What was typed.
   *
   * @throws {Refused} what can be said before the server is asked; the code is the field that it is about
   */
  function given() {
    const typed = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
    const { password } = typed, name = typed.name.trim(), invite = typed.invite.trim();
    if (!name) throw new Refused("name", "Type a name first.");
    if (chosen === "guest") return { name };
    if (!password) throw new Refused("password", "Type a password.");
    if (chosen === "login") return { name, password };
    if (typed.again !== password) throw new Refused("again", "The two passwords differ.");
    return { name, password, register: true, ...(invite && { invite: readInvite(invite) }) };
  }

  /**
   * Say what is wrong, and nothing else.
   *
   * @param {string} [sentence]
   * @param {string} [about] the field that it stands at; what is about none that is seen stands below all of them
   */
  function say(sentence = "", about = "") {
    const isAbout = WAYS[chosen].fields.includes(about);
    for (const part of parts) {
      const one = inputOf(part), isWrong = isAbout && one.name === about;
      fill(/** @type {Element} */ (part.lastElementChild), isWrong && sentence);
      one.ariaInvalid = String(isWrong);
      if (isWrong) one.focus();
    }
    fill(trouble, !isAbout && sentence);
  }

  show("guest");
  return { show, focus };
}

/**
 * @param {Element} part
 * @returns {HTMLInputElement}
 */
const inputOf = (part) => /** @type {any} */ (part).querySelector("input");

/** The keys of a telephone, drawn: what the page is known by. */
function plate() {
  const keys = [..."123456789"].map((digit) => el("span", { class: digit === "7" ? "key lit" : "key" }, digit));
  return el("div", { class: "plate", "aria-hidden": "true" }, ...keys);
}
