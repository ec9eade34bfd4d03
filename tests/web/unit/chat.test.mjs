import assert from "node:assert/strict";
import { test } from "node:test";

import { Chat } from "../../../roomchat/web/model/chat.js";

const ANN = { uid: 1, name: "ann" };
const BOB = { uid: 2, name: "bob" };
const CAT = { uid: 3, name: "cat" };
const LIMITS = { text: 8192, name: 32, line: 65536, rooms: 100 };

const welcome = (more = {}) => ({
  ...{ type: "welcome", ...ANN, token: "", epoch: "e", last_n: 0, server: "roomchat", clients: [ANN, BOB] },
  ...{ clients_total: 2, rooms: [{ room: "tea", members_total: 1, last_seq: 9 }], rooms_total: 1, limits: LIMITS },
  ...{ lobby: "lobby", ...more },
});
const joined = (/** @type {string} */ room, more = {}) => ({
  ...{ type: "joined", room, members: [ANN, BOB], members_total: 2, last_seq: 0, ...more },
});
let seqs = 100;
const message = (/** @type {string} */ room, more = {}) => ({
  ...{ type: "message", room, seq: (seqs += 1), ...BOB, ts: "2026-01-01T00:00:00.000Z", text: "hi", ...more },
});
const deed = (/** @type {string} */ type, /** @type {any} */ whom, more = {}) => ({
  ...{ type, room: "tea", seq: (seqs += 1), ...BOB, ts: "2026-01-01T00:00:00.000Z" },
  ...{ whom: whom.uid, whom_name: whom.name, ...more },
});

/** A chat that knows these events. */
function chatOf(/** @type {any[]} */ ...events) {
  const chat = new Chat();
  for (const event of [welcome(), ...events]) chat.take(event);
  return chat;
}

/** A room of it. */
function room(/** @type {Chat} */ chat, key = "tea") {
  const found = chat.rooms.get(key);
  assert.ok(found);
  return found;
}

const counts = (/** @type {Chat} */ chat, key = "tea") => [room(chat, key).unread, room(chat, key).mentions];

/** What it tells, from now on. */
function heard(/** @type {Chat} */ chat) {
  /** @type {string[]} */
  const whats = [];
  chat.on("change", (what) => whats.push(what));
  return whats;
}

test("a welcome says who we are, and what there is", () => {
  const chat = chatOf();
  assert.deepEqual(chat.me, { ...ANN, account: false });
  assert.deepEqual([chat.lobby, chat.limits.text, chat.clients.list.length], ["lobby", 8192, 2]);
  assert.deepEqual([chat.names.get(2), chat.names.get(9)], ["bob", undefined]);
  assert.deepEqual([...chat.heard.keys(), ...chat.rooms.keys()], ["tea"]);
});

test("what was said before we were ever here is not unread, what comes is", () => {
  const chat = chatOf(joined("tea", { last_seq: 9 }), message("tea", { seq: 8 }), message("tea", { seq: 9 }));
  assert.deepEqual(counts(chat), [0, 0]);
  assert.equal(chat.isOld({ room: "tea", seq: 9 }), true);
  chat.take(message("tea", { seq: 10 }));
  chat.take(message("tea", { seq: 12, text: "ann, look" }));
  chat.take({ type: "sticker", room: "tea", seq: 13 });
  chat.take(message("tea", { ...ANN, seq: 14, text: "ann" }));
  assert.deepEqual(counts(chat), [2, 1], "our own words and what nobody knows are no news");
  chat.take(message("tea", { seq: 12, text: "ann, look" }));
  assert.deepEqual(counts(chat), [2, 1], "each counts once");
  const late = message("tea", { ...ANN, seq: 11 });
  assert.deepEqual([chat.take(late), chat.take({ ...late, own: "a" })], [false, true], "a line is confirmed by it");
  assert.deepEqual([room(chat).lastSeq, room(chat).lastTs], [14, "2026-01-01T00:00:00.000Z"]);
});

test("on a new device all is unread that was read on no other", () => {
  const chat = chatOf(joined("tea", { last_seq: 9, read: 7 }), ...[6, 7, 8, 9].map((seq) => message("tea", { seq })));
  assert.deepEqual(counts(chat), [2, 0]);
});

