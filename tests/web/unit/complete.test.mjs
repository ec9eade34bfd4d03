import assert from "node:assert/strict";
import { test } from "node:test";
import { asksForSomeone, candidates, hint } from "../../../roomchat/web/model/complete.js";

const others = [[2, "bob"], [3, "Bea"], [4, "twin"], [5, "twin"], [6, "b\u202ead"]];
const chat = {
  current: "tea",
  rooms: new Map([
    ["tea", { key: "tea" }], ["@1-2", { key: "@1-2", other: { uid: 2, name: "bob" } }],
  ]),
  heard: new Map([["tea", {}], ["ops", {}], ["#odd", {}]]),
  invited: new Map([["+7/plans", {}]]),
  people: () => others.map(([uid, name]) => ({ uid, name })),
  meant: (who) => others.filter(([uid, name]) => name === who || String(uid) === who).map(([uid]) => uid),
};
const texts = (before) => candidates(before, chat).found.map((one) => one.text);

test("commands by their beginning, other names last", () => {
  assert.deepEqual(texts("/jo"), ["/join "]);
  assert.deepEqual(texts("/RE"), ["/reply ", "/register ", "/redact "]);
  assert.ok(texts("/").length > 40);
  assert.deepEqual(texts("//jo"), []);
  assert.deepEqual(texts("/help j"), ["join"]);
});

test("people by UID or name; who shares a name is meant by UID; what is not harmless is not offered", () => {
  assert.deepEqual(texts("/dial b"), ["bob", "Bea"]);
  assert.deepEqual(texts("/dial @B"), ["@bob", "@Bea"]);
  assert.deepEqual(texts("/whisper tw"), ["4 ", "5 "]);
  assert.deepEqual(texts("/whisper 3"), ["Bea "]);
  assert.deepEqual(texts("/kick bob ad"), []);
});

test("names in a text", () => {
  assert.deepEqual(texts("bo"), ["bob: "]);
  assert.deepEqual(texts("hi bo"), ["bob "]);
  assert.deepEqual(texts("hi\n@bo"), ["@bob "]);
  assert.deepEqual(texts("(@be"), ["@Bea "]);
  assert.deepEqual(texts("x@bo"), []);
  assert.deepEqual(texts(""), []);
  assert.deepEqual(texts("hi "), []);
  assert.equal(texts("@").length, 4);
  assert.deepEqual(texts("/me hugs bo"), ["bob "]);
});

test("rooms: where one is, or any of which one has heard", () => {
  assert.deepEqual(texts("/leave t"), ["tea"]);
  assert.deepEqual(texts("/join o"), ["ops"]);
  assert.deepEqual(texts("/join tea,#o"), ["tea,#ops"]);
  assert.deepEqual(texts("/join pl"), ["+7/plans"]);
  assert.deepEqual(texts("/room b"), []);
  assert.deepEqual(texts("/room @b"), ["@bob"]);
  assert.deepEqual(texts("/room bob"), ["@bob"]);
  assert.deepEqual(texts("see #te"), ["#tea "]);
});

test("a menu opens by itself only for what was begun", () => {
  const isAsked = (before) => candidates(before, chat).isAsked;
  for (const before of ["/", "/jo", "@", "hi @b", "/dial ", "#t"]) assert.ok(isAsked(before), before);
  for (const before of ["", "bo", "hi", "hi bo", "/me wa"]) assert.ok(!isAsked(before), before);
});

test("Enter takes an offer only for what is nothing by itself: a room may be new, digits are a number", () => {
  const isSure = (before) => candidates(before, chat).isSure;
  for (const before of ["/jo", "hi @b", "/dial b", "/dial @b"]) assert.ok(isSure(before), before);
  const unsure = ["/join te", "see #te", "/dial 1", "@", "/dial ", "/block "];
  for (const before of unsure) assert.ok(!isSure(before), before);
});

test("whom the server may know is asked for", () => {
  assert.ok(asksForSomeone("/dial zo"));
  assert.ok(asksForSomeone("hi @zo"));
  assert.ok(!asksForSomeone("/join zo"));
});

test("a begun command says what it does", () => {
  assert.equal(hint("/dial "), "/dial UID: chat with someone, in the room they are in or in a new one");
  for (const text of ["/dial", "hi", "//dial ", "/nothing x"]) assert.equal(hint(text), "");
});
