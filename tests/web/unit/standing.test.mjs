import assert from "node:assert/strict";
import { test } from "node:test";
import { lengthStanding, standing } from "../../../roomchat/web/model/standing.js";

test("a length is told when it is near to the limit, in characters", () => {
  assert.equal(lengthStanding("x".repeat(799), 1000), null);
  assert.equal(lengthStanding("x".repeat(800), 1000).text, "200 of 1000 characters left.");
  assert.equal(lengthStanding("\u{1f600}".repeat(700), 1000), null);
  assert.equal(lengthStanding("\u{1f600}".repeat(900), 1000).text, "100 of 1000 characters left.");
  const over = lengthStanding("x".repeat(1003), 1000);
  assert.ok(over.isTooLong);
  assert.equal(over.text, "3 characters too many: a message may have 1000.");
  assert.equal(lengthStanding("x", undefined), null);
});

test("how things stand where one writes, the most pressing first", () => {
  const online = { phase: "online" }, offline = { phase: "offline" };
  const tea = { key: "tea", name: "tea" };
  const chat = (room) => ({ current: "tea", rooms: new Map(room ? [["tea", { ...tea, ...room }]] : []) });
  const at = Date.parse("2024-05-01T08:00:00Z");
  assert.equal(standing(online, chat({})), "");
  assert.match(standing(online, chat(null)), /not in a room/);
  assert.match(standing(offline, chat({})), /kept, and sent/);
  assert.match(standing({ phase: "ended" }, chat({})), /Nothing can be sent/);
  const other = { isPair: true, other: { name: "bob", offline: true } };
  assert.equal(standing(online, chat(other)), "bob is offline and will see your whispers later.");
  assert.equal(standing(online, chat({}), { reason: "caps" }), "You are muted in tea: caps.");
  assert.match(standing(online, chat({}), { until: "2024-05-01T08:30:00Z" }, at), /muted in tea until 2024/);
  assert.equal(standing(online, chat({}), { until: "2024-05-01T07:30:00Z" }, at), "");
});
