// The way in, while nobody is logged in here: a name, and one is in; or an account.

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

/** @type {Record<string, string>} which field a refusal is about; others are shown below all of them */
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
  #fields = {
    name: field("Name",
      { name: "name", required: true, maxlength: 64, autocapitalize: "none", spellcheck: "false" }),
    password: field("Password", { name: "password", type: "password", required: true, maxlength: 1024 }),
    again: field("Password again", {
      name: "again", type: "password", required: true, maxlength: 1024, autocomplete: "new-password",
    }),
    invite: field("Invite", { name: "invite" }, "Only if this server asks for one."),
  };
  #says = el("p", { class: "soft entrance-says" });
  #trouble = el("p", { class: "trouble", role: "alert" });
  #button = el("button", { class: "button main wide" });
  #tabs = new Map(Object.entries(WAYS).map(([way, { tab: label }]) => [way, tab(label, () => this.#choose(way))]));
  #form;

  /**
   * @param {any} engine
   * @param {(welcome: import("../core/protocol.js").Welcome) => void} greet somebody has come in
   */
  constructor(engine, greet) {
    this.#engine = engine;
    this.#greet = greet;
    for (const part of Object.values(this.#fields)) part.append(
      el("p", { class: "trouble", "aria-live": "polite" }));
    this.#form = el(
      "form", { novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      ...Object.values(this.#fields), this.#trouble, this.#button,
    );
    this.element = el(
      "div", { class: "entrance-card" },
      el("div", { class: "entrance-head" }, plate(), el("div", null,
        el("h1", null, "roomchat"),
        el("p", { class: "soft" }, "Everyone here has a number. Dial it, and you talk."))),
      tabs("How to come in", [...this.#tabs.values()]),
      this.#says, this.#form,
    );
    this.show("guest");
  }

  /**
   * Show a way in, with what is known already.
   *
   * @param {Way} way
   * @param {{name?: string, invite?: string, trouble?: string}} [known]
   */
  show(way, { name, invite, trouble } = {}) {
    this.#way = way;
    const { button, says, fields } = WAYS[way];
    for (const [key, part] of Object.entries(this.#fields)) {
      part.hidden = !fields.includes(key);
      this.#say(key, "");
    }
    for (const [key, one] of this.#tabs) attribute(one, "aria-pressed", String(key === way));
    // By these a password manager knows what to fill in, and what to keep.
    attribute(this.#input("name"), "autocomplete", way === "guest" ? "nickname" : "username");
    attribute(this.#input("password"), "autocomplete", way === "login" ? "current-password" : "new-password");
    if (name) this.#input("name").value = name;
    if (invite) this.#input("invite").value = invite;
    fill(this.#says, invite ? "You are invited. Choose a name and a password." : says);
    fill(this.#button, button);
    fill(this.#trouble, trouble);
  }

  /** Where one begins to type. */
  focus() {
    const empty = WAYS[this.#way].fields.find((key) => !this.#input(key).value);
    this.#input(empty ?? "name").focus();
  }

  /** @param {string} way */
  #choose(way) {
    this.show(/** @type {Way} */ (way));
    this.focus();
  }

  /**
   * @param {string} key
   * @returns {HTMLInputElement}
   */
  #input(key) {
    return /** @type {any} */ (this.#fields)[key].querySelector("input");
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    for (const key of Object.keys(this.#fields)) this.#say(key, "");
    fill(this.#trouble);
    const wrong = this.#wrong();
    if (wrong) return this.#refuse(...wrong);
    this.#button.disabled = true;
    try {
      this.#greet(await this.#engine.enter(this.#given()));
      for (const key of ["password", "again", "invite"]) this.#input(key).value = "";
    } catch (error) {
      const { code = "", message } = /** @type {any} */ (error);
      if (code === "account_needed" && this.#way === "guest") this.show("login");
      this.#refuse(ABOUT[code] ?? "", message);
    }
    this.#button.disabled = false;
  }

  /**
   * What can be said before the server is asked: the field, and a sentence.
   *
   * @returns {[string, string] | null}
   */
  #wrong() {
    const { fields } = WAYS[this.#way];
    if (!this.#input("name").value.trim()) return ["name", "Type a name first."];
    if (fields.includes("password") && !this.#input("password").value) return ["password", "Type a password."];
    if (!fields.includes("again")) return null;
    if (this.#input("again").value !== this.#input("password").value)
      return ["again", "The two passwords differ."];
    try {
      if (this.#input("invite").value.trim()) readInvite(this.#input("invite").value);
      return null;
    } catch (error) {
      return ["invite", /** @type {Error} */ (error).message];
    }
  }

  #given() {
    const name = this.#input("name").value.trim();
    if (this.#way === "guest") return { name };
    const password = this.#input("password").value;
    if (this.#way === "login") return { name, password };
    const invite = this.#input("invite").value.trim();
    return { name, password, register: true, ...(invite && { invite: readInvite(invite) }) };
  }

  /**
   * @param {string} key
   * @param {string} sentence
   */
  #refuse(key, sentence) {
    if (!WAYS[this.#way].fields.includes(key)) return void fill(this.#trouble, sentence);
    this.#say(key, sentence);
    this.#input(key).focus();
  }

  /**
   * @param {string} key
   * @param {string} sentence
   */
  #say(key, sentence) {
    const trouble = /** @type {HTMLElement} */ (/** @type {any} */ (this.#fields)[key].lastElementChild);
    trouble.id ||= `entrance-${key}`;
    fill(trouble, sentence);
    attribute(this.#input(key), "aria-invalid", sentence ? "true" : null);
    attribute(this.#input(key), "aria-errormessage", sentence ? trouble.id : null);
  }
}

/** The keys of a telephone, drawn: what the page is known by. */
function plate() {
  const keys = [..."123456789"].map((digit) => el("span", { class: digit === "7" ? "key lit" : "key" }, digit));
  return el("div", { class: "plate", "aria-hidden": "true" }, ...keys);
}
