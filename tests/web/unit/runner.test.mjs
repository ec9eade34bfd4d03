import assert from "node:assert/strict";
import { test } from "node:test";
import { Emitter } from "../../../roomchat/web/core/emitter.js";
import { Refused } from "../../../roomchat/web/core/protocol.js";
import { Runner } from "../../../roomchat/web/model/runner.js";

const TS = "2024-05-01T08:30:00.000Z";

/** Ann (1) is in tea and ops, and whispers with bob (2), who is offline. */
function tearoom(answers = {}) {
  const done = [];
  const engine = Object.assign(new Emitter(), {
    status: { phase: "online" },
    say: async (line) => void done.push(line),
    ask: async (command) => {
      done.push(command);
      const answer = answers[command.type]?.(command);
      if (answer instanceof Error) throw answer;
      return answer ?? { type: "done" };
    },
    past: async (...asked) => answers.past?.(...asked) ?? { entries: [], more: false },
    logout: async () => void done.push("logout"),
    retry: () => void done.push("retry"),
  });
  const names = new Map([[1, "ann"], [2, "bob"]]);
  const room = (key) => ({ key, members: new Map([[2, {}]]), unread: 0, lastSeq: 9 });
  const rooms = ["tea", "ops", "@1-2"].map((key) => [key, room(key)]);
  const chat = {
    me: { uid: 1, name: "ann", account: false }, names, rooms: new Map(rooms), blocked: new Set(), current: "tea",
    limits: { text: 30 }, lastWhisperer: null,
    meant(who) {
      if (/^\d+$/.test(who)) return [Number(who)];
      return [...names].filter(([, name]) => name === who.replace("@", "")).map(([uid]) => uid);
    },
    close: (room) => void done.push(`close ${room}`),
    hides: () => false, isOfOthers: (entry) => entry.uid !== 1, isOld: () => false, wants: () => true,
  };
  Object.assign(chat.rooms.get("@1-2"), { isPair: true, other: { uid: 2, name: "bob", offline: true } });
  const told = [];
  const view = {
    tell: (lines) => told.push(...lines),
    open: (name, args) => done.push([name, args]),
    go: (room) => void done.push(`look ${room}`),
    clear: () => void done.push("clear"),
    older: () => done.push("older"),
    goTo: (room, seq) => done.push(`go to ${room} ${seq}`),
    link: (room, token) => `${room} ${token}`,
    copy: async (text) => void done.push(`copy ${text}`),
  };
  return { runner: new Runner(engine, chat, view), engine, chat, done, told };
}

const said = (seq, uid, text, room = "tea") => ({ type: "message", room, seq, uid, name: "x", ts: TS, text });

test("words go to the room, or to whom one whispers with there", async () => {
  const { runner, done, told } = tearoom();
  await runner.run("hello");
  await runner.run("/me waves");
  await runner.run("psst", "@1-2");
  await runner.run("/whisper bob again");
  assert.deepEqual(done, [
    { room: "tea", text: "hello", kind: undefined }, { room: "tea", text: "waves", kind: "action" },
    { uid: 2, text: "psst", kind: undefined }, { uid: 2, text: "again", kind: undefined },
  ]);
  const later = "bob is offline and will see your whispers later.";
  assert.deepEqual(told, ["Whispered to bob.", later]);
});

test("what is too long is refused before it is sent; characters count, not halves of them", async () => {
  const { runner, done } = tearoom();
  await runner.run("\u{1f600}".repeat(30));
  await assert.rejects(runner.run("x".repeat(31)), /at most 30 characters; this one has 31/);
  assert.equal(done.length, 1);
});

test("nothing is said in no room", async () => {
  const { runner } = tearoom();
  await assert.rejects(runner.run("hello", null), /not in a room/);
  await assert.rejects(runner.run("/topic x", null), /not in a room/);
});

test("a command that names no room is about the one it was typed for; what is answered is told", async () => {
  const answers = { rules: ({ room }) => ({ type: "rules", room, topic: "Cakes" }) };
  const { runner, done, told } = tearoom(answers);
  await runner.run("/kick bob enough", "ops");
  await runner.run("/rules");
  assert.deepEqual(done[0], { type: "kick", uid: 2, reason: "enough", room: "ops" });
  assert.deepEqual(told, ["tea is about: Cakes", "It is nobody's."]);
});

test("what the server refuses is thrown, with its sentence", async () => {
  const { runner } = tearoom({ dial: () => new Refused("offline", "bob is offline.") });
  await assert.rejects(runner.run("/dial bob"), { message: "bob is offline." });
});

test("rooms: joined, gone to, left, closed", async () => {
  const answers = { join: ({ room }) => ({ type: "joined", room }), dial: () => ({ room: "room-1" }) };
  const { runner, done } = tearoom(answers);
  const lines = ["/join new", "/join #OPS", "/dial 2", "/room 2", "/room @bob", "/close bob"];
  for (const line of lines) await runner.run(line);
  await runner.run("/leave", "@1-2");
  assert.deepEqual(done, [
    { type: "join", room: "new" }, "look new", "look ops", { type: "dial", uid: 2 }, "look room-1", "look ops",
    "look @1-2", "close @1-2", "close @1-2",
  ]);
  await assert.rejects(runner.run("/room 9"), /There is no window 9/);
  await assert.rejects(runner.run("/room nowhere"), /Type \/join nowhere/);
  await assert.rejects(runner.run("/close", "tea"), /Only whispers can be closed/);
});

