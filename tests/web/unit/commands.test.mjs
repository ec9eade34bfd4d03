import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compared } from "../../../roomchat/web/core/protocol.js";
import { about, COMMANDS, NobodyCalled, parse, secondsOf } from
  "../../../roomchat/web/model/commands.js";
import { TypingError } from "../../../roomchat/web/model/say.js";

const examples = JSON.parse(readFileSync(new URL("typed.json", import.meta.url), "utf8"));
const names = new Map([[1, "ann"], [2, "bob"], [3, "eve"], [4, "twin"], [5, "Twin"], [6, "\u202eevil"]]);
const chat = {
  me: { uid: 1 },
  names,
  lastWhisperer: 2,
  meant(who) {
    const readings = [...new Set([who, who.replace(/^@/, "")])];
    const numbers = readings.filter((one) => /^\d{1,15}$/.test(one)).map(Number);
    const called = [...names].filter(([, name]) => readings.some((one) => compared(one) === compared(name)));
    return [...new Set([...numbers, ...called.map(([uid]) => uid)])].sort((one, other) => one - other);
  },
};

/** Without the fields that say nothing. */
function plain(what) {
  if (Array.isArray(what)) return what.map(plain);
  if (what === null || typeof what !== "object") return what;
  const kept = Object.entries(what).filter(([, value]) => ![undefined, null, "", false].includes(value));
  return Object.fromEntries(kept.map(([name, value]) => [name, plain(value)]));
}

test("what is typed means what it means in the terminal", () => {
  for (const { line, meant, error } of examples) {
    if (error === undefined) {
      assert.deepEqual(plain(parse(line, chat)), meant, line);
    } else {
      const is = (thrown) => thrown instanceof TypingError && thrown.message === error;
      assert.throws(() => parse(line, chat), is, `${line}: ${error}`);
    }
  }
});

test("a name that we have not heard is told apart: the server may know it", () => {
  assert.throws(() => parse("/dial zoe", chat), NobodyCalled);
  assert.throws(() => parse("/dial 0", chat), (error) => !(error instanceof NobodyCalled));
});

test("nobody replies to nobody", () => {
  assert.throws(() => parse("/reply hi", { ...chat, lastWhisperer: null }), /Nobody has whispered to you yet/);
});

test("commands that only a terminal has say what there is instead", () => {
  assert.throws(() => parse("/quit", chat), /close the page/);
  assert.deepEqual(parse("/connect", chat), { local: "retry" });
  assert.throws(() => parse("/connect elsewhere", chat), /Usage: \/connect$/);
});

test("every command is told of, and made of as many words as it needs", () => {
  for (const { name, forms } of COMMANDS) {
    if (name === "/quit") continue;
    const args = forms.map((form) => (/UID|\bN\b/.test(form) ? "2" : "join"));
    assert.ok(parse([name, ...args].join(" "), chat), name);
  }
  const does = "/dial UID: chat with someone, in the room they are in or in a new one. Also: /call.";
  assert.equal(about("dial"), does);
});

test("times", () => {
  for (const [text, seconds] of [["90s", 90], ["15M", 900], ["2h", 7200], ["4w", 2_419_200]]) {
    assert.equal(secondsOf(text), seconds);
  }
  for (const text of ["", "0h", "2", "h", "1234567h", "2h ", "1.5h"]) assert.equal(secondsOf(text), undefined);
});
