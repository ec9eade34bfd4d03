import assert from "node:assert/strict";
import { test } from "node:test";

import { encode } from "../../../roomchat/web/core/connection.js";
import { Reconnecting } from "../../../roomchat/web/core/reconnecting.js";
import { Session } from "../../../roomchat/web/core/session.js";
import { Outside, settled } from "./outside.mjs";

const FEATURES = ["action", "private_rooms", "read", "delete", "block"];
const LIMITS = { text: 8192, name: 32, line: 65536, rooms: 100 };
const WELCOME = {
  ...{ type: "welcome", uid: 1, name: "ann", token: "t", epoch: "e", last_n: 0, server: "roomchat", clients: [] },
  ...{ clients_total: 0, rooms: [], rooms_total: 0, limits: LIMITS, features: FEATURES },
};
const JOINED = { type: "joined", room: "tea", members: [], members_total: 1, last_seq: 0 };
const CAUGHT_UP = { type: "pong", re: "caught-up" };
const message = (/** @type {number} */ seq, more = {}) => ({
  ...{ type: "message", room: "tea", seq, uid: 2, name: "bob", ts: "2026-01-01T00:00:00.000Z", text: "hi" },
  ...more,
});

/** @param {any} [proof] */
function ann(proof) {
  const session = new Session();
  session.ask("ann", proof);
  return session;
}

/** A client of ann's, and all that it does. */
function client({ session = ann(), keep = async (/** @type {any} */ _) => {} } = {}) {
  const outside = new Outside();
  /** @type {any[]} */
  const shown = [];
  /** @type {any[]} */
  const statuses = [];
  const reconnecting = new Reconnecting({
    session,
    keep: async (change) => {
      await keep(change);
      shown.push(...change.show);
    },
    status: (status) => statuses.push(status),
    outside,
  });
  const phase = () => statuses[statuses.length - 1].phase;
  return { reconnecting, outside, shown, statuses, phase };
}

/** The same, in a room. */
async function inTea(options = {}) {
  const all = client(options);
  all.reconnecting.retry();
  const socket = await all.outside.opens();
  await socket.says(WELCOME, JOINED, CAUGHT_UP);
  socket.take();
  return { ...all, socket };
}

test("who comes in the first time is welcomed, and is not told the token", async () => {
  const { reconnecting, outside, shown, statuses } = client();
  const welcomed = reconnecting.open();
  const socket = await outside.opens();
  assert.equal(socket.take()[0].name, "ann");
  await socket.says(WELCOME);
  const { uid, token } = await welcomed;
  assert.deepEqual([uid, token, shown[0].type], [1, "", "welcome"]);
  assert.deepEqual(socket.take(), [{ type: "ping", id: "caught-up" }]);
  await socket.says(JOINED, CAUGHT_UP);
  assert.deepEqual(statuses.map(({ phase }) => phase), ["connecting", "online"]);
});

for (const [code, error] of [["name_taken", "ask for another"], ["server_full", "The server is full."]]) {
  test(`who is refused the first time is told: ${code}`, async () => {
    const { reconnecting, outside, phase } = client();
    const welcomed = assert.rejects(reconnecting.open(), { name: "Refused", code, message: error });
    await (await outside.opens()).says({ type: "error", code, message: error });
    await welcomed;
    assert.equal(phase(), "ended");
    await outside.passes(60_000);
    assert.equal(outside.sockets.length, 1, "it does not try again");
  });
}

test("where nobody answers the first time, that is the end", async () => {
  const { reconnecting, outside } = client();
  const welcomed = assert.rejects(reconnecting.open(), { code: "no_connection", message: "The server does not answer." });
  await outside.passes(10_000);
  await welcomed;
  assert.equal(outside.open.length, 0);
});

test("nothing is sent or shown before it is kept", async () => {
  /** @type {any[]} */
  const kept = [];
  let isKept = () => {};
  const keep = (/** @type {any} */ change) => {
    kept.push(change);
    return /** @type {Promise<void>} */ (new Promise((resolve) => (isKept = resolve)));
  };
  const { reconnecting, outside, shown } = client({ keep });
  reconnecting.retry();
  const socket = await outside.opens();
  socket.take();
  await socket.says(WELCOME, JOINED);
  assert.deepEqual([shown, socket.take()], [[], []]);
  reconnecting.say({ id: "a", room: "tea", text: "one" });
  await socket.says(message(1), message(2));
  isKept();
  await settled();
  assert.deepEqual(shown.map(({ type }) => type), ["welcome", "joined"]);
  assert.deepEqual(socket.take(), [{ type: "ping", id: "caught-up" }]);
  const [, { show, said, gone, pending, session }] = kept;
  assert.deepEqual([show.map((/** @type {any} */ one) => one.seq), gone, pending], [[1, 2], [], null]);
  assert.deepEqual(said, [{ id: "a", room: "tea", text: "one", n: 1 }]);
  assert.deepEqual([[...session.cursors], session.n], [[["tea", 2]], 1], "in the same transaction");
  isKept();
  await settled();
  assert.deepEqual(socket.take(), [{ type: "say", room: "tea", text: "one", n: 1 }]);
});

