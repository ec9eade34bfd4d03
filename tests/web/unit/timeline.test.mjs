import assert from "node:assert/strict";
import { test } from "node:test";
import { comingsWords, withComing } from "../../../roomchat/web/model/comings.js";
import { Past } from "../../../roomchat/web/model/past.js";
import { rowsOf } from "../../../roomchat/web/model/rows.js";
import { LONGEST_RUN, NEWEST, Timeline } from "../../../roomchat/web/model/timeline.js";
import { Timelines } from "../../../roomchat/web/model/timelines.js";
import { random } from "./random.mjs";

const START = Date.UTC(2026, 2, 1, 12); // noon: some minutes later it is the same day in most zones
const NAMES = { 1: "ann", 2: "bob", 3: "cleo" };

const message = (seq, uid = 2, text = `text ${seq}`, minutes = seq) => ({
  type: "message", room: "tea", seq, uid, name: NAMES[uid], text, ts: new Date(START + minutes * 60_000).toISOString(),
});
const messages = (from, to) => Array.from({ length: to - from }, (_, index) => message(from + index));
const line = (id, text = id) => ({ id, room: "tea", text, at: START });

/** The rows of a timeline as short texts. */
function shown(timeline, look = {}) {
  const { start, end } = timeline.shown;
  return rowsOf(timeline, start, end, { mark: 0, me: { uid: 1, name: "ann" }, hides: () => false, ...look }).map(({ kind, item, isHead }) => {
    if (kind === "comings") return comingsWords(item);
    if (item?.kind === "entry") return `${isHead ? `${item.entry.name}: ` : ""}${item.entry.text ?? kind}`;
    return item?.line ? `${item.kind} ${item.line.text}` : item?.lines?.join() ?? kind;
  });
}

/** The seqs of a run, which rise. */
const seqs = (run) => run.items.filter(({ kind }) => kind === "entry").map(({ entry }) => entry.seq);

test("words of one person stand together for five minutes, if nothing is between", () => {
  const timeline = new Timeline();
  timeline.load([message(1, 2, "a", 0), message(2, 2, "b", 4), message(3, 2, "c", 10), message(4, 3, "d", 11)]);
  assert.deepEqual(shown(timeline), ["bob: a", "b", "bob: c", "cleo: d"]);
  timeline.take({ ...message(5, 3, "waves", 12), type: "action" });
  timeline.take(message(6, 3, "e", 12));
  assert.deepEqual(shown(timeline).slice(4), ["cleo: waves", "cleo: e"]);
});

test("another day, and another name, begin anew", () => {
  const timeline = new Timeline();
  timeline.load([message(1, 2, "a", 0), message(2, 2, "b", 24 * 60), { ...message(3, 2, "c", 24 * 60), name: "robert" }]);
  assert.deepEqual(shown(timeline), ["bob: a", "bob: b", "robert: c"]);
  const { start, end } = timeline.live;
  assert.equal(new Set(rowsOf(timeline, start, end, { mark: 0, me: { uid: 1, name: "ann" }, hides: () => false }).map(({ day }) => day)).size, 2);
});

test("an unknown kind of entry is passed over, and has its place all the same", () => {
  const timeline = new Timeline();
  timeline.take(message(1));
  timeline.take({ type: "reaction", room: "tea", seq: 2, uid: 2, name: "bob", ts: "", of: 1 });
  assert.deepEqual(shown(timeline), ["bob: text 1"]);
  assert.equal(timeline.live.lastSeq, 2);
});

test("what was deleted becomes a tombstone in its place", () => {
  const timeline = new Timeline();
  timeline.load([message(1), message(2)]);
  timeline.take({ type: "deleted", room: "tea", seq: 3, uid: 2, name: "bob", ts: "", of: 1 });
  assert.deepEqual(shown(timeline), ["bob: tombstone", "text 2"]);
  assert.ok(!JSON.stringify(timeline.live.items).includes("text 1"));
});

