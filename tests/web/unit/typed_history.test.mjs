import assert from "node:assert/strict";
import { test } from "node:test";
import { TypedHistory } from "../../../roomchat/web/model/typed_history.js";

/** @param {{getItem: (key: string) => string | null, setItem: (key: string, value: string) => void}} has */
const stores = (has) => Object.assign(globalThis, { localStorage: has });

/** An empty one. */
function anew() {
  const kept = new Map();
  stores({ getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) });
}

test("lines come back, the last one first, and then what was typed", () => {
  anew();
  const history = new TypedHistory();
  for (const line of ["one", "two", "two"]) history.add(line);
  assert.equal(history.older(""), "two");
  assert.equal(history.older("two"), "one");
  assert.equal(history.older("one"), null);
  assert.equal(history.newer("one"), "two");
  assert.equal(history.newer("two"), "");
  assert.equal(history.newer(""), null);
});

test("only an empty box goes back, and a line that was changed stays", () => {
  anew();
  const history = new TypedHistory();
  history.add("one");
  assert.equal(history.older("begun"), null);
  assert.equal(history.older(""), "one");
  assert.equal(history.older("one more"), null);
  assert.equal(history.newer("one more"), null);
});

test("another tab's lines are there, too; what is deleted is not; after a logout nothing is", () => {
  anew();
  const one = new TypedHistory(), other = new TypedHistory();
  one.add("a");
  other.add("/me b");
  assert.equal(one.older(""), "/me b");
  one.forget("b");
  assert.equal(other.older(""), "a");
  one.clear();
  assert.equal(new TypedHistory().older(""), null);
});

test("a store that refuses, or has something else, does no harm", () => {
  const refuses = () => {
    throw new Error("no");
  };
  stores({ getItem: refuses, setItem: refuses });
  const history = new TypedHistory();
  history.add("a");
  assert.equal(history.older(""), "a");
  stores({ getItem: () => '{"a": 1}', setItem() {} });
  assert.equal(new TypedHistory().older(""), null);
});

test("what was typed before the page was loaded anew comes back at once", () => {
  anew();
  new TypedHistory().add("one");
  assert.equal(new TypedHistory().older(""), "one");
});
