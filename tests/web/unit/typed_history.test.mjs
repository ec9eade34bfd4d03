import assert from "node:assert/strict";
import { test } from "node:test";
import { TypedHistory } from "../../../roomchat/web/model/typed_history.js";

function store() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
}

test("lines come back, the last one first, and then what was typed", () => {
  const shared = store(), history = new TypedHistory(() => shared);
  for (const line of ["one", "two", "two"]) history.add(line);
  assert.equal(history.older(""), "two");
  assert.equal(history.older("two"), "one");
  assert.equal(history.older("one"), null);
  assert.equal(history.newer("one"), "two");
  assert.equal(history.newer("two"), "");
  assert.equal(history.newer(""), null);
});

test("only an empty box goes back, and a line that was changed stays", () => {
  const shared = store(), history = new TypedHistory(() => shared);
  history.add("one");
  assert.equal(history.older("begun"), null);
  assert.equal(history.older(""), "one");
  assert.equal(history.older("one more"), null);
  assert.equal(history.newer("one more"), null);
});

test("another tab's lines are there, too; what is deleted is not; after a logout nothing is", () => {
  const shared = store(), one = new TypedHistory(() => shared), other = new TypedHistory(() => shared);
  one.add("a");
  other.add("/me b");
  assert.equal(one.older(""), "/me b");
  one.forget("b");
  assert.equal(other.older(""), "a");
  one.clear();
  assert.equal(new TypedHistory(() => shared).older(""), null);
});

test("a store that refuses, or has something else, does no harm", () => {
  const refuses = () => {
    throw new Error("no");
  };
  const history = new TypedHistory(() => ({ getItem: refuses, setItem: refuses }));
  history.add("a");
  assert.equal(history.older(""), "a");
  assert.equal(new TypedHistory(() => ({ getItem: () => '{"a": 1}', setItem() {} })).older(""), null);
});

test("what was typed before the page was loaded anew comes back at once", () => {
  const shared = store();
  new TypedHistory(() => shared).add("one");
  assert.equal(new TypedHistory(() => shared).older(""), "one");
});
