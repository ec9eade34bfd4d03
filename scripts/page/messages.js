// The messages pane over an engine of which nothing is real but its shape: 10,000 messages, and as many more a second
// as are asked for. Used by scripts/measure_page.py.

import { Emitter } from "/core/emitter.js";
import { MessagesPane } from "/view/messages.js";

const NAMES = ["", "ann", "bob", "cleo", "dan", "eve", "Zoë", "אורי", "山田"];
const TEXTS = [
  "Good morning! Who is for tea?", "Me. The green one, please.", "\u00c7a va sans dire \u{1f375}",
  "The build is green again: https://ci.example.org/builds/4711 (it was the cache).",
  "Has anybody looked at `hub.apply` since yesterday? It takes 3 ms now, with a batch of 200.",
  "Then the three of us, at four.", "\u{1f44d}", "@ann can you bring the notes to #ops?",
  "One line\nand another one below it\n\nand one after a pause",
  "```py\ndef apply(state, inputs):\n    return [step(state, one) for one in inputs]\n```",
  "שלום, מה שלומך?", "明日の会議は十時からです。", "x".repeat(180), "ok", "I'd say we ship it on Thursday, if nobody minds.",
];
const START = Date.now();

/** Entries of one room: message number `seq` is the same in each run. */
function entry(seq, total) {
  const uid = 1 + (Math.floor(seq / 3) * 7 + (seq % 5 === 0 ? 1 : 0)) % 8;
  const at = START - (total - seq) * 40_000;
  return { type: "message", room: "tea", seq, uid, name: NAMES[uid], ts: new Date(at).toISOString(),
    text: TEXTS[(seq * 7 + Math.floor(seq / 11)) % TEXTS.length] };
}

class FakeEngine extends Emitter {
  status = { phase: "online", sentence: "" };
  asked = 0;
  wasRead = new Set();
  log;
  constructor(count) {
    super();
    this.log = Array.from({ length: count }, (_, index) => entry(index + 1, count));
  }
  async past(room, before, limit, after) {
    this.asked += 1;
    await new Promise((done) => setTimeout(done, 15)); // as a server nearby takes
    const end = before === null ? this.log.length : before - 1;
    const from = after === undefined ? Math.max(0, end - limit) : after;
    const page = this.log.slice(from, after === undefined ? end : after + limit);
    return { entries: page, more: after === undefined ? from > 0 : from + page.length < this.log.length };
  }
  read(room) { this.wasRead.add(room); }
  async say(line) { this.emit("said", { id: String(Math.random()), at: Date.now(), ...line }); }
  async ask() { return {}; }
  more(text) {
    const one = { ...entry(this.log.length + 1, 0), ts: new Date().toISOString(), ...(text && { text }) };
    this.log.push(one);
    this.emit("event", one); // as main.js hands it on
  }
}

class FakeChat extends Emitter {
  me = { uid: 1, name: "ann" };
  names = new Map(NAMES.map((name, uid) => [uid, name]).slice(1));
  current = "tea";
  heard = new Map();
  isWatched = true;
  rooms = new Map([
    ["tea", { key: "tea", name: "tea", topic: "Which leaves, and when", mark: 0, lastSeq: 1, members: new Map(), role: "owner" }],
    ["ops", { key: "ops", name: "ops", topic: "", mark: 0, members: new Map() }],
  ]);
  hides() { return false; }
  isOfOthers({ uid, text }) { return uid !== 1 && text !== undefined; }
  isOld() { return false; }
  may() { return true; }
  read(room, seq = 1) { return seq; }
  look(room) { this.current = room; this.emit("change", "current"); }
}

const count = Number(new URLSearchParams(location.search).get("count") ?? 10_000);
const engine = new FakeEngine(count), chat = new FakeChat();
const pane = new MessagesPane({ engine, chat, tell: console.info, open() {} });
document.getElementById("messages").append(pane.element);
engine.on("event", (event) => pane.take(event));
pane.load({ entries: { tea: engine.log.slice(-200) }, events: [], waiting: [] });
Object.assign(window, { engine, chat, pane });

/** The time between frames, and tasks longer than 50 ms, while `during` runs. */
async function watched(during) {
  const frames = [], long = [];
  const observer = new PerformanceObserver((list) => long.push(...list.getEntries().map((one) => one.duration)));
  observer.observe({ type: "longtask" });
  let last = 0, isOver = false, nodes = 0;
  const tick = (now) => {
    if (last) frames.push(now - last);
    last = now;
    nodes = Math.max(nodes, document.querySelectorAll("*").length);
    if (!isOver) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  await during();
  isOver = true;
  observer.disconnect();
  return { frames, long, nodes };
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const frame = () => new Promise((done) => requestAnimationFrame(done));
const scroller = document.querySelector(".messages");

/** So many more a second, for some seconds, in bursts as a network brings them. */
async function talk(rate, seconds) {
  const begun = performance.now();
  for (let said = 0; said < rate * seconds;) {
    const due = Math.floor(((performance.now() - begun) / 1000) * rate);
    for (; said < due; said += 1) engine.more();
    await pause(10);
  }
}

/** From where one is to the first message, by so many px a frame. */
async function scrollUp(px) {
  while (scroller.scrollTop > 0 || !pane.timelines.of("tea").shown.isWhole) {
    scroller.scrollTop -= px;
    await frame();
  }
}

const phases = {
  "50 a second at the end": () => talk(50, 10),
  "500 a second at the end": () => talk(500, 5),
  "back to the first message": () => scrollUp(1500),
  "50 a second while one reads far above": () => talk(50, 10),
};
Object.assign(window, { phases: Object.keys(phases), phase: (name) => watched(phases[name]) });
