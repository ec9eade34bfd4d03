import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { answered } from "../../../roomchat/web/model/answers.js";
import { told } from "../../../roomchat/web/model/told.js";
import { counted, dayWords, deedWords, isDeed, localTime, said, speaker } from
  "../../../roomchat/web/model/words.js";

const examples = JSON.parse(readFileSync(new URL("told.json", import.meta.url), "utf8"));

/** Where the zone is UTC. */
function inUtc(run) {
  const before = process.env.TZ;
  process.env.TZ = "UTC";
  try {
    run();
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
}

const chat = {
  me: { uid: 1, name: "ann" },
  names: new Map([[1, "ann"], [2, "bob"], [3, "eve"]]),
  current: "tea",
  putOut: { type: "kicked", room: "cake", seq: 9, uid: 2, name: "bob", whom: 1, whom_name: "ann",
    reason: "Enough." },
};

test("events are told in the sentences of the terminal", () => inUtc(() => {
  for (const { event, sentences } of examples) {
    const words = isDeed(event) ? [deedWords(event, chat)] : [...told(event, chat), ...answered(event, chat)];
    assert.deepEqual(words, sentences, JSON.stringify(event));
  }
}));

test("what nobody knows is not told", () => {
  for (const type of ["pong", "done", "constructor", "toString", "later_thing"]) {
    assert.deepEqual([...told({ type }, chat), ...answered({ type }, chat)], []);
  }
});

test("an action is told apart, also one in words of before", () => {
  assert.deepEqual(said({ type: "message", text: "/me waves" }), { star: true, text: "waves" });
  assert.deepEqual(said({ type: "action", text: "/me waves" }), { star: true, text: "/me waves" });
  assert.deepEqual(said({ type: "message", text: "/mean" }), { star: false, text: "/mean" });
});

test("a name that could be taken for something else stands with its UID", () => {
  for (const name of ["7", "@ann", "/quit", "ann:", "Server", ""]) assert.equal(speaker(4, name), `${name} (4)`);
  for (const name of ["ann", "_ann", "7up", "アン"]) assert.equal(speaker(4, name), name);
});

test("times, days, numbers", () => {
  inUtc(() => assert.equal(localTime("2024-05-01T08:30:00.000Z"), "2024-05-01 08:30"));
  assert.equal(localTime("soon\u202e"), "soon<U+202E>");
  assert.equal(dayWords(new Date(2024, 4, 1)), "Wednesday, 01 May 2024");
  assert.equal(counted(1, "message"), "1 message");
  assert.equal(counted(0, "person", "people"), "0 people");
});
