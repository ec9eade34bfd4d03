import assert from "node:assert/strict";
import { test } from "node:test";

import { Storage } from "../../../roomchat/web/core/storage.js";
import { World } from "./fakes.mjs";

const texts = (/** @type {any} */ tab) => tab.entries.map((/** @type {any} */ { text }) => text);

/** A browser in which ann has come in, in one tab. */
async function inLobby(options = {}) {
  const world = new World(options.seed, options);
  const tab = world.open();
  await world.passes(1_000);
  const entered = tab.engine.enter({ name: "ann" });
  await world.passes(1_000);
  await entered;
  return { world, tab };
}

test("who comes in is in the lobby, and what is said comes back as one's own", async () => {
  const { world, tab } = await inLobby();
  assert.equal(tab.engine.status.phase, "online");
  assert.equal(tab.told.filter(({ type }) => type === "reset").length, 2);
  assert.deepEqual(world.server.sessions.get("t1").rooms, new Set(["lobby"]));
  const said = tab.engine.say({ room: "lobby", text: "hello" });
  await world.passes(1_000);
  const id = await said;
  assert.deepEqual(texts(tab), ["hello"]);
  assert.equal(tab.entries[0].own, id);
  assert.equal(tab.waiting.size, 0);
});

test("a second tab shows what the first one does, and speaks through it", async () => {
  const { world, tab } = await inLobby();
  world.server.talk("lobby", "one");
  await world.passes(1_000);
  const other = world.open();
  await world.passes(1_000);
  assert.deepEqual(texts(other), ["one"]);
  assert.equal(other.engine.status.phase, "online");
  other.engine.say({ room: "lobby", text: "two" });
  await world.passes(1_000);
  assert.deepEqual([texts(tab), texts(other)], [["one", "two"], ["one", "two"]]);
  const asked = other.engine.ask({ type: "history", room: "lobby", limit: 1 });
  await world.passes(1_000);
  assert.deepEqual((await asked).entries.map(({ text }) => text), ["two"]);
  assert.equal(world.server.links.size, 1, "one connection for both");
});

test("when the tab that leads dies, the other one goes on", async () => {
  const { world, tab } = await inLobby();
  const other = world.open();
  await world.passes(1_000);
  other.engine.say({ room: "lobby", text: "said" });
  tab.dies();
  world.server.talk("lobby", "heard");
  await world.passes(10_000);
  assert.equal(other.engine.status.phase, "online");
  assert.deepEqual(texts(other).sort(), ["heard", "said"]);
  assert.deepEqual(world.server.ended, []);
});

test("a reload is not taken for another place", async () => {
  const { world, tab } = await inLobby();
  world.server.talk("lobby", "before");
  await world.passes(1_000);
  tab.engine.sleep();
  tab.dies();
  const again = world.open();
  await world.passes(1_000);
  assert.deepEqual([again.engine.status.phase, texts(again)], ["online", ["before"]]);
  assert.deepEqual(world.server.ended, []);
});

test("a tab that slept while it led is no second leader", async () => {
  const { world, tab } = await inLobby();
  const other = world.open();
  await world.passes(1_000);
  tab.engine.sleep();
  await world.passes(1_000);
  world.server.talk("lobby", "while it slept");
  await world.passes(1_000);
  tab.engine.wake();
  await world.passes(1_000);
  assert.deepEqual([texts(tab), texts(other)], [["while it slept"], ["while it slept"]]);
  assert.equal(world.server.links.size, 1);
  assert.equal([...world.server.links][0].tab, other);
});

test("a tab without a disk is alone, also when it is back", async () => {
  const world = new World();
  const tab = world.open("Nothing is kept here.");
  await world.passes(1_000);
  tab.engine.sleep();
  await world.passes(1_000);
  tab.engine.wake();
  await world.passes(1_000);
  assert.deepEqual([tab.engine.status.phase, tab.hear, world.lock], ["stranger", null, []]);
});