test("whoever reads a room has read it, on all devices", () => {
  const said = [1, 2, 3, 4].map((seq) => message("tea", { seq, text: "ann!" }));
  const chat = chatOf(joined("tea"), ...said.slice(0, 2));
  assert.equal(chat.read("tea"), 2);
  for (const one of said.slice(2)) chat.take(one);
  assert.deepEqual(counts(chat), [2, 2]);
  for (const [read, left] of [[1, 2], [3, 1]]) { // it never goes back
    chat.take({ type: "read", room: "tea", read });
    assert.deepEqual(counts(chat), [left, left]);
  }
  assert.equal(chat.read("tea"), 4);
  assert.deepEqual([counts(chat), chat.read("tea"), chat.read("none")], [[0, 0], null, null]);
});

test("who is blocked counts nowhere, and does again when not", () => {
  const chat = chatOf(joined("tea"), message("tea", { text: "ann" }), message("tea", CAT), message("tea", CAT));
  chat.take({ type: "blocked", uid: 3 });
  assert.deepEqual(counts(chat), [1, 1]);
  assert.ok(chat.hides(message("tea", CAT)) && !chat.hides(message("tea")));
  assert.ok(!chat.hides({ ...deed("kicked", BOB), ...CAT }), "what a moderator does concerns everyone");
  chat.take({ type: "unblocked", uid: 3 });
  assert.deepEqual(counts(chat), [3, 1]);
});

test("words that are deleted need not be read", () => {
  const chat = chatOf(joined("tea"), message("tea", { seq: 1, text: "ann" }), message("tea", { seq: 2 }));
  chat.take({ ...message("tea", { seq: 3 }), type: "deleted", of: 1 });
  assert.deepEqual(counts(chat), [1, 0]);
});

test("where one looks, a mark stands behind what was read", () => {
  const chat = chatOf(joined("tea"), joined("cake"), message("tea", { seq: 1 }));
  chat.read("tea");
  chat.take(message("tea", { seq: 2 }));
  chat.look("tea");
  assert.deepEqual([chat.current, room(chat).mark], ["tea", 1]);
  chat.read("tea");
  assert.equal(room(chat).mark, 1, "it stays while one looks");
  chat.look("cake");
  chat.look("tea");
  assert.equal(room(chat).mark, 0);
  chat.isWatched = false;
  chat.take(message("tea", { seq: 3 }));
  chat.take(message("tea", { seq: 4 }));
  assert.equal(room(chat).mark, 2, "nobody was there to see it");
  chat.take({ type: "read", room: "tea", read: 3 });
  assert.equal(room(chat).mark, 3, "but on another device");
  chat.look("nowhere");
  assert.equal(chat.current, "tea");
});

test("people come, go, and are away", () => {
  const chat = chatOf(joined("tea"));
  const about = (/** @type {string} */ type, who = CAT, more = {}) => chat.take({ type, room: "tea", ...who, ...more });
  assert.equal(about("member_joined"), true);
  assert.deepEqual([room(chat).membersTotal, room(chat).members.get(3)], [3, { ...CAT, away: false }]);
  about("away");
  assert.equal(room(chat).members.get(3)?.away, true);
  assert.deepEqual([about("back"), about("back")], [true, false], "once is news");
  about("member_left", CAT, { reason: "left" });
  assert.deepEqual([room(chat).membersTotal, room(chat).members.has(3)], [2, false]);
  chat.take({ type: "presence_summary", room: "tea", joined: 300, left: 2, members_total: 300 });
  assert.equal(room(chat).membersTotal, 300);
  chat.take({ type: "who", room: "tea", clients: [ANN, { ...CAT, away: true }], clients_total: 2, owner: 3 });
  assert.deepEqual([[...room(chat).members.keys()], room(chat).roles.get(3)], [[1, 3], "owner"]);
  chat.take({ type: "who", room: "tea", clients: [{ uid: 9, name: "zoe" }], clients_total: 150, re: 1 });
  assert.deepEqual([room(chat).members.size, room(chat).membersTotal], [3, 150], "a page of them");
  chat.take({ type: "who", room: "tea", clients: [BOB, { uid: 8, name: "yve" }], clients_total: 150, re: 1 });
  assert.deepEqual([...room(chat).members.keys()], [1, 9, 2, 8], "who is not on the page has gone");
});

