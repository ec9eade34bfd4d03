import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { cell, harmless, harmlessLines, short } from "../../../roomchat/web/model/harmless.js";

const examples = JSON.parse(readFileSync(new URL("harmless.json", import.meta.url), "utf8"));

for (const { about, text, harmless: expected } of examples) {
  test(`harmless: ${about}`, () => assert.equal(harmless(text), expected));
}

test("lines and tabs stay in a text of several lines", () => {
  assert.equal(harmlessLines("a\n\tb\r\n\u202ec"), "a\n\tb\u240d\n<U+202E>c");
});

test("a mark at the start of a name does not change what is before it", () => {
  assert.equal(cell("\u0301ann"), "\u25cc\u0301ann");
  assert.equal(cell("ann\u202e"), "ann<U+202E>");
});

test("a long text is cut between characters", () => {
  assert.equal(short("abc", 3), "abc");
  assert.equal(short("\u{1f600}\u{1f600}\u{1f600}", 2), "\u{1f600}\u2026");
});