test("a tab that leads and does not answer is replaced, and gives way when it is back", async () => {
  const { world, tab } = await inLobby();
  tab.freezes();
  const other = world.open();
  await world.passes(10_000);
  assert.equal([...world.server.links][0].tab, other);
  tab.thaws();
  world.server.talk("lobby", "on");
  await world.passes(10_000);
  assert.equal([...world.server.links][0].tab, other);
  assert.equal(tab.engine.status.phase, "online");
  assert.deepEqual([texts(tab), texts(other)], [["on"], ["on"]]);
});

test("a tab that is seen reminds the one that leads, whose timers may be late", async () => {
  const { world, tab } = await inLobby();
  world.open();
  await world.passes(1_000);
  const { after } = tab;
  tab.after = (ms, then) => after(Math.max(60_000, ms), then);
  world.server.isAway = true;
  world.server.drop();
  await world.passes(20);
  world.server.isAway = false;
  await world.passes(2_000);
  assert.equal(tab.engine.status.phase, "online");
});

test("a start without a server shows what was there, and what is said then waits", async () => {
  const { world, tab } = await inLobby();
  for (const one of ["a", "b", "c"]) world.server.talk("lobby", one);
  await world.passes(1_000);
  tab.dies();
  world.server.isAway = true;
  const again = world.open();
  await world.passes(1_000);
  assert.equal(again.engine.status.phase, "offline");
  assert.deepEqual(texts(again), ["a", "b", "c"]);
  again.engine.say({ room: "lobby", text: "later" });
  await world.passes(1_000);
  assert.equal(again.waiting.size, 1);
  await assert.rejects(again.engine.ask({ type: "rooms" }), { code: "offline_now" });
  world.server.isAway = false;
  await world.passes(30_000);
  assert.deepEqual(texts(again), ["a", "b", "c", "later"]);
  assert.equal(again.waiting.size, 0);
});

test("what is refused is told in all tabs", async () => {
  const { world, tab } = await inLobby();
  const other = world.open();
  await world.passes(1_000);
  tab.engine.say({ room: "lobby", text: "no way" });
  other.engine.say({ room: "lobby", text: "x".repeat(9_000) });
  await world.passes(1_000);
  for (const one of [tab, other]) {
    assert.deepEqual(one.refusals.map(({ code }) => code).sort(), ["muted", "too_long"]);
    assert.equal(one.waiting.size, 0);
  }
});

test("nothing of who logs out is left, in no tab", async () => {
  const { world, tab } = await inLobby();
  const other = world.open();
  world.server.talk("lobby", "secret");
  await world.passes(1_000);
  tab.engine.draft("lobby", "half a secret");
  const out = other.engine.logout();
  await world.passes(10_000);
  await out;
  for (const one of [tab, other]) {
    assert.equal(one.engine.status.phase, "stranger");
    assert.equal(one.told.at(-1).kept, null);
  }
  await world.disk.read(async (it) => {
    const stores = ["kept", "pending", "unsent", "entries", "journal", "drafts"];
    const left = await Promise.all(stores.map((store) => it.all(store)));
    assert.doesNotMatch(JSON.stringify(left), /secret|t1/);
  });
  const entered = other.engine.enter({ name: "eve" });
  await world.passes(1_000);
  assert.equal((await entered).uid, 2);
  assert.equal(tab.told.find(({ type }) => type === "welcome").uid, 1);
  assert.equal(tab.told.findLast(({ type }) => type === "welcome").uid, 2);
});

test("words that are deleted are nowhere any more", async () => {
  const { world, tab } = await inLobby();
  const said = tab.engine.say({ room: "lobby", text: "secret" });
  await world.passes(1_000);
  await said;
  const [{ seq }] = tab.entries;
  const deleted = { type: "deleted", room: "lobby", seq: seq + 1, uid: 1, name: "ann", ts: "", of: seq };
  world.server.rooms.get("lobby").push(deleted);
  world.server.drop();
  await world.passes(30_000);
  const other = world.open();
  await world.passes(1_000);
  assert.deepEqual(other.entries.map(({ type }) => type), ["tombstone", "deleted"]);
  await world.disk.read(async (it) => {
    const left = [await it.all("entries"), await it.all("journal"), await it.all("unsent"), await it.all("pending")];
    assert.doesNotMatch(JSON.stringify(left), /secret/);
  });
});