test("a line waits behind all, becomes its entry with the same key, and is said once", () => {
  const timeline = new Timeline();
  timeline.take(message(1));
  timeline.say(line("a"));
  timeline.say(line("b"));
  timeline.say(line("a"));
  timeline.take(message(2, 3));
  assert.deepEqual(shown(timeline), ["bob: text 1", "cleo: text 2", "waiting a", "waiting b"]);
  const key = timeline.waiting[0].key;
  timeline.take({ ...message(3, 1, "a"), own: "a" });
  assert.deepEqual(shown(timeline), ["bob: text 1", "cleo: text 2", "ann: a", "waiting b"]);
  assert.equal(timeline.live.items.at(-1).key, key);
  timeline.refuse(line("b"), "You are muted.");
  timeline.take(message(4, 3));
  assert.deepEqual(shown(timeline).slice(2), ["ann: a", "refused b", "cleo: text 4"]);
  timeline.drop("b");
  assert.deepEqual(shown(timeline).slice(2), ["ann: a", "cleo: text 4"]);
});

test("an entry that was found later goes where it belongs; twice it is here once", () => {
  const timeline = new Timeline();
  timeline.load([message(1), message(5)]);
  timeline.take(message(3));
  timeline.take(message(5));
  assert.deepEqual(seqs(timeline.live), [1, 3, 5]);
});

test("new since stands behind the mark, if what is before it is here", () => {
  const timeline = new Timeline();
  timeline.load(messages(3, 6));
  assert.deepEqual(shown(timeline, { mark: 4 }), ["bob: text 3", "text 4", "new", "bob: text 5"]);
  assert.deepEqual(shown(timeline, { mark: 2 }).length, 3);
  assert.deepEqual(shown(timeline, { mark: 5 }).length, 3);
});

test("of who is blocked nothing is seen, until they are not", () => {
  const timeline = new Timeline();
  timeline.load([message(1, 2), message(2, 3), message(3, 2)]);
  assert.deepEqual(shown(timeline, { hides: ({ uid }) => uid === 3 }), ["bob: text 1", "text 3"]);
  assert.equal(shown(timeline).length, 3);
});

test("comings and goings are withComing into one line", () => {
  const fold = (...events) => events.reduce((last, event) => withComing(last, event, "k", START), null);
  const did = (type, uid, more = {}) => ({ type, room: "tea", uid, name: NAMES[uid] ?? `p${uid}`, ...more });
  const left = (uid) => did("member_left", uid, { reason: "left" });
  assert.equal(comingsWords(fold(did("member_joined", 1))), "ann (1) came in.");
  assert.equal(comingsWords(fold(did("member_joined", 1), did("member_joined", 2))), "ann and bob came in.");
  const many = [1, 2, 3, 4, 5].map((uid) => did("member_joined", uid));
  assert.equal(comingsWords(fold(...many)), "ann, bob, cleo and 2 others came in.");
  assert.equal(comingsWords(fold(...many.slice(0, 4))), "ann, bob, cleo and p4 came in.");
  assert.equal(comingsWords(fold(did("member_joined", 1), left(2), left(1))), "ann came in and left. bob left.");
  assert.equal(comingsWords(fold(left(2), did("member_joined", 2))), "bob left and came back.");
  assert.equal(comingsWords(fold(did("away", 2), did("back", 2))), "");
  const crowd = { type: "presence_summary", joined: 3, left: 1, members_total: 300 };
  assert.equal(comingsWords(fold(crowd, { ...crowd, members_total: 302 })), "6 joined, 2 left; 302 are here now.");
});

test("only what comes right behind each other is withComing", () => {
  const timeline = new Timeline();
  const came = (uid) => ({ type: "member_joined", room: "tea", uid, name: NAMES[uid] });
  timeline.come(came(1));
  timeline.come(came(2));
  timeline.take(message(1));
  timeline.come(came(3));
  assert.deepEqual(shown(timeline), ["ann and bob came in.", "bob: text 1", "cleo (3) came in."]);
});

/** A log, as the engine hands its pages out. */
function source(log) {
  return {
    asked: 0,
    async past(room, before, limit, after) {
      this.asked += 1;
      const entries = log.filter(({ seq }) => (after === undefined ? seq < (before ?? Infinity) : seq > after));
      const page = after === undefined ? entries.slice(-limit) : entries.slice(0, limit);
      return { entries: page, more: entries.length > page.length };
    },
  };
}

