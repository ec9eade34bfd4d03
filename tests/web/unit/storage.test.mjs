import assert from "node:assert/strict";
import { test } from "node:test";

import { Memory } from "../../../roomchat/web/core/memory.js";
import { Storage, Superseded } from "../../../roomchat/web/core/storage.js";

const SESSION = { token: "t", epoch: "e", uid: 1, name: "ann", account: false, device: 1 };
const entry = (/** @type {number} */ seq, more = {}) => ({
  ...{ type: "message", room: "tea", seq, uid: 2, name: "bob", ts: "", text: `${seq}` },
  ...more,
});
const joined = (/** @type {number} */ last) => ({
  ...{ type: "joined", room: "tea", members: [], members_total: 1, last_seq: last },
});

/** Somebody's storage, and a way to keep what comes: the cursors follow the entries. */
async function storage() {
  const one = new Storage(new Memory());
  await one.claim("me");
  const cursors = new Map();
  const keep = (/** @type {any[]} */ show, more = {}, isFresh = false) => {
    for (const { room, seq, type, before } of show) {
      if (seq) cursors.set(room, Math.max(seq, cursors.get(room) ?? 0));
      if (type === "left") cursors.delete(room);
      if (type === "gap") cursors.set(room, before - 1);
    }
    const session = { ...SESSION, cursors: [...cursors], ...more };
    return one.keep("me", { show, said: [], gone: [], pending: null, session }, isFresh);
  };
  const past = async (/** @type {any} */ range = {}) =>
    (await one.past("tea", { limit: 1_000, ...range })).map(({ seq }) => seq);
  return { one, keep, past };
}

test("what is kept of a room has no hole: a gap, leaving it, or another log empties it", async () => {
  for (const [cut, more] of [
    [{ type: "gap", room: "tea", after: 3, before: 9 }, {}],
    [{ type: "left", room: "tea" }, {}],
    [{ type: "welcome", epoch: "f" }, { epoch: "f" }],
  ]) {
    const { keep, past } = await storage();
    await keep([joined(3), entry(1), entry(2), entry(3)]);
    assert.deepEqual(await past(), [1, 2, 3]);
    await keep([cut], more);
    await keep([entry(9), entry(10)], more);
    assert.deepEqual(await past(), [9, 10]);
  }
});

test("what the server has lost of its log is not kept either", async () => {
  const { keep, past } = await storage();
  await keep([joined(3), entry(1), entry(2), entry(3)]);
  await keep([{ ...joined(2), isCut: true }]);
  assert.deepEqual(await past(), [1, 2]);
});

test("what was found in a page of history is shown, and not kept without what is around it", async () => {
  const { keep, past } = await storage();
  await keep([joined(9), entry(8), entry(9)]);
  const frame = await keep([entry(3)]);
  assert.equal(frame?.items.length, 1);
  assert.deepEqual(await past(), [8, 9]);
});

test("of a flood the end is kept", async () => {
  const { keep, past } = await storage();
  await keep([entry(1)]);
  await keep(Array.from({ length: 900 }, (_, i) => entry(i + 2)));
  assert.deepEqual(await past(), Array.from({ length: 500 }, (_, i) => i + 402));
});

test("pages of the past: before and after a place, as far as nothing is missing", async () => {
  const { keep, past } = await storage();
  await keep([joined(9), ...[4, 5, 7, 8, 9].map((seq) => entry(seq))]);
  assert.deepEqual(await past({ limit: 2 }), [8, 9]);
  assert.deepEqual(await past({ before: 8, limit: 2 }), [5, 7]);
  assert.deepEqual(await past({ before: 4 }), []);
  assert.deepEqual(await past({ after: 5, limit: 2 }), [7, 8]);
  assert.deepEqual(await past({ after: 4 }), [5, 7, 8, 9]);
  assert.deepEqual(await past({ after: 2 }), [], "the server has 3, perhaps");
});

test("who leads no more can keep nothing", async () => {
  const { one, keep } = await storage();
  await keep([entry(1)]);
  await one.claim("other");
  await assert.rejects(keep([entry(2)]), Superseded);
  await assert.rejects(one.forget("me"), Superseded);
  assert.equal((await one.load()).kept?.events.length, 1);
});

test("a tab begins with the last checkpoint and what came since", async () => {
  const { one, keep } = await storage();
  const first = await keep([{ type: "welcome", epoch: "e", token: "t" }, entry(1), entry(2)]);
  await one.checkpoint("me", first?.pos ?? 0, "two entries");
  await keep([entry(3)]);
  const { pos, kept } = await one.load();
  assert.equal(pos, (first?.pos ?? 0) + 1);
  assert.deepEqual([kept?.chat, kept?.entries.tea.map(({ seq }) => seq)], ["two entries", [1, 2]]);
  assert.deepEqual(kept?.events.map((/** @type {any} */ one) => one.seq), [3]);
  assert.doesNotMatch(JSON.stringify(await one.since(0)), /"t"/, "nobody is told the token");
});

test("who is far behind begins anew", async () => {
  const { one, keep } = await storage();
  let pos = 0;
  for (let seq = 1; seq <= 150; seq += 1) pos = (await keep([entry(seq)]))?.pos ?? 0;
  await one.checkpoint("me", pos, {});
  assert.equal(await one.since(10), null);
  assert.equal((await one.since(pos - 20))?.length, 20);
});

test("a line that has got the number of one that is gone is kept", async () => {
  const { one } = await storage();
  const said = [{ id: "1", uid: 2, text: "psst", n: 1 }, { id: "2", room: "tea", text: "hello", n: 2 }];
  await one.keep("me", { show: [], said, gone: [], pending: null, session: SESSION }, false);
  await one.keep("me", {
    show: [{ type: "welcome", epoch: "f" }], said: [], gone: [1], pending: [{ ...said[1], n: 1 }],
    session: { ...SESSION, epoch: "f" },
  }, false);
  assert.deepEqual((await one.claim("other")).pending.map(({ text, n }) => [text, n]), [["hello", 1]]);
});
