// The way in, while nobody is logged in here: a name, and one is in; or an account.

import { Refused } from "../core/protocol.js";
import { readInvite } from "../model/invite.js";
import { tab, tabs } from "./buttons.js";
import { attribute, el, fill } from "./dom.js";
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

/** The entrance. Put `element` where it is to be. */
export class Entrance {
  #engine;
  #greet;
  /** @type {Way} */
  #way = "guest";
  #fields = [
    field("Name", { name: "name", required: true, maxlength: 64, autocapitalize: "none", spellcheck: "false" }),
    field("Password", { name: "password", type: "password", required: true, maxlength: 1024 }),
    field("Password again", {
      name: "again", type: "password", required: true, maxlength: 1024, autocomplete: "new-password",
    }),
    field("Invite", { name: "invite" }, "Only if this server asks for one."),
  ];
  #says = el("p", { class: "soft entrance-says" });
  #trouble = el("p", { class: "trouble", role: "alert" });
  #button = el("button", { class: "button main wide" });
  #tabs = new Map(Object.entries(WAYS).map(([way, { tab: label }]) => [way, tab(label, () => {
    this.show(/** @type {Way} */ (way));
    this.focus();
  })]));
  #form = el(
    "form", { novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
    ...this.#fields, this.#trouble, this.#button,
  );
  element = el(
    "div", { class: "entrance-card" },
    el("div", { class: "entrance-head" }, plate(), el("div", null,
      el("h1", null, "roomchat"),
      el("p", { class: "soft" }, "Everyone here has a number. Dial it, and you talk."))),
    tabs("How to come in", [...this.#tabs.values()]),
    this.#says, this.#form,
  );

  /**
   * @param {any} engine
   * @param {(welcome: import("../core/protocol.js").Welcome) => void} greet somebody has come in
   */
  constructor(engine, greet) {
    this.#engine = engine;
    this.#greet = greet;
    for (const part of this.#fields) {
      const id = `entrance-${inputOf(part).name}`;
      part.append(el("p", { class: "trouble", "aria-live": "polite", id }));
      attribute(inputOf(part), "aria-errormessage", id);
    }
    this.show("guest");
  }

  /**
   * Show a way in, with what is known already.
   *
   * @param {Way} way
   * @param {{invite?: string, trouble?: string}} [known]
   */
  show(way, { invite, trouble } = {}) {
    this.#way = way;
    const { button, says, fields } = WAYS[way];
    for (const part of this.#fields) part.hidden = !fields.includes(inputOf(part).name);
    for (const [key, one] of this.#tabs) one.ariaPressed = String(key === way);
    // By these a password manager knows what to fill in, and what to keep.
    attribute(this.#input("name"), "autocomplete", way === "guest" ? "nickname" : "username");
    attribute(this.#input("password"), "autocomplete", way === "login" ? "current-password" : "new-password");
    if (invite) this.#input("invite").value = invite;
    fill(this.#says, invite ? "You are invited. Choose a name and a password." : says);
    fill(this.#button, button);
    this.#say(trouble);
  }

  /** Where one begins to type. */
  focus() {
    const empty = WAYS[this.#way].fields.find((key) => !this.#input(key).value);
    this.#input(empty ?? "name").focus();
  }

  /**
   * @param {string} name
   * @returns {HTMLInputElement}
   */
  #input(name) {
    return /** @type {any} */ (this.#form.elements)[name];
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    this.#say();
    this.#button.disabled = true;
    try {
      this.#greet(await this.#engine.enter(this.#given()));
      for (const key of ["password", "again", "invite"]) this.#input(key).value = "";
    } catch (error) {
      const { code, message } = /** @type {any} */ (error);
      if (code === "account_needed" && this.#way === "guest") this.show("login");
      this.#say(message, ABOUT[code] ?? code);
    }
    this.#button.disabled = false;
  }

  /**
   * What was typed.
   *
   * @throws {Refused} what can be said before the server is asked; the code is the field that it is about
   */
  #given() {
    const typed = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(this.#form)));
    const { password } = typed, name = typed.name.trim(), invite = typed.invite.trim();
    if (!name) throw new Refused("name", "Type a name first.");
    if (this.#way === "guest") return { name };
    if (!password) throw new Refused("password", "Type a password.");
    if (this.#way === "login") return { name, password };
    if (typed.again !== password) throw new Refused("again", "The two passwords differ.");
    return { name, password, register: true, ...(invite && { invite: readInvite(invite) }) };
  }

  /**
   * Say what is wrong, and nothing else.
   *
   * @param {string} [sentence]
   * @param {string} [about] the field that it stands at; what is about none that is seen stands below all of them
   */
  #say(sentence = "", about = "") {
    const isAbout = WAYS[this.#way].fields.includes(about);
    for (const part of this.#fields) {
      const input = inputOf(part), isWrong = isAbout && input.name === about;
      fill(/** @type {Element} */ (part.lastElementChild), isWrong && sentence);
      input.ariaInvalid = String(isWrong);
      if (isWrong) input.focus();
    }
    fill(this.#trouble, !isAbout && sentence);
  }
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
