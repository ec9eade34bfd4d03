// When what is typed gets onto the disk.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Drafts } from "../../../roomchat/web/model/drafts.js";
import { World } from "./fakes.mjs";

function drafts() {
  const world = new World();
  /** @type {[string, string][]} */
  const kept = [];
  return { world, kept, drafts: new Drafts((...one) => kept.push(one), (ms, then) => world.after(ms, then)) };
}

test("a draft is kept 50 ms after the last key, and not with each", async () => {
  const { world, kept, drafts: one } = drafts();
  for (const text of ["h", "he", "hel"]) {
    one.typed("tea", text);
    await world.passes(49);
  }
  assert.deepEqual(kept, []);
  await world.passes(1);
  assert.deepEqual(kept, [["tea", "hel"]]);
  assert.equal(one.of("tea"), "hel");
  one.typed("tea", "hell");
  one.typed("tea", "hel");
  await world.passes(1000);
  assert.equal(kept.length, 1); // it is there already
});

test("what is sent or left is kept at once, and is not overtaken by a key before it", async () => {
  const { world, kept, drafts: one } = drafts();
  one.load({ ops: "later" });
  one.typed("tea", "hello");
  one.keep("tea", "hello");
  one.typed("tea", "hello!");
  one.keep("tea", ""); // sent
  one.keep("ops", "later");
  await world.passes(1000);
  assert.deepEqual(kept, [["tea", "hello"], ["tea", ""]]);
  assert.deepEqual([one.of("tea"), one.of("ops")], ["", "later"]);
});

test("what another tab has kept is not kept again", async () => {
  const { kept, drafts: one } = drafts();
  one.put("tea", "from there");
  one.keep("tea", "from there");
  assert.deepEqual(kept, []);
});
