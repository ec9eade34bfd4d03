// What an error means to a client that wants to be let in, or is in.

/** No use in trying again; the first three come also when one is in. */
const LAST = ["replaced", "logged_out", "shut_out"];
const FINAL = [
  ...LAST, "account_needed", "accounts_closed", "bad_name", "bad_password", "invite_needed", "name_owned",
  "name_taken", "tls_required", "unsupported_protocol", "wrong_password",
];

/**
 * Null: it is about something that was asked, or the session has an answer to it. Else it is the end of this
 * connection, and `isFinal`: there is no use in another.
 * @param {import("./protocol.js").ErrorEvent} event
 * @param {import("./session.js").Session} session
 * @param {boolean} isReady whether the server has welcomed us on this connection
 * @returns {{code: string, message: string, isFinal: boolean} | null}
 */
export function verdict({ code, message }, session, isReady) {
  if (isReady && !LAST.includes(code)) return null;
  if (code === "unknown_token" && session.token === null) {
    message = "What answers there is not a roomchat server.";
  } else if (session.hasAnswer(code)) {
    return null;
  } else if (code === "unknown_token") {
    [code, message] = ["logged_out", "This device was logged out; log in again."];
  }
  return { code, message, isFinal: FINAL.includes(code) };
}