test("from the newest to the first and back nothing is missing, and little is kept", async () => {
  const log = messages(1, 5001), timeline = new Timeline(), past = new Past(source(log));
  timeline.load(log.slice(-200));
  const seen = new Set();
  const look = () => {
    const all = seqs(timeline.shown);
    assert.deepEqual(all, Array.from({ length: all.length }, (_, index) => all[0] + index));
    assert.ok(timeline.shown.items.length <= LONGEST_RUN + NEWEST && timeline.live.items.length <= LONGEST_RUN + NEWEST);
    for (const seq of all) seen.add(seq);
  };
  while (!timeline.shown.isWhole) {
    timeline.looked = timeline.shown.start;
    assert.ok(await past.older("tea", timeline));
    look();
  }
  assert.equal(timeline.shown.firstSeq, 1);
  assert.equal(seen.size, 5000);
  for (let turn = 0; timeline.past; turn += 1) {
    if (turn % 7 === 0) timeline.take(log[log.push(message(log.length + 1)) - 1]);
    timeline.looked = timeline.shown.end - 100;
    assert.ok(await past.newer("tea", timeline));
    look();
  }
  assert.equal(timeline.shown.lastSeq, log.length);
});

test("one goes to any entry, and from there to both ends", async () => {
  const log = messages(1, 2001), timeline = new Timeline(), past = new Past(source(log));
  timeline.load(log.slice(-100));
  assert.ok(await past.goTo("tea", timeline, 700));
  assert.ok(timeline.past && seqs(timeline.past).includes(700));
  assert.ok(await past.goTo("tea", timeline, 1));
  assert.ok(timeline.shown.isWhole && timeline.shown.firstSeq === 1);
  assert.ok(await past.goTo("tea", timeline, 1995));
  assert.equal(timeline.past, null);
  assert.ok(await past.goTo("tea", timeline, 1890)); // its page reaches the newest ones
  assert.equal(timeline.past, null);
  assert.deepEqual(seqs(timeline.live).at(-1), 2000);
  assert.equal(await past.goTo("tea", timeline, 2100), false);
});

test("what can't be fetched leaves all as it is, and is asked for again", async () => {
  const timeline = new Timeline(), log = source(messages(1, 300));
  const past = new Past({ past: () => Promise.reject(new Error("offline")) });
  timeline.load(messages(200, 300));
  assert.equal(await past.older("tea", timeline), false);
  assert.equal(await new Past(log).older("tea", timeline), true);
  assert.equal(timeline.shown.firstSeq, 100);
});

test("who reads far above keeps what is looked at, while much is said", () => {
  const timeline = new Timeline();
  timeline.load(messages(1, 600));
  timeline.looked = timeline.live.start + 10;
  for (const entry of messages(600, 9000)) timeline.take(entry, true);
  assert.equal(timeline.shown.firstSeq, 1);
  assert.ok(timeline.past && timeline.past.items.length <= LONGEST_RUN + 1 && timeline.live.items.length <= LONGEST_RUN + 1);
  assert.equal(timeline.heard, 8400);
  timeline.toNewest();
  assert.equal(timeline.shown.lastSeq, 8999);
});