test("a new name is one everywhere", () => {
  const chat = chatOf(joined("tea"), joined("@1-2", { by: 2 }));
  assert.equal(room(chat, "@1-2").name, "bob");
  chat.take({ type: "renamed", uid: 2, old: "bob", name: "Robert" });
  chat.take({ type: "renamed", uid: 1, old: "ann", name: "Anna" });
  assert.deepEqual([chat.me.name, room(chat).members.get(2)?.name, room(chat, "@1-2").name], ["Anna", "Robert", "Robert"]);
  assert.deepEqual([chat.meant("bob"), chat.meant("@robert"), chat.meant("2"), chat.meant("zoe")], [[], [2], [2], []]);
});

test("who may be meant: one who is here goes before one who was", () => {
  const chat = chatOf(joined("tea"), message("tea", { uid: 8, name: "cat" }));
  assert.deepEqual(chat.meant("cat"), [8]);
  chat.take({ type: "member_joined", room: "tea", ...CAT });
  assert.deepEqual(chat.meant("CAT"), [3]);
  chat.take(message("tea", { uid: 9, name: "7" }));
  assert.deepEqual([chat.meant("7"), chat.meant("@7")], [[7, 9], [7, 9]]);
});

test("people of a room come first, then by name", () => {
  const chat = chatOf(joined("tea", { members: [ANN, { ...CAT, away: true }, { uid: 8, name: "Zoe" }] }));
  assert.deepEqual(chat.people("tea").map(({ name }) => name), ["Zoe", "bob", "cat"]);
  assert.deepEqual(chat.people(null).map(({ name }) => name), ["bob", "cat", "Zoe"]);
});

test("a room of two is the other one's, who may be offline", () => {
  const chat = chatOf(joined("@1-2", { members: [ANN], members_total: 1, last_seq: 3 }), message("@1-2", { seq: 3 }));
  const pair = room(chat, "@1-2");
  assert.deepEqual(pair.other, { ...BOB, offline: true });
  assert.deepEqual([pair.isPair, counts(chat, "@1-2")], [true, [1, 1]], "a whisper is for this person, and waits");
  assert.equal(chat.lastWhisperer, 2);
  chat.take({ type: "back", room: "@1-2", ...BOB });
  assert.equal(pair.other?.offline, false);
});

test("whispers that were closed come back when something is said there", () => {
  const chat = chatOf(joined("tea"), joined("@1-2"), message("@1-2"));
  chat.read("@1-2");
  chat.look("tea");
  chat.look("@1-2");
  chat.close("@1-2");
  chat.close("tea");
  assert.deepEqual([chat.current, [...chat.rooms.keys()]], ["tea", ["tea"]]);
  chat.take(welcome());
  chat.take(joined("@1-2"));
  assert.ok(!chat.rooms.has("@1-2"));
  chat.take({ type: "blocked", uid: 2 });
  chat.take(message("@1-2"));
  assert.ok(!chat.rooms.has("@1-2"));
  chat.take({ type: "unblocked", uid: 2 });
  chat.take(message("@1-2"));
  assert.ok(chat.rooms.has("@1-2"));
  chat.close("@1-2");
  chat.look("@1-2");
  assert.equal(chat.current, "@1-2");
});

test("a dial calls; of somebody who is blocked it does not", () => {
  const chat = chatOf({ type: "blocked", uid: 3 });
  /** @type {any[]} */
  const calls = [];
  chat.on("call", ({ room }) => calls.push(room));
  chat.take(joined("r1", { by: 2 }));
  chat.take(joined("r2", { by: 1, re: 4 }));
  chat.take(joined("r3", { by: 3 }));
  chat.take(joined("@1-3", { by: 3, members: [ANN, CAT] }));
  chat.take(joined("@1-2", { by: 2 }));
  assert.deepEqual(calls, ["r1", "@1-2"]);
  assert.deepEqual([...chat.rooms.keys()], ["r1", "r2", "r3", "@1-2"]);
});

test("by whom one was dialled stands at the room until one looks there, and what is told again does not call", () => {
  const chat = chatOf(joined("tea"));
  chat.look("tea");
  let calls = 0;
  chat.on("call", () => calls++);
  const dialled = () => [...chat.rooms.values()].map(({ dialledBy }) => dialledBy);
  chat.take(joined("r1", { by: 2 }));
  assert.deepEqual([dialled(), calls], [[0, 2], 1]);
  chat.look("r1");
  assert.deepEqual(dialled(), [0, 0]);
  chat.look("tea");
  chat.take(joined("r1", { by: 2 }), true);
  assert.deepEqual([dialled(), calls], [[0, 0], 1]);
});

