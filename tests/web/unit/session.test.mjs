// The transcripts that client/session.py has, too; tests/web/test_session.py compares the two in random runs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Login } from "../../../roomchat/web/core/login.js";
import { WINDOW } from "../../../roomchat/web/core/said.js";
import { Session } from "../../../roomchat/web/core/session.js";
import { unguessable } from "../../../roomchat/web/core/unguessable.js";
import { Steps, asFar, load, parted } from "../steps.mjs";

for (const { about, login, steps } of load()) {
  test(`a session: ${about}`, () => {
    const taken = new Steps(login);
    for (const step of steps) {
      const [asked, expected] = parted(step);
      assert.deepEqual(asFar(expected, taken.take(asked)), expected, JSON.stringify(step));
    }
  });
}

test("no more is on its way than the window lets; what comes back lets more go", () => {
  const { session } = new Steps();
  for (let i = 1; i <= WINDOW + 3; i += 1) session.say({ room: "tea", text: String(i) });
  const numbers = () => session.said.due().map(({ n }) => n);
  assert.deepEqual([numbers().length, numbers()], [WINDOW, []]);
  session.receive({ type: "message", room: "tea", seq: 1, uid: session.uid, n: 1 });
  session.receive({ type: "error", code: "too_long", message: "", n: 2 });
  assert.deepEqual(numbers(), [WINDOW + 1, WINDOW + 2]);
});

test("that the server has lost the end of its log is told, and only then", () => {
  const { session } = new Steps();
  const events = [
    { type: "welcome", epoch: "e", last_n: 0, limits: {} },
    { type: "message", room: "tea", seq: 9 },
    { type: "joined", room: "tea", members: [], last_seq: 5 },
    { type: "pong", re: "caught-up" },
    { type: "message", room: "tea", seq: 6 },
    { type: "joined", room: "tea", members: [], last_seq: 5, re: 1 }, // the entry has overtaken it
  ];
  const shown = events.flatMap((one) => session.receive(one).show);
  assert.deepEqual(shown.filter(({ type }) => type === "joined").map(({ isCut }) => isCut), [true, false]);
});

test("a guest who is let in as an account only brings a password beside the token", () => {
  const { session } = new Steps();
  session.hello();
  session.receive({ type: "welcome", name: "ann", token: "t", epoch: "e", last_n: 0, limits: {} });
  const again = Session.fromKept(session.toKept(), []);
  again.ask("ann", { password: "correct horse", register: true });
  const { token, password, register } = again.hello();
  assert.deepEqual([token, password, register], ["t", "correct horse", true]);
});

test("a newcomer's token is never longer than the server takes it", (t) => {
  const highest = (array) => array.fill(array instanceof BigUint64Array ? 2n ** 64n - 1n : 2 ** 32 - 1);
  t.mock.method(crypto, "getRandomValues", highest);
  const { length } = unguessable();
  assert.ok(length >= 24 && length <= 64, String(length));
});

test("a newcomer brings a token: the same until it is welcomed, and never beside a password", () => {
  const login = new Login();
  const { new_token: brought } = login.fields(null);
  assert.match(String(brought), /^[-0-9]{24,64}$/, "as the server takes it");
  assert.equal(login.fields(null).new_token, brought);
  assert.deepEqual(login.fields("token"), { token: "token" });
  const { session } = new Steps();
  const { new_token: own } = session.hello();
  assert.equal(session.hello().new_token, own);
  session.receive({ type: "welcome", token: "t", epoch: "e", last_n: 0, limits: {} });
  session.receive({ type: "error", code: "unknown_token" });
  assert.notEqual(session.hello().new_token, own, "no session has that of another");
  assert.deepEqual(new Login({ password: "correct horse" }).fields(null), { password: "correct horse" });
});