test("a guest whose name was taken meanwhile comes back under another one, with all that waits", async () => {
  const { world, tab } = await inLobby();
  const { server } = world;
  server.isAway = true;
  server.drop();
  await world.passes(1_000);
  tab.engine.say({ room: "lobby", text: "waits" });
  await world.passes(1_000);
  [server.isAway, server.taken] = [false, "ann"];
  await world.passes(30_000);
  assert.equal(tab.engine.status.phase, "stranger");
  const entered = tab.engine.enter({ name: "anna" });
  await world.passes(10_000);
  assert.equal((await entered).uid, 1);
  assert.deepEqual([tab.engine.status.phase, texts(tab)], ["online", ["waits"]]);
  assert.equal(server.rooms.get("lobby").at(-1).name, "anna");
});

test("nobody's words are said as somebody else, who comes in over another tab meanwhile", async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const { world, tab } = await inLobby({ seed });
    const other = world.open();
    await world.passes(1_000);
    let talks = true;
    const talk = () => {
      if (!talks || other.told.filter(({ type }) => type === "reset").length > 1) return; // it knows that ann is gone
      other.engine.say({ room: "lobby", text: "of ann" }).catch(() => {});
      world.after(world.chance() * 20, talk);
    };
    talk();
    world.after(world.chance() * 50, async () => {
      if (seed % 2) await tab.engine.logout();
      await tab.engine.enter({ name: "bob" });
    });
    await world.passes(8_000);
    talks = false;
    const said = world.server.rooms.get("lobby").filter(({ text }) => text === "of ann");
    assert.deepEqual(said.filter(({ name }) => name !== "ann"), [], `seed ${seed}`);
    assert.equal(tab.engine.status.phase, "online");
  }
});

test("what somebody was typing is not kept for the one who comes in after them, nor shown to them", async () => {
  const { world, tab } = await inLobby();
  const late = world.open();
  await world.passes(1_000);
  const drafts = [];
  tab.engine.on("draft", (draft) => drafts.push(draft.text));
  late.freezes(); // it does not hear that ann is gone
  const entered = tab.engine.enter({ name: "bob" });
  await world.passes(1_000);
  await entered;
  late.engine.draft("lobby", "of ann");
  await world.passes(1_000);
  late.thaws();
  await world.passes(1_000);
  assert.deepEqual([drafts, await world.disk.read((it) => it.all("drafts"))], [[], []]);
  late.engine.draft("lobby", "of bob");
  await world.passes(1_000);
  assert.deepEqual([drafts, await world.disk.read((it) => it.all("drafts"))], [["of bob"], ["of bob"]]);
});

test("who logs out, or comes in as somebody else, is told what is not sent", async () => {
  for (const isOut of [true, false]) {
    const { world, tab } = await inLobby();
    const notices = [];
    tab.engine.on("notice", (sentence) => notices.push(sentence));
    world.server.isAway = true;
    world.server.drop();
    await world.passes(1_000);
    tab.engine.say({ room: "lobby", text: "late" });
    await world.passes(1_000);
    if (!isOut) world.server.isAway = false;
    const done = isOut ? tab.engine.logout() : tab.engine.enter({ name: "bob" });
    await world.passes(1_000);
    await done;
    assert.equal(isOut ? tab.engine.status.sentence : notices[0], "Not sent: 1 of your messages.");
    assert.deepEqual(world.server.rooms.get("lobby").filter(({ text }) => text === "late"), []);
  }
});

test("who is here and can't come in as somebody else stays who they were", async () => {
  const { world, tab } = await inLobby();
  world.server.taken = "eve";
  const refused = assert.rejects(tab.engine.enter({ name: "eve" }), { code: "name_taken" });
  await world.passes(2_000);
  await refused;
  assert.equal(tab.engine.status.phase, "online");
  tab.engine.say({ room: "lobby", text: "still ann" });
  await world.passes(1_000);
  assert.equal(tab.entries.at(-1).name, "ann");
});

