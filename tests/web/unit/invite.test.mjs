// An invite that was pasted: its token is the one that the server knows.
import assert from "node:assert/strict";
import { test } from "node:test";

import { readInvite } from "../../../roomchat/web/model/invite.js";

// Made by roomchat.invites.invite_code: without and with the fingerprint of a key.
const TOKEN = "aaaqeayeaudaocajbifqydiob4";
const WITH_KEY = "aaaqeayeaudaocajbifqydiob7777777777777777777777777777777777777777777777777776";

test("an invite without a fingerprint is its token", () => {
  assert.equal(readInvite(` ${TOKEN.toUpperCase()}\n`), TOKEN);
});

test("the fingerprint behind the token is cut off", () => {
  assert.equal(readInvite(WITH_KEY), TOKEN);
});

test("what is no invite is refused with a sentence", () => {
  for (const word of ["", "abc", TOKEN.slice(1), `${TOKEN.slice(1)}!`, `${TOKEN.slice(1)}1`, "é".repeat(26)]) {
    assert.throws(() => readInvite(word), {
      code: "invite", message: "This is not an invite; check that it was copied whole.",
    });
  }
});