test("what comes back has the id of the line, and is gone from what waits", async () => {
  /** @type {any[]} */
  const kept = [];
  const { reconnecting, socket, shown } = await inTea({ keep: async (/** @type {any} */ change) => kept.push(change) });
  reconnecting.say({ id: "a", room: "tea", text: "one" });
  reconnecting.say({ id: "b", uid: 2, text: "x", kind: "action" });
  await settled();
  assert.deepEqual(socket.take()[1], { type: "whisper", uid: 2, text: "x", kind: "action", n: 2 });
  await socket.says(message(1, { uid: 1, n: 1 }), { type: "error", code: "offline", message: "No.", n: 2 });
  assert.deepEqual(kept[kept.length - 1].gone, [1, 2]);
  const [back, refusal] = shown.slice(-2);
  assert.equal(back.own, "a");
  assert.deepEqual([refusal.type, refusal.id, refusal.code, refusal.uid, refusal.kind], ["refusal", "b", "offline", 2, "action"]);
});

test("a lost connection is made again, and what was not handled is sent again", async () => {
  const { reconnecting, outside, socket, shown, statuses } = await inTea();
  reconnecting.say({ room: "tea", text: "one" });
  await settled();
  await socket.says(message(1));
  await socket.ends();
  const { phase, sentence, retryAt } = statuses[statuses.length - 1];
  assert.deepEqual(phase, "offline");
  assert.equal(sentence, "The connection to the server is lost. Trying again; what you type is kept.");
  assert.equal(retryAt, 100);
  reconnecting.say({ room: "tea", text: "two" });
  await outside.passes(100);
  const again = await outside.opens();
  const [hello] = again.take();
  assert.deepEqual([hello.token, hello.epoch, hello.rooms], ["t", "e", { tea: 1 }]);
  await again.says(WELCOME, { ...JOINED, last_seq: 2 }, message(1), message(2), CAUGHT_UP);
  assert.deepEqual(again.take().map(({ text, type }) => text ?? type), ["one", "two", "ping"]);
  assert.deepEqual(shown.filter(({ type }) => type === "message").map(({ seq }) => seq), [1, 2], "each once");
  assert.deepEqual(statuses.slice(-2).map((one) => [one.phase, one.sentence]), [
    ["offline", "Trying to connect again."],
    ["online", "The connection is back."],
  ]);
  await again.ends();
  assert.equal(statuses[statuses.length - 1].retryAt, outside.time + 100, "pauses begin anew");
});

test("pauses grow to ten seconds, and there are never two connections", async () => {
  const { outside, socket } = await inTea();
  await socket.ends();
  /** @type {number[]} */
  const pauses = [];
  for (let i = 0; i < 9; i += 1) {
    const [before, count] = [outside.time, outside.sockets.length];
    while (outside.sockets.length === count) await outside.passes(50);
    pauses.push(outside.time - before);
    assert.equal(outside.open.length, 1);
    await outside.socket.ends();
  }
  assert.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});

test("a connection that was of use is not waited for, however short it was", async () => {
  const { outside, socket } = await inTea();
  await socket.ends();
  /** @type {number[]} */
  const pauses = [];
  for (let seq = 1; seq < 4; seq += 1) {
    const [before, count] = [outside.time, outside.sockets.length];
    while (outside.sockets.length === count) await outside.passes(50);
    pauses.push(outside.time - before);
    await outside.opens();
    await outside.socket.says(WELCOME, { ...JOINED, last_seq: 9 }, message(seq));
    await outside.socket.ends();
  }
  assert.deepEqual(pauses, [100, 100, 100]);
});