test("another log on the server: all tabs begin anew, and what waits is said there", async () => {
  const { world, tab } = await inLobby();
  world.server.talk("lobby", "old");
  await world.passes(1_000);
  world.server.isAway = true;
  world.server.drop();
  await world.passes(1_000);
  tab.engine.say({ room: "lobby", text: "waits" });
  const { server } = world;
  [server.epoch, server.isAway] = ["e2", false];
  server.rooms = new Map([["lobby", []]]);
  server.sessions.get("t1").last = 0;
  await world.passes(30_000);
  assert.deepEqual(texts(tab), ["waits"]);
  assert.equal(tab.waiting.size, 0);
});

test("a disk that is full: it goes on in memory, and says so", async () => {
  const { world, tab } = await inLobby();
  const notices = [];
  tab.engine.on("notice", (sentence) => notices.push(sentence));
  const { change } = world.disk;
  world.disk.change = function (body) {
    return change.call(this, async (it) => body({ ...it, put: () => assert.fail("full") }));
  };
  world.server.talk("lobby", "one");
  await world.passes(1_000);
  world.server.talk("lobby", "two");
  await world.passes(1_000);
  assert.deepEqual(texts(tab), ["one", "two"]);
  tab.engine.say({ room: "lobby", text: "three" });
  await world.passes(1_000);
  assert.deepEqual([texts(tab), tab.waiting.size], [["one", "two", "three"], 0]);
  assert.equal(notices.length, 1);
});

test("a disk that can't be read: that is said, and nothing waits for ever", async () => {
  const world = new World();
  world.disk.change = () => Promise.reject(new Error("broken"));
  const tab = world.open();
  await world.passes(1_000);
  await tab.started;
  assert.deepEqual([tab.told[0].kept, tab.engine.status.phase], [null, "ended"]);
  assert.match(tab.engine.status.sentence, /storage does not work \(broken\)/);
});

test("a device that is logged out elsewhere forgets all, and says what is lost", async () => {
  const { world, tab } = await inLobby();
  world.server.isAway = true;
  world.server.drop();
  await world.passes(1_000);
  tab.engine.say({ room: "lobby", text: "late" });
  await world.passes(1_000);
  [world.server.isAway, world.server.loggedOut] = [false, true];
  await world.passes(30_000);
  assert.equal(tab.engine.status.phase, "stranger");
  assert.match(tab.engine.status.sentence, /logged out\. Not sent: 1 of your messages\./);
  assert.equal(tab.told.at(-1).kept, null);
});

test("the past is what is kept, then what the server has, without a hole", async () => {
  const { world, tab } = await inLobby();
  const log = world.server.rooms.get("lobby");
  const said = { type: "message", room: "lobby", uid: 99, name: "bob", ts: "" };
  for (let i = 0; i < 30; i += 1) log.push({ ...said, seq: i + 1, text: `${i}` });
  const late = world.open();
  await world.passes(1_000);
  for (let i = 30; i < 40; i += 1) world.server.talk("lobby", `${i}`);
  await world.passes(1_000);
  const found = [];
  for (let before = null, more = true; more;) {
    const page = late.engine.past("lobby", before, 7);
    await world.passes(1_000);
    const { entries, more: others } = await page;
    found.unshift(...entries.map(({ text }) => Number(text)));
    before = entries[0]?.seq ?? before;
    more = others;
  }
  assert.deepEqual(found, Array.from({ length: 40 }, (_, i) => i));
});

test("without locks a tab leads when nobody else does, and a second one follows", async () => {
  const { world, tab } = await inLobby({ locks: false });
  const other = world.open();
  await world.passes(2_000);
  assert.equal(world.server.links.size, 1);
  tab.engine.sleep();
  tab.dies();
  await world.passes(5_000);
  world.server.talk("lobby", "still here");
  await world.passes(1_000);
  assert.deepEqual([other.engine.status.phase, texts(other)], ["online", ["still here"]]);
});

