import assert from "node:assert/strict";
import { test } from "node:test";
import { harmlessLines } from "../../../roomchat/web/model/harmless.js";
import { random } from "./random.mjs";
import { isPictures, lines, safeUrl, tokens } from "../../../roomchat/web/model/text.js";

const PEOPLE = { "@ann": 1, "@bob.b": 2, "@+": 3 }, ROOMS = ["#tea", "#+7/plans"];

const meant = (text) => {
  const uid = PEOPLE[text.toLowerCase()];
  if (uid) return { kind: "person", uid };
  return ROOMS.includes(text) ? { kind: "room", room: text.slice(1) } : undefined;
};

/** The tokens as they are written below: words as they are, others as kind(text). */
const told = (text) => tokens(text, meant).map(({ kind, text: one }) => (kind === "text" ? one : `${kind}(${one})`));

const EXAMPLES = [
  ["hello", ["hello"]],
  ["", []],
  ["a\nb", ["a", "break(\n)", "b"]],
  ["see https://a.example/x.", ["see ", "link(https://a.example/x)", "."]],
  ["(https://a.example/x_(y))", ["(", "link(https://a.example/x_(y))", ")"]],
  ["<https://a.example>", ["<", "link(https://a.example)", ">"]],
  ["HTTP://A.example!", ["link(HTTP://A.example)", "!"]],
  ["mailto:ann@a.example, ok", ["link(mailto:ann@a.example)", ", ok"]],
  ["xhttps://a.example", ["xhttps://a.example"]],
  ["javascript:alert(1) data:text/html,x file:///etc", ["javascript:alert(1) data:text/html,x file:///etc"]],
  ["https:// http://// https://...", ["https:// http://// https://..."]],
  ["http://[::1", ["http://[::1"]],
  ["use `ls -l` now", ["use ", "code(`ls -l`)", " now"]],
  ["``a`` `https://a.example`", ["code(``a``)", " ", "code(`https://a.example`)"]],
  ["an ` alone, ``` too", ["an ` alone, ``` too"]],
  ["```\nx = 1\n```", ["block(```\nx = 1\n```)"]],
  ["so: ```py\nx\n``` ok", ["so: ", "block(```py\nx\n```)", " ok"]],
  ["@ann: hi", ["person(@ann)", ": hi"]],
  ["(@Ann's)", ["(", "person(@Ann)", "'s)"]],
  ["@bob.b. and @nobody", ["person(@bob.b)", ". and @nobody"]],
  ["@+... @'", ["person(@+)", "... @'"]],
  ["x@ann ann@ann.example", ["x@ann ann@ann.example"]],
  ["#tea, #+7/plans #other &#tea", ["room(#tea)", ", ", "room(#+7/plans)", " #other &#tea"]],
  ["@https://a.example", ["@", "link(https://a.example)"]],
  ["**bold** _it_ <b>x</b> [a](b)", ["**bold** _it_ <b>x</b> [a](b)"]],
];

for (const [text, expected] of EXAMPLES) {
  test(`taken apart: ${JSON.stringify(text)}`, () => assert.deepEqual(told(text), expected));
}

test("a link leads where its text says, and tells the host where it could be taken for another", () => {
  assert.deepEqual(safeUrl("https://a.example/\u00e4?b=%20"), { url: "https://a.example/%C3%A4?b=%20" });
  assert.equal(safeUrl("https://\u0430pple.com/")?.host, "xn--pple-43d.com");
  assert.equal(safeUrl("https://bank.example@evil.example/")?.host, "evil.example");
  assert.equal(safeUrl(`https://a.example/${"x".repeat(2100)}`), null);
});

test("a block is a line of its own", () => {
  const kinds = (text) => lines(tokens(text, meant)).map((line) => line.map(({ kind }) => kind));
  assert.deepEqual(kinds("a\n\nb"), [["text"], [], ["text"]]);
  assert.deepEqual(kinds("a ```\nx\n``` b"), [["text"], ["block"], ["text"]]);
  assert.deepEqual(kinds("```\nx\n```\nb"), [["block"], ["text"]]);
});

test("a few emoji alone are pictures; digits, signs and words are not", () => {
  const yes = ["\u{1f375}", "\u{1f44d}\u{1f3fd}", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}", "\u{1f1f3}\u{1f1f4}",
    "\u2764\ufe0f \u{1f600}"];
  for (const text of yes) assert.ok(isPictures(text), text);
  const no = ["", "1", "a \u{1f375}", "\u{1f375}".repeat(7), "#", "\u{1f375}\n\n\n\u{1f375}"];
  for (const text of no) assert.ok(!isPictures(text), text);
});

const PIECES = ["`", "``", "```", "\n", "https://", "http://a.example/", "mailto:", "@", "#", "ann", "tea", ".", ",", ")",
  "(", "[", "]", "'", " ", "\t", "\u202e", "\u0000", "\u001b[31m", "\ud800", "\udc00", "\u05d0\u05d1", "\u0301".repeat(12),
  "\u{1f375}", "\u200d", "<script>", "&amp;", "%", "%zz", "\u0430", "x".repeat(70), "javascript:", "\r", "\u2028", "a@b"];

test("whatever is said, the pieces put together are what is said, made harmless, and links lead to the web", () => {
  const next = random(20261129);
  for (let run = 0; run < 5000; run += 1) {
    let text = "";
    for (let left = next() * 24; left > 0; left -= 1) text += PIECES[Math.floor(next() * PIECES.length)];
    const pieces = tokens(text, meant);
    assert.equal(pieces.map((one) => one.text).join(""), harmlessLines(text), JSON.stringify(text));
    for (const one of pieces) {
      assert.ok(one.text, "a piece is not empty");
      if (one.kind === "link") assert.match(one.url, /^(?:https?|mailto):[\x21-\x7e]+$/);
      if (one.kind === "code" || one.kind === "block") assert.ok(one.text.includes(one.shown));
    }
    const shown = lines(pieces).flat().map((one) => one.text).join("");
    assert.equal(shown, pieces.filter((one) => one.kind !== "break").map((one) => one.text).join(""));
  }
});

test("no text takes long, however it is made", () => {
  const hard = ["`", "``", "```", "```a", "@ann.", "#", "https://", "https://)", "(", "@a'", "`a ", "\u{1f375}", "@a."];
  const started = process.cpuUsage().user;
  for (const piece of hard) {
    const text = piece.repeat(Math.ceil(8192 / piece.length));
    tokens(text, meant);
    isPictures(text);
  }
  tokens("```" + "a".repeat(1 << 17), meant); // a block that does not end
  const spent = (process.cpuUsage().user - started) / 1000; // ms of this process; some 20 on an idle machine
  assert.ok(spent < 1500, `${spent} ms`);
});
