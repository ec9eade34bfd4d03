// How a session proves who it is: by its token, or, where it has none, by the password of an account.

/**
 * `register`: the account is still to be made, for which the server may want an `invite`.
 * @typedef {{password?: string, register?: boolean, invite?: string}} Proof
 */

export class Login {
  /** @type {"" | "logged_out" | "no_account"} how the session has ended for good, by its own wish: as a code */
  over = "";
  /** @type {Proof} none of it is written down */
  #proof;
  #offered = newToken(); // of a newcomer: to be the token of the session
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
    if (token !== null) return { token };
    return this.#proof.password === undefined ? { ...this.#proof, new_token: this.#offered } : this.#proof;
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

  /** From here on the token does. */
  welcomed() {
    this.#proof = {};
    this.#offered = newToken(); // no session has that of another
    this.#asked = this.#askedBefore = false;
  }
}

/** 192 random bits, of which nobody else knows. */
export const newToken = () =>
  [...crypto.getRandomValues(new Uint32Array(6))].map((part) => part.toString(36).padStart(7, "0")).join("");
