import assert from "node:assert/strict";
import { test } from "node:test";

import { unguessable } from "../../../roomchat/web/core/unguessable.js";

test("a token that a newcomer makes is one that servers take, whatever the numbers in it are", (t) => {
  t.mock.method(crypto, "getRandomValues", (/** @type {any} */ array) => {
    new Uint8Array(array.buffer).fill(255); // the longest of all
    return array;
  });
  assert.ok(unguessable().length <= 64, "as roomchat/protocol/values.py has it, and docs/protocol.md");
  t.mock.restoreAll();
  for (let i = 0; i < 1_000; i += 1) assert.ok(unguessable().length >= 24);
  assert.notEqual(unguessable(), unguessable());
});