test("who is put out is told by whom", () => {
  const chat = chatOf(joined("cake"), joined("tea"));
  chat.look("cake");
  chat.look("tea");
  chat.take(deed("kicked", ANN, { reason: "caps" }));
  chat.take({ type: "left", room: "tea", reason: "kicked" });
  assert.deepEqual([chat.current, chat.putOut?.uid, chat.putOut?.reason], ["cake", 2, "caps"]);
  chat.take({ type: "left", room: "cake", reason: "removed" });
  assert.deepEqual([chat.current, chat.rooms.size], [null, 0]);
});

test("roles, and what they permit", () => {
  const chat = chatOf(joined("tea", { topic: "Cakes" }));
  const may = (/** @type {string[]} */ ...deeds) => deeds.filter((one) => chat.may("tea", one, 2));
  const all = ["kick", "ban", "mute", "promote", "demote", "owner", "delete", "invite"];
  assert.deepEqual([room(chat).topic, room(chat).role, may(...all)], ["Cakes", "", []]);
  assert.ok(chat.may("tea", "delete", 1) && !chat.may("tea", "topic"));
  chat.take(deed("promoted", ANN));
  chat.take({ ...message("tea"), type: "topic", topic: "Tea" });
  assert.deepEqual([room(chat).topic, room(chat).role], ["Tea", "moderator"]);
  assert.deepEqual(may(...all), ["kick", "ban", "mute", "delete"]);
  assert.ok(chat.may("tea", "topic") && chat.may("tea", "demote", 1) && !chat.may("tea", "kick", 1));
  chat.take(deed("promoted", BOB));
  assert.deepEqual(may(...all), []);
  chat.take(deed("owner", ANN, { ...ANN }));
  assert.deepEqual(may(...all), ["kick", "ban", "mute", "demote", "owner", "delete"]);
  chat.take(deed("owner", BOB, { ...ANN }));
  assert.deepEqual([room(chat).role, room(chat).roles.get(2)], ["moderator", "owner"]);
  chat.take(deed("demoted", ANN));
  assert.equal(room(chat).role, "");
  chat.take({ type: "rules", room: "tea", owner: ANN, moderators: [CAT] });
  assert.deepEqual([...room(chat).roles], [[3, "moderator"], [1, "owner"]]);
});

test("a private room is told by its name, and one is asked into it once", () => {
  const chat = chatOf();
  const invited = { type: "invited", room: "+2/plans", ...BOB, whom: 1, whom_name: "ann" };
  assert.deepEqual([chat.take(invited), chat.take(invited)], [true, false]);
  assert.equal(chat.invited.get("+2/plans")?.uid, 2);
  chat.take(joined("+2/plans", { role: "moderator" }));
  const plans = room(chat, "+2/plans");
  assert.deepEqual([plans.name, plans.isPrivate, plans.founder, plans.isPair], ["plans", true, 2, false]);
  assert.ok(chat.may("+2/plans", "invite") && !chat.invited.size);
});

test("what comes again when the connection is back is no news", () => {
  const chat = chatOf(joined("tea", { last_seq: 5 }), message("tea", { seq: 6 }));
  assert.equal(chat.take(welcome()), false);
  assert.equal(chat.take(joined("tea", { last_seq: 8, members: [ANN, CAT] })), false);
  assert.deepEqual([chat.isOld({ room: "tea", seq: 7 }), [...room(chat).members.keys()]], [false, [1, 3]]);
  chat.take(message("tea", { seq: 7 }));
  assert.deepEqual(counts(chat), [2, 0]);
  chat.take(welcome());
  assert.equal(chat.take(joined("tea", { last_seq: 8, re: 3 })), false, "nor is the answer to a join");
  chat.take(joined("tea", { last_seq: 6, re: 4 }));
  assert.deepEqual([counts(chat), room(chat).lastSeq], [[2, 0], 8], "an answer may come behind what is newer");
  chat.take(welcome());
  assert.equal(chat.take(joined("tea", { last_seq: 6, isCut: true })), true, "but that some of it is lost is news");
  assert.deepEqual(counts(chat), [1, 0], "the server has lost the end of its log");
  chat.take(message("tea", { seq: 7 }));
  assert.deepEqual(counts(chat), [2, 0]);
  assert.equal(chat.take(joined("tea", { last_seq: 7, by: 2 })), true, "and to be dialled");
});