test("whoever looks, or has a network again, does not wait", async () => {
  const { reconnecting, outside, socket } = await inTea();
  await socket.ends();
  reconnecting.retry();
  reconnecting.retry();
  assert.deepEqual([outside.sockets.length, outside.open.length], [2, 1]);
  await outside.passes(5_000);
  assert.equal(outside.sockets.length, 2, "the timer of before makes no other");
  const again = await outside.opens();
  await again.says(WELCOME, CAUGHT_UP);
  again.take();
  reconnecting.retry();
  assert.deepEqual(again.take(), [{ type: "ping" }], "is it still there?");
  await outside.passes(10_000);
  assert.ok(again.isClosed, "it is not");
});

test("a silent server is asked whether it is there, a sleeping machine asks when it wakes", async () => {
  const { outside, socket, phase } = await inTea();
  await outside.passes(25_000);
  assert.deepEqual(socket.take(), []);
  await outside.passes(5_000);
  assert.deepEqual(socket.take(), [{ type: "ping" }]);
  await socket.says({ type: "pong" });
  await outside.passes(20_000);
  assert.deepEqual([phase(), socket.take()], ["online", []]);
  await outside.sleeps(3_600_000);
  assert.deepEqual(socket.take(), [{ type: "ping" }]);
  await outside.passes(5_000);
  assert.ok(socket.isClosed);
  assert.equal(phase(), "offline");
});

for (const code of ["replaced", "logged_out", "shut_out"]) {
  test(`there is no use in coming back from ${code}`, async () => {
    const { reconnecting, outside, socket, statuses, shown } = await inTea();
    await socket.says({ type: "error", code, message: "So it is." }, message(1));
    assert.equal(shown[shown.length - 1].type, "joined", "what comes behind it is nobody's");
    await socket.ends(true);
    await outside.passes(60_000);
    reconnecting.retry();
    assert.deepEqual(statuses[statuses.length - 1], { phase: "ended", sentence: "So it is.", code });
    assert.equal(outside.sockets.length, 1);
  });
}

for (const [code, account, isEnd] of /** @type {[string, boolean, boolean][]} */ ([
  ["account_needed", false, true],
  ["name_taken", false, true],
  ["unknown_token", true, true],
  ["unknown_token", false, false],
  ["server_full", false, false],
  ["log_unreadable", false, false],
])) {
  test(`coming back to ${code}, ${account ? "with an account" : "as a guest"}`, async () => {
    const { outside, socket, phase } = await inTea({ session: ann({ password: account ? "secret 123" : undefined }) });
    if (account) await socket.says({ ...WELCOME, account });
    await socket.ends();
    await outside.passes(100);
    const again = await outside.opens();
    again.take();
    await again.says({ type: "error", code, message: "No." });
    assert.equal(phase(), isEnd ? "ended" : "offline");
    if (code === "unknown_token" && !isEnd) {
      assert.deepEqual([again.take()[0].name, again.isClosed], ["ann", false], "as somebody new");
    } else {
      assert.ok(again.isClosed);
    }
  });
}

test("a question is asked again over the next connection, and answered", async () => {
  const { reconnecting, outside, socket, shown } = await inTea();
  const answer = reconnecting.ask({ type: "who" });
  const refused = assert.rejects(reconnecting.ask({ type: "dial", uid: 7 }), { code: "no_such_client" });
  await settled();
  const [who, dial] = socket.take();
  await socket.says({ type: "error", code: "no_such_client", message: "No.", re: dial.id });
  await refused;
  await socket.ends();
  await assert.rejects(reconnecting.ask({ type: "rooms" }), { code: "offline_now" });
  await outside.passes(100);
  const again = await outside.opens();
  await again.says(WELCOME, CAUGHT_UP);
  assert.deepEqual(again.take().slice(-1), [who], "behind all that is said");
  await again.says({ type: "who", clients: [], clients_total: 0, re: who.id });
  assert.equal((await answer).type, "who");
  assert.equal(shown[shown.length - 1].type, "who", "it is among the events, too");
});

test("a question without an answer ends after half a minute", async () => {
  const { reconnecting, outside, socket } = await inTea();
  const late = assert.rejects(reconnecting.ask({ type: "who" }), { code: "no_answer" });
  for (let i = 0; i < 10; i += 1) {
    await outside.passes(3_000);
    await socket.says({ type: "pong" });
  }
  await late;
});

