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
  #asked = false; // a hello that registers was sent, and is not answered
  #askedBefore = false; // likewise, over a connection that was lost

  /** @param {Proof} [proof] */
  constructor(proof = {}) {
    this.#proof = proof;
  }

  /**
   * The fields of the next hello.
   * @param {string | null} token of the session, as far as it has one
   * @param {boolean} isAccount whose the token is; a guest's is of no use to somebody who logs in
   */
  fields(token, isAccount) {
    const { password, register = false, invite } = this.#proof;
    this.#askedBefore = this.#asked;
    this.#asked = register;
    if (register && !isAccount) return { password: password ?? "", register, invite, token: token ?? undefined };
    return token !== null && (isAccount || password === undefined) ? { token } : { password };
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
    this.#proof.register = this.#askedBefore = false; // it is owned by ourselves, perhaps: the answer was lost
    return true;
  }

  /** From here on the token does. */
  welcomed() {
    this.#proof = {};
    this.#asked = this.#askedBefore = false;
  }
}
