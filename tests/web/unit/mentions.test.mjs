import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { hasWords, isMentioned } from "../../../roomchat/web/model/mentions.js";

const examples = JSON.parse(readFileSync(new URL("mentions.json", import.meta.url), "utf8"));

test("a name is found in scripts with and without spaces, however its letters are composed", () => {
  for (const [name, text] of examples.found) assert.ok(isMentioned(name, text), `${name} in ${text}`);
});

test("a part of something else is no name", () => {
  for (const [name, text] of examples.not_found) assert.ok(!isMentioned(name, text), `${name} in ${text}`);
});

test("a long word takes no longer than a long text", () => {
  for (const text of ["x".repeat(200_000), "\u0301".repeat(200_000), "ann".repeat(70_000), "www".repeat(70_000)]) {
    assert.ok(!isMentioned("ann", text));
    assert.ok(isMentioned("ann", `${text} ann`));
  }
});

test("words are found in any order, case and width", () => {
  assert.ok(hasWords("BUDGET plan", "the plan: ｂｕｄｇｅｔs"));
  assert.ok(!hasWords("budget plan", "the budget"));
  assert.ok(!hasWords("  ", "anything"));
});
