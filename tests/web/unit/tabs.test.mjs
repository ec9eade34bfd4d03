// Whatever tab or connection dies, and whenever: what was said is said once, and each tab shows the one log.
import assert from "node:assert/strict";
import { test } from "node:test";

import { World } from "./fakes.mjs";

const RUNS = Number(process.env.RUNS ?? 20);
const STEPS = 60;
const THINGS = "say say say say talk talk open dies reload sleep wake look look drop away back freeze thaw".split(" ");

/** One thing that may happen. @param {World} world @param {{kept: string[], all: Set<string>}} said */
function happens(world, said) {
  const { server } = world;
  const tab = world.one(world.alive);
  const what = world.one(THINGS);
  if (what === "say") {
    const text = `${world.chance() < 0.1 ? "no " : ""}${said.all.size + 1}`;
    said.all.add(text);
    const kept = tab.engine.say({ room: "lobby", text });
    kept.then(() => said.kept.push(text), ({ code }) => assert.equal(code, "not_registered"));
  } else if (what === "talk") server.talk("lobby", `bob ${server.rooms.get("lobby")?.length}`);
  else if (what === "open" && world.alive.length < 4) world.open();
  else if (what === "dies" && world.alive.length > 1) tab.dies();
  else if (what === "reload") {
    tab.engine.sleep();
    tab.dies();
    world.open();
  } else if (what === "sleep") tab.engine.sleep();
  else if (what === "wake") tab.engine.wake();
  else if (what === "look") tab.page?.look();
  else if (what === "drop") server.drop();
  else if (what === "away") {
    server.isAway = true;
    server.drop();
  } else if (what === "back") server.isAway = false;
  else if (what === "freeze") tab.freezes();
  else if (what === "thaw") tab.thaws();
}

/** @param {number} seed */
async function run(seed) {
  const world = new World(seed, { locks: seed % 4 !== 0 });
  const first = world.open();
  await world.passes(2_000);
  first.engine.enter({ name: "ann" });
  await world.passes(1_000);
  const said = { kept: /** @type {string[]} */ ([]), all: /** @type {Set<string>} */ (new Set()) };
  for (let step = 0; step < STEPS; step += 1) {
    happens(world, said);
    await world.passes(world.chance() < 0.2 ? 3_000 * world.chance() : 30 * world.chance());
  }
  world.server.isAway = false;
  for (const tab of world.alive) {
    tab.thaws();
    tab.engine.wake();
  }
  world.open();
  await world.passes(60_000);
  world.server.talk("lobby", "the end");
  await world.passes(1_000);
  check(world, said);
}

/** @param {World} world @param {{kept: string[], all: Set<string>}} said */
function check(world, said) {
  const log = world.server.rooms.get("lobby") ?? [];
  const own = log.filter(({ uid }) => uid === 1).map(({ text }) => text);
  assert.equal(new Set(own).size, own.length, "nothing is said twice");
  for (const text of said.kept) assert.ok(text.startsWith("no") || own.includes(text), `${text} is lost`);
  assert.ok(own.every((text) => said.all.has(text)));
  for (const tab of world.alive) {
    assert.equal(tab.engine.status.phase, "online", tab.engine.status.sentence);
    assert.deepEqual([...tab.waiting.keys()], [], "nothing waits any more");
    const shown = tab.entries.map(({ seq }) => seq);
    assert.deepEqual(shown, log.map(({ seq }) => seq).slice(-shown.length), "each once, in order, without a hole");
    const rest = log.length - shown.length;
    assert.ok(rest === 0 || shown.length >= 50, "it goes back far enough");
    for (const { own: id, uid } of tab.entries) assert.equal(id !== undefined, uid === 1, "whose it is, is known");
  }
  assert.equal(world.server.links.size, 1, "one connection for all tabs");
}

test("what is said in any tab is said once, and all tabs show the one log, whatever dies", async () => {
  for (let seed = 1; seed <= RUNS; seed += 1) {
    await run(seed).catch((error) => {
      throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
    });
  }
});