test("a room is left behind the last word in it", async () => {
  const { reconnecting, socket } = await inTea();
  reconnecting.say({ room: "tea", text: "bye" });
  const left = reconnecting.ask({ type: "leave", room: "Tea" });
  await settled();
  assert.deepEqual(socket.take().map(({ type }) => type), ["say"]);
  await socket.says(message(1, { uid: 1, n: 1 }));
  const [leave] = socket.take();
  await socket.says({ type: "left", room: "tea", re: leave.id });
  assert.equal((await left).type, "left");
});

test("a server that can't store it is given a second", async () => {
  const { reconnecting, outside, socket } = await inTea();
  reconnecting.say({ room: "tea", text: "one" });
  await settled();
  socket.take();
  await socket.says({ type: "error", code: "storage_unavailable", message: "Full.", n: 1 });
  reconnecting.say({ room: "tea", text: "two" });
  await settled();
  assert.deepEqual(socket.take(), []);
  await outside.passes(1_000);
  assert.deepEqual(socket.take().map(({ n }) => n), [1, 2]);
});

test("what can't be kept is not sent, and that is the end", async () => {
  let isFull = false;
  const keep = async () => {
    if (isFull) throw new Error("quota");
  };
  const { reconnecting, outside, socket, shown, statuses } = await inTea({ keep });
  const count = shown.length;
  isFull = true;
  reconnecting.say({ room: "tea", text: "one" });
  await socket.says(message(1));
  assert.deepEqual([socket.take(), shown.length, outside.open.length], [[], count, 0]);
  const { phase, code, sentence } = statuses[statuses.length - 1];
  assert.deepEqual([phase, code], ["ended", "not_kept"]);
  assert.match(sentence, /quota/);
});

test("whoever is told and fails keeps nothing from being sent", (_, done) => {
  const session = ann();
  const outside = new Outside();
  const status = (/** @type {{phase: string}} */ { phase }) => {
    if (phase === "online") throw new Error("mine");
  };
  process.setUncaughtExceptionCaptureCallback(async () => {
    process.setUncaughtExceptionCaptureCallback(null);
    reconnecting.say({ room: "tea", text: "one" });
    await settled();
    assert.equal(outside.socket.take().at(-1).text, "one");
    done();
  });
  const reconnecting = new Reconnecting({ session, keep: async () => {}, status, outside });
  reconnecting.retry();
  outside.opens().then((socket) => socket.says(WELCOME, CAUGHT_UP));
});

test("what is no line of roomchat ends the connection, not the page", async () => {
  for (const data of ["{", "[]", "null", '{"type": 7}', '{"type": "joined"}']) {
    const { outside, socket, phase } = await inTea();
    socket.onmessage({ data: `${data}\n` });
    await settled();
    assert.deepEqual([socket.isClosed, phase()], [true, "offline"], data);
    await outside.passes(100);
    assert.equal(outside.open.length, 1);
  }
});

test("to log out is said to the server, and the last of it", async () => {
  const { reconnecting, outside, socket, phase } = await inTea({ session: ann({ password: "secret 123" }) });
  await socket.says({ ...WELCOME, account: true });
  const out = reconnecting.logout();
  await settled();
  const { type, id } = socket.take().slice(-1)[0];
  assert.equal(type, "logout");
  await socket.says({ type: "logged_out", devices: [1], re: id });
  await out;
  assert.deepEqual([phase(), outside.open.length], ["ended", 0]);
  assert.equal(reconnecting.session.token, null);
});

test("rooms are named in their order, whatever they are called", () => {
  const rooms = new Map([["tea", 3], ["7", 0], ["__proto__", 1], ["ａ\"b", 2]]);
  const line = encode({ type: "hello", protocol: 1, rooms });
  assert.equal(line, '{"type":"hello","protocol":1,"rooms":{"tea":3,"7":0,"__proto__":1,"ａ\\"b":2}}');
  assert.equal(encode({ type: "hello", rooms: new Map() }), '{"type":"hello","rooms":{}}');
  assert.equal(encode({ type: "ping", id: undefined }), '{"type":"ping"}');
});

test("more than can be kept at a time ends the connection, and brings back none that has ended for good", async () => {
  for (const isOver of [false, true]) {
    const { reconnecting, outside, socket, phase } = await inTea();
    const many = Array.from({ length: 20_001 }, (_, i) => message(i + 1));
    const last = isOver ? [{ type: "error", code: "logged_out", message: "So it is." }] : [];
    await socket.says(...many, ...last);
    assert.equal(socket.isClosed, true);
    await outside.passes(60_000);
    assert.deepEqual([phase(), outside.open.length], isOver ? ["ended", 0] : ["offline", 1]);
    await reconnecting.close();
  }
});
