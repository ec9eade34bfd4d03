// Whatever is typed, in whatever room: it is done, or refused with a sentence; and what is offered fits.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Emitter } from "../../../roomchat/web/core/emitter.js";
import { Refused } from "../../../roomchat/web/core/protocol.js";
import { Chat } from "../../../roomchat/web/model/chat.js";
import { COMMANDS } from "../../../roomchat/web/model/commands.js";
import { candidates, hint } from "../../../roomchat/web/model/complete.js";
import { harmless } from "../../../roomchat/web/model/harmless.js";
import { Runner } from "../../../roomchat/web/model/runner.js";
import { TypingError } from "../../../roomchat/web/model/say.js";

const TS = "2024-05-01T08:30:00.000Z";
const WORDS = [
  "tea", "#TEA", "ops", "2", "0", "@bob", "bob", "7", "3", "-all", "hello", "99", "@1-2", ",", "#", "2h", "10m",
  "x".repeat(40), "\u202e", "\ud800", "日本", "\n", "-", "//", "/join", "1e9", "999999999999999999", "constructor",
  "__proto__",
];

/** A few hundred thousand numbers that are the same each time (mulberry32). */
function random(seed) {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const members = [{ uid: 1, name: "ann" }, { uid: 2, name: "bob" }];

/** Ann is in tea and ops, and whispers with bob. */
function comeIn() {
  const chat = new Chat();
  chat.take({ type: "welcome", uid: 1, name: "ann", token: "t", epoch: "e", last_n: 0, server: "s",
    clients: members, clients_total: 2, rooms: [], rooms_total: 0,
    limits: { text: 100, name: 32, line: 65_536, rooms: 10 } });
  for (const room of ["tea", "ops", "@1-2"]) {
    chat.take({ type: "joined", room, members, members_total: 2, last_seq: 0 });
    chat.take({ type: "message", room, seq: 1, uid: 2, name: "bob", ts: TS, text: "ann: hello" });
  }
  return chat;
}

function answers(chat, pick) {
  const entries = [{ type: "message", room: "tea", seq: 1, uid: 1, name: "ann", ts: TS, text: "hello" }];
  return (command) => {
    const kinds = {
      join: { type: "joined", room: command.room }, dial: { type: "joined", room: "tea" },
      who: { type: "who", clients: command.after ? [] : members, clients_total: 2, room: command.room },
      rooms: { type: "rooms", rooms: [], rooms_total: 0 }, rules: { type: "rules", room: command.room },
      stats: { type: "stats", server: "s", uptime: 1 }, logout: { type: "logged_out", devices: [] },
      history: { type: "history", room: command.room, entries, more: false },
    };
    if (pick(4) === 0) throw new Refused("not_allowed", "That is not allowed.");
    return kinds[command.type] ?? { type: "done" };
  };
}

test("no line that is typed is a fault", async () => {
  const pick = random(15), told = [];
  const chat = comeIn(), answer = answers(chat, pick);
  const engine = Object.assign(new Emitter(), {
    status: { phase: "online" }, say: async () => "line-1", ask: async (command) => answer(command),
    retry() {}, async logout() {},
    past: async (room) => ({ entries: answer({ type: "history", room }).entries, more: false }),
  });
  const nothing = () => {};
  const view = {
    tell: (lines) => told.push(...lines), open: nothing, go: (room) => chat.look(room), older: nothing,
    goTo: nothing, clear: nothing, link: (room, token) => `${room} ${token}`,
    copy: async () => {},
  };
  const runner = new Runner(engine, chat, view);
  const names = COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]);
  for (let turn = 0; turn < 1000; turn += 1) {
    const typed = Array.from({ length: pick(4) }, () => WORDS[pick(WORDS.length)]);
    const line = [pick(8) ? names[turn % names.length] : "", ...typed].join(" ");
    const rooms = [null, ...chat.rooms.keys()];
    for (const { text } of candidates(line, chat).found) assert.equal(harmless(text), text);
    assert.equal(typeof hint(line), "string");
    try {
      await runner.run(line, rooms[pick(rooms.length)]);
    } catch (error) {
      const isSentence = (error instanceof TypingError || error instanceof Refused) && /\w/.test(error.message);
      assert.ok(isSentence, `${JSON.stringify(line)}: ${error.stack}`);
    }
  }
  assert.ok(told.every((line) => line && harmless(line) === line));
});
