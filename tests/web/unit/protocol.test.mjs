import assert from "node:assert/strict";
import { test } from "node:test";

import { Emitter } from "../../../roomchat/web/core/emitter.js";
import {
  compared, isEntry, isPair, isSame, otherOf, pairRoom, privateOf,
} from "../../../roomchat/web/core/protocol.js";

test("names are one by case and width", () => {
  assert.equal(compared("ＬＯＢＢＹ"), "lobby");
  assert.ok(isSame("E\u0301cole", "\u00e9COLE"));
  assert.ok(isSame("ΟΔΟΣ", "οδος"));
  assert.equal(compared("ｶﾞ"), "ガ");
  assert.ok(!isSame("a\u{1d41a}", "aa"), "other forms of a letter are other letters");
});

test("a room of two, and a private one, are told by their names", () => {
  assert.equal(pairRoom(7, 3), "@3-7");
  assert.ok(isPair("@3-7") && !isPair("tea"));
  assert.deepEqual([otherOf("@3-7", 7), otherOf("@3-7", 3), otherOf("@3-3", 3), otherOf("tea", 3)], [3, 7, 3, null]);
  assert.deepEqual(privateOf("+7/a/b"), { uid: 7, name: "a/b" });
  assert.deepEqual([privateOf("+07/plans"), privateOf("7/plans")], [null, null]);
});

test("an entry is what has a room and a seq, whatever it is called", () => {
  assert.ok(isEntry({ type: "sticker", room: "tea", seq: 3 }));
  assert.ok(!isEntry({ type: "joined", room: "tea", last_seq: 3 }));
  assert.ok(!isEntry({ type: "message", room: "tea", seq: "3" }));
});

test("all who listen are told, in their order, until they want it no more", () => {
  const emitter = new Emitter();
  /** @type {string[]} */
  const told = [];
  const off = emitter.on("event", (value) => told.push(`one ${value}`));
  emitter.on("event", (value) => told.push(`two ${value}`));
  emitter.emit("event", 1);
  off();
  emitter.emit("event", 2);
  emitter.emit("other", 3);
  assert.deepEqual(told, ["one 1", "two 1", "two 2"]);
});

test("a listener that fails keeps it from nobody", (_, done) => {
  const emitter = new Emitter();
  let told = 0;
  process.setUncaughtExceptionCaptureCallback((error) => {
    process.setUncaughtExceptionCaptureCallback(null);
    assert.equal(error.message, "mine");
    done();
  });
  emitter.on("event", () => {
    throw new Error("mine");
  });
  emitter.on("event", () => (told += 1));
  emitter.emit("event");
  assert.equal(told, 1);
});