test("in another log all is forgotten", () => {
  const chat = chatOf(joined("tea"), message("tea"), joined("@1-2"));
  chat.look("tea");
  assert.equal(chat.take(welcome({ epoch: "f", clients: [] })), true);
  assert.deepEqual([chat.rooms.size, chat.current, [...chat.names]], [0, null, [[1, "ann"]]]);
});

test("whoever shows it is told what has changed", () => {
  const chat = chatOf(joined("tea"));
  const whats = heard(chat);
  const told = () => whats.splice(0).sort();
  chat.take(message("tea"));
  assert.deepEqual(told(), ["room:tea", "rooms"]);
  chat.look("tea");
  assert.deepEqual(told(), ["current", "rooms"]);
  chat.read("tea");
  assert.deepEqual(told(), ["room:tea", "rooms"]);
  chat.read("tea");
  chat.look("tea");
  chat.take({ type: "pong" });
  assert.deepEqual(told(), []);
  chat.take({ type: "registered", ...ANN });
  assert.deepEqual([told(), chat.me.account], [["me"], true]);
  chat.take({ type: "left", room: "tea" });
  assert.deepEqual(told(), ["current", "room:tea", "rooms"]);
});

test("a new tab begins with a plain copy, and goes on alike", () => {
  const chat = chatOf(joined("tea"), message("tea", { text: "ann" }), joined("@1-2"), joined("@1-3", { members: [ANN, CAT] }));
  chat.take({ type: "blocked", uid: 9 });
  chat.look("tea");
  chat.close("@1-3");
  const plain = structuredClone(chat.snapshot());
  const other = chatOf(joined("cake"));
  other.restore(plain);
  assert.deepEqual(structuredClone(other.snapshot()), plain);
  for (const event of [message("tea"), message("@1-3", CAT), { type: "left", room: "tea" }, welcome()]) {
    assert.equal(chat.take(event), other.take(event));
    assert.deepEqual(other.snapshot(), chat.snapshot());
  }
  assert.deepEqual([other.current, other.blocked.has(9), other.rooms.get("@1-3")?.name], [null, false, "cat"]);
});

test("of very many unread there are a thousand", () => {
  const chat = chatOf(joined("tea"));
  for (let i = 0; i < 1100; i += 1) chat.take(message("tea"));
  assert.deepEqual(counts(chat), [1000, 0]);
});

test("whatever happens, what is counted is what nobody has read of others who are not blocked", () => {
  let state = 7;
  const upto = (/** @type {number} */ most) => (state = (state * 16807) % 2147483647) % most; // the same in each run
  for (let run = 0; run < 50; run += 1) {
    let chat = chatOf(joined("tea"));
    let [read, seq] = [0, 0];
    /** @type {Set<number>} */
    const blocked = new Set();
    /** @type {{seq: number, uid: number, text: string}[]} */
    let said = [];
    for (let step = 0; step < 60; step += 1) {
      const uid = 1 + upto(3), what = upto(8), at = upto(seq + 1);
      if (what < 3) {
        said.push({ seq: (seq += 1 + upto(2)), uid, text: upto(2) ? "ann?" : "hi" });
        chat.take(message("tea", said[said.length - 1]));
      } else if (what === 3) {
        read = Math.max(read, chat.read("tea") ?? 0);
      } else if (what === 4) {
        chat.take({ type: "read", room: "tea", read: at });
        read = Math.max(read, at);
      } else if (what === 5) {
        if (upto(2)) blocked.add(uid);
        else blocked.delete(uid);
        chat.take({ type: blocked.has(uid) ? "blocked" : "unblocked", uid });
      } else if (what === 6) {
        said = said.filter((one) => one.seq !== at);
        chat.take({ ...message("tea", { seq: (seq += 1) }), type: "deleted", of: at });
      } else {
        const other = new Chat();
        other.restore(chat.snapshot());
        chat = other;
      }
      const unread = said.filter((one) => one.seq > read && one.uid !== 1 && !blocked.has(one.uid));
      const wanted = unread.filter(({ text }) => text.includes("ann")).length;
      assert.deepEqual(counts(chat), [unread.length, wanted]);
    }
  }
});
