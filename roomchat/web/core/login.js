// How a session proves who it is: by its token, or, where it has none, by the password of an account.

import { unguessable } from "./unguessable.js";

/**
 * `register`: the account is still to be made, for which the server may want an `invite`.
 * @typedef {{password?: string, register?: boolean, invite?: string}} Proof
 */

/** Until a welcome: from there on the token does. */
export class Login {
  /** @type {Proof} none of it is written down */
  #proof;
  #offered = unguessable(); // of a newcomer: to be the token of the session
  #asked = false; // a hello that registers was sent, and is not answered
  #askedBefore = false; // likewise, over a connection that was lost

  /** @param {Proof} [proof] */
  constructor(proof = {}) {
    this.#proof = proof;
  }

  /**
   * The fields of the next hello.
   * @param {string | null} token of the session, as far as it has one
   */
  fields(token) {
    this.#askedBefore = this.#asked;
    this.#asked = !!this.#proof.register;
    if (token !== null) return { ...this.#proof, token }; // a guest may register, and stay who they are
    return this.#proof.password === undefined ? { new_token: this.#offered } : this.#proof;
  }

  /**
   * Whether to a refusal of that hello there is another one that may be accepted.
   * @param {string} code
   * @param {boolean} isAccount
   */
  hasAnswer(code, isAccount) {
    this.#asked = false;
    if (code === "unknown_token") return !isAccount || this.#proof.password !== undefined;
    if (code !== "name_owned" || !this.#askedBefore) return false;
    this.#proof = { password: this.#proof.password }; // it is owned by ourselves, perhaps: the answer was lost
    this.#askedBefore = false;
    return true;
  }
}
