import assert from "node:assert/strict";
import { test } from "node:test";
import { callOf, calls, dialOf, Levels, Pace } from "../../../roomchat/web/model/calls.js";
import { titleOf } from "../../../roomchat/web/model/waiting.js";

const chat = {
  me: { uid: 1, name: "ann" }, names: new Map([[2, "bob"]]), current: "tea",
  rooms: new Map([
    ["tea", { name: "tea", unread: 0, mentions: 0 }], ["ops", { name: "ops", unread: 4, mentions: 1 }],
    ["@1-2", { isPair: true, name: "bob", unread: 2, mentions: 2 }],
  ]),
  isOfOthers: ({ uid }) => uid !== 1, isOld: ({ seq }) => seq < 5, wants: ({ text }) => text.includes("ann"),
};
const said = (more) => ({ type: "message", room: "tea", seq: 9, uid: 2, name: "bob", text: "hello", ...more });

test("what calls: news of others, by the level of the room", () => {
  assert.ok(calls(said(), chat, "everything"));
  assert.ok(!calls(said(), chat, "mentions"));
  assert.ok(calls(said({ text: "hi ann" }), chat, "mentions"));
  assert.ok(!calls(said({ text: "hi ann" }), chat, "nothing"));
  assert.ok(!calls(said({ uid: 1 }), chat, "everything"));
  assert.ok(!calls(said({ seq: 4 }), chat, "everything"));
  assert.ok(!calls({ ...said(), type: "topic" }, chat, "everything"));
});

test("a call says who, where, and what, all harmless", () => {
  assert.deepEqual(callOf(said({ text: "hi\n\u202eann" }), chat),
    { title: "bob in tea", body: "hi\n<U+202E>ann" });
  assert.deepEqual(callOf(said({ room: "@1-2", type: "action", text: "waves" }), chat),
    { title: "bob whispers to you", body: "* bob waves" });
  assert.equal(callOf(said({ text: "x".repeat(9000) }), chat).body.length, 300);
  assert.deepEqual(dialOf({ by: 2, room: "room-1" }, chat),
    { title: "bob (2) dialled you", body: "You are in room-1." });
});

test("the title counts what is for this person, or else all that is unread", () => {
  assert.equal(titleOf(chat), "(3) roomchat \u2014 #tea");
  const quiet = { ...chat, current: "@1-2", rooms: new Map([["tea", { unread: 5, mentions: 0 }]]) };
  assert.equal(titleOf(quiet), "(5) roomchat \u2014 bob");
  assert.equal(titleOf({ ...chat, current: null, rooms: new Map() }), "roomchat");
});

test("three calls at once, then one in ten seconds", () => {
  const pace = new Pace();
  const taken = [0, 1, 2, 3, 9000, 10_100, 10_200, 60_000, 60_000, 60_000, 60_000].map((now) => pace.takes(now));
  assert.deepEqual(taken, [true, true, true, false, false, true, false, true, true, true, false]);
});

test("a room's own level is kept, and can be as everywhere again", () => {
  const kept = new Map();
  const store = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
  const levels = new Levels(() => store);
  assert.equal(levels.get("constructor"), undefined);
  levels.set("tea", "nothing");
  assert.equal(new Levels(() => store).get("tea"), "nothing");
  levels.set("tea", undefined);
  assert.equal(levels.get("tea"), undefined);
  kept.set("roomchat.calls", "not JSON");
  assert.equal(levels.get("tea"), undefined);
});