test("several rooms are joined one after the other, also behind one that is refused", async () => {
  const join = ({ room }) => (room === "a" ? new Refused("banned", "You are banned.") : { type: "joined", room });
  const { runner, done } = tearoom({ join });
  await assert.rejects(runner.run("/join a,b"), /banned/);
  assert.equal(done.at(-1), "look b");
});

test("a name that nobody has heard is looked for on the server, page by page", async () => {
  const answers = {
    who({ after }) {
      names.set(after + 5, after ? "zoe" : "eve");
      return { type: "who", clients: [{ uid: after + 5 }] };
    },
    dial: () => ({ room: "room-2" }),
  };
  const { runner, done, chat, engine } = tearoom(answers);
  const { names } = chat;
  await runner.run("/dial zoe");
  assert.deepEqual(done.slice(-2), [{ type: "dial", uid: 10 }, "look room-2"]);
  engine.status.phase = "offline";
  await assert.rejects(runner.run("/dial nobody"), /No one here is called nobody/);
});

test("somebody is told of", async () => {
  const clients = [{ uid: 2, name: "bob", away: true }];
  const who = ({ after }) => ({ type: "who", clients: after === 1 ? clients : [] });
  const { runner, told, chat } = tearoom({ who });
  chat.blocked.add(2);
  for (const line of ["/whois 1", "/whois bob", "/whois 7"]) await runner.run(line);
  assert.deepEqual(told, [
    "You are ann (1).",
    "bob (2) is here, but the connection was lost. You are both in: tea, ops. You have blocked bob.",
    "No one here has the UID 7, and it is not known who had. /who lists everyone.",
  ]);
});

test("one's own last message is shown before it is deleted", async () => {
  const pages = [[said(1, 1, "the first"), said(2, 2, "other")], [said(3, 1, "mine"), said(4, 2, "mine?")]];
  const past = (room, before) => ({ entries: pages[before === null ? 1 : 0], more: before === null });
  const { runner, done } = tearoom({ past });
  await runner.run("/delete");
  await runner.run("/delete FIRST");
  assert.deepEqual(done.map(([name, { entry }]) => [name, entry.seq]), [["delete", 3], ["delete", 1]]);
  await assert.rejects(runner.run("/delete nothing"), /Nothing of yours is left here with: nothing/);
});

test("a search reads page by page, newest first, and goes on", async () => {
  const entries = Array.from({ length: 250 }, (_, i) => said(i + 1, 2, i % 5 ? "tea" : "the budget"));
  const past = (room, before, limit) => {
    const upto = (before ?? 251) - 1, from = Math.max(0, upto - limit);
    return { entries: room === "tea" ? entries.slice(from, upto) : [], more: from > 0 };
  };
  const { runner, done } = tearoom({ past });
  await assert.rejects(async () => runner.run("/search"), /Usage: \/search WORDS/);
  await runner.run("/search -all BUDGET");
  const [name, { search, title }] = done[0];
  assert.deepEqual([name, title, search.isOver], ["found", "Search: BUDGET", false]);
  await search.more();
  assert.deepEqual([search.hits.length, search.hits[0].seq, search.isOver], [40, 246, false]);
  await search.more();
  assert.deepEqual([search.hits.length, search.hits.at(-1).seq, search.isOver], [50, 1, true]);
  await runner.run("/search");
  assert.equal(done[1][1].search, search);
});

test("who is away says so, and answers each whisper once", async () => {
  const { runner, engine, done, told } = tearoom();
  await runner.run("/away back at four");
  for (const uid of [2, 2, 1]) engine.emit("event", said(1, uid, "there?", "@1-2"));
  await runner.run("/away");
  engine.emit("event", said(2, 2, "there?", "@1-2"));
  assert.deepEqual(done.map(({ room, uid, text }) => [room ?? uid, text]),
    [["tea", "is away: back at four"], [2, "is away: back at four"], ["tea", "is back"]]);
  assert.equal(told.at(-1), "You are back.");
});

test("passwords are asked for in dialogs, and only of who may have one", async () => {
  const { runner, chat, done } = tearoom();
  await assert.rejects(runner.run("/password"), /no account here/);
  await runner.run("/register abc");
  chat.me.account = true;
  for (const line of ["/password", "/unregister", "/login ann", "/devices", "/help"]) await runner.run(line);
  assert.deepEqual(done.map(([name]) => name), ["register", "password", "unregister", "login", "devices", "help"]);
});

test("the rest of what is done here", async () => {
  const entries = [said(1, 2, "one"), { type: "topic", seq: 2 }, said(3, 2, "/me waves")];
  const past = () => ({ entries, more: false });
  const answers = { past, logout: () => ({ type: "logged_out", devices: [2] }) };
  const { runner, done, told } = tearoom(answers);
  const lines = ["/copy", "/copy 2", "/history", "/history 4", "/clear", "/connect", "/logout 2", "/logout",
    "/block", "/block 2"];
  for (const line of lines) await runner.run(line);
  assert.deepEqual(done, ["copy waves", "copy one", "older", "go to tea 6", "clear", "retry",
    { type: "logout", device: 2, others: undefined }, "logout", { type: "block", uid: 2 }]);
  assert.deepEqual(told.slice(2), ["Logged out: 2.", "You have blocked nobody.",
    "You have blocked bob (2). To undo it, type /unblock 2."]);
  await assert.rejects(runner.run("/copy 3"), /Only 2 messages/);
  await assert.rejects(runner.run("/unblock 2"), /You have not blocked bob/);
});