test("whatever happens, a timeline rises, and is bounded", async () => {
  const next = random(15), log = messages(1, 900), timeline = new Timeline(), past = new Past(source(log));
  timeline.load(log.slice(-200));
  const happens = [
    () => timeline.take(log[log.push(message(log.length + 1)) - 1]),
    () => { for (let left = 100; left; left -= 1) happens[0](); },
    () => past.older("tea", timeline),
    () => past.newer("tea", timeline),
    () => past.goTo("tea", timeline, 1 + Math.floor(next() * log.length)),
    () => timeline.toNewest(),
    () => timeline.come({ type: "away", uid: 3, name: "cleo", room: "tea" }),
    () => timeline.say(line(String(next()))),
    () => timeline.tell(["told"]),
    () => timeline.clear(),
  ];
  for (let turn = 0; turn < 2000; turn += 1) {
    const { start, end } = timeline.shown;
    timeline.looked = start + Math.floor(next() * Math.max(1, end - start));
    await happens[Math.floor(next() * happens.length)]();
    for (const run of [timeline.live, timeline.past]) {
      if (!run) continue;
      const all = seqs(run);
      for (let place = 1; place < all.length; place += 1) assert.equal(all[place], all[place - 1] + 1);
      assert.ok(run.items.length <= LONGEST_RUN + NEWEST + 100, `${run.items.length}`);
    }
    if (seqs(timeline.live).length) assert.equal(timeline.live.lastSeq, log.length);
    const keys = timeline.shown.items.map(({ key }) => key);
    assert.equal(new Set(keys).size, keys.length);
  }
});

test("a room may be called as something that every object has", () => {
  const timelines = new Timelines({ me: { uid: 1, name: "ann" }, current: null, rooms: new Map() });
  for (const room of ["constructor", "__proto__", "tea"]) timelines.of(room).load(messages(1, 3));
  timelines.load(null);
  for (const room of ["constructor", "__proto__", "tea"]) assert.deepEqual(shown(timelines.of(room)), []);
});

test("events of the engine go where they belong", () => {
  const members = new Map([[2, {}]]);
  const chat = { me: { uid: 1, name: "ann" }, names: new Map([[2, "bob"]]), current: "tea", hides: () => false, isOld: () => false, isOfOthers: () => true,
    rooms: new Map([["tea", { members }], ["ops", { members: new Map() }]]) };
  const timelines = new Timelines(chat);
  const kept = { entries: { tea: messages(1, 3) }, events: [message(3), { type: "away", room: "tea", uid: 2, name: "bob" }],
    waiting: [line("w"), { id: "x", uid: 2, text: "psst", at: START }] };
  timelines.load(kept);
  assert.deepEqual(shown(timelines.of("tea")), ["bob: text 1", "text 2", "text 3", "waiting w"]);
  assert.deepEqual(shown(timelines.of("@1-2")), ["waiting psst"]);
  timelines.refused({ id: "w", code: "muted", message: "You are muted.", room: "tea", text: "w" });
  timelines.take({ type: "renamed", uid: 2, old: "bob", name: "robert" });
  timelines.take({ type: "notice", text: "The server is stopping." });
  timelines.take({ type: "gap", room: "ops", after: 3, before: 9 });
  assert.deepEqual(shown(timelines.of("tea")).slice(3), ["refused w", "bob is now called robert.",
    "Notice: The server is stopping."]);
  assert.deepEqual(shown(timelines.of("ops")), ["gap"]);
  timelines.refused({ id: "x", code: "offline", message: "UID 2 is offline.", uid: 2, text: "psst" }, true);
  assert.deepEqual(shown(timelines.of("@1-2")), ["refused psst"]);
  assert.deepEqual(shown(timelines.of("tea")).slice(6), ["Not sent: UID 2 is offline."]); // where one looks
  timelines.take({ type: "joined", room: "tea", members: [], members_total: 1, last_seq: 3 });
  assert.equal(shown(timelines.of("tea")).length, 7);
  chat.isOld = () => true;
  timelines.take({ type: "joined", room: "new", members: [], members_total: 1, last_seq: 3 });
  for (const entry of messages(1, 3)) timelines.take({ ...entry, room: "new" });
  assert.deepEqual(shown(timelines.of("new")), ["bob: text 1", "text 2", "You are in new, alone for now."]);
  timelines.said(line("q"));
  timelines.take({ type: "joined", room: "tea", members: [], members_total: 1, last_seq: 2, isCut: true }); // the log lost its end
  timelines.take({ ...message(3), text: "another third" });
  assert.deepEqual(shown(timelines.of("tea")), ["bob: another third", "waiting q"]);
  timelines.take({ type: "left", room: "new" });
  assert.deepEqual(shown(timelines.of("new")), []);
  timelines.load(null);
  assert.deepEqual(shown(timelines.of("tea")), []);
});