test("who looks at a tab while it begins to lead has one connection by that, as without", async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const { world, tab } = await inLobby({ seed });
    tab.page.sleep();
    await world.passes(1_000);
    tab.page.wake();
    for (let i = 0; i < 40; i += 1) {
      await world.passes(1);
      tab.page.look();
    }
    await world.passes(20_000);
    assert.deepEqual([world.server.ended, world.server.links.size], [[], 1], `seed ${seed}`);
    assert.equal(tab.engine.status.phase, "online");
  }
});

test("who waits at the door is told when somebody else comes in over another tab, and when the page is left", async () => {
  const world = new World();
  const tab = world.open(), other = world.open();
  await world.passes(1_000);
  /** @type {string[]} */
  const ended = [];
  const enter = (/** @type {any} */ one, /** @type {string} */ name) =>
    one.engine.enter({ name }).then(() => ended.push(name), (/** @type {any} */ { code }) => ended.push(code));
  world.server.isSlow = true;
  enter(tab, "ann");
  await world.passes(1_000);
  enter(other, "bob");
  await world.passes(1_000);
  assert.deepEqual([ended, tab.engine.status.phase], [["offline_now"], "connecting"]);
  tab.page.sleep();
  await world.passes(1_000);
  tab.page.wake();
  await world.passes(10_000);
  assert.deepEqual(ended, ["offline_now", "not_known"]);
  assert.deepEqual([tab, other].map(({ engine }) => engine.status.phase), ["stranger", "stranger"]);
  enter(other, "eve");
  await world.passes(1_000);
  other.page.sleep();
  await world.passes(1_000);
  assert.deepEqual(ended.length, 3);
  world.server.isSlow = false;
  enter(tab, "ann");
  await world.passes(10_000);
  assert.deepEqual([ended[3], tab.engine.status.phase], ["ann", "online"]);
});

test("what a tab has kept and died is said, also when all begin anew before anybody hears of it", async () => {
  const { world, tab } = await inLobby();
  const { server } = world;
  server.isAway = true;
  server.drop();
  await world.passes(1_000);
  await new Storage(world.disk).say({ room: "lobby", text: "last words", at: 0 }, 1);
  [server.epoch, server.isAway] = ["e2", false];
  server.rooms = new Map([["lobby", []]]);
  await world.passes(60_000);
  assert.deepEqual([texts(tab), [...tab.waiting]], [["last words"], []]);
});

test("a server that knows us no more, with the same log or another one: all begin anew, as somebody new", async () => {
  for (const epoch of ["e1", "e2"]) {
    const { world, tab } = await inLobby();
    const { server } = world;
    for (const text of ["old", "older"]) server.talk("lobby", text);
    await world.passes(1_000);
    server.isAway = true;
    server.drop();
    await world.passes(1_000);
    tab.engine.say({ room: "lobby", text: "waits" });
    [server.epoch, server.isAway, server.delay] = [epoch, false, 500];
    server.sessions.clear();
    if (epoch === "e2") server.rooms = new Map([["lobby", []]]);
    await world.passes(60_000);
    server.delay = 0;
    const past = tab.engine.past("lobby", null);
    await world.passes(1_000);
    const all = epoch === "e2" ? ["waits"] : ["old", "older", "waits"];
    assert.deepEqual((await past).entries.map(({ text }) => text), all);
    assert.deepEqual([texts(tab), tab.waiting.size, tab.engine.status.phase], [all, 0, "online"]);
    tab.engine.say({ room: "lobby", text: "still here" });
    await world.passes(2_000);
    assert.equal(texts(tab).at(-1), "still here");
  }
});

test("a tab that dies while it is to come in as somebody new leaves that to the next one", async () => {
  for (let after = 250; after < 5_000; after += 250) {
    const { world, tab } = await inLobby();
    const { server } = world, other = world.open();
    await world.passes(1_000);
    server.isAway = true;
    server.drop();
    await world.passes(1_000);
    tab.engine.say({ room: "lobby", text: "waits" });
    [server.isAway, server.delay] = [false, 500];
    server.sessions.clear();
    await world.passes(after);
    tab.dies();
    await world.passes(60_000);
    assert.deepEqual([after, texts(other), other.engine.status.phase], [after, ["waits"], "online"]);
  }
});
