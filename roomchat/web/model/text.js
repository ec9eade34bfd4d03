// What people say, taken apart: links, code, and whom and what it speaks of. Nothing else is read into it.
//
// The texts of the tokens, put together, are the text again, made harmless; so nothing is hidden and nothing is
// added.

import { harmlessLines } from "./harmless.js";

/**
 * A piece of a text.
 * - `text`: words. `break`: a line feed.
 * - `link`: `url` is where it leads; `host` is told beside it where the text could pass for another one.
 * - `code` and `block`: `shown` is what stands between the backticks.
 * - `person`: `@ann`, with the `uid`. `room`: `#tea`, with the room's key.
 * @typedef {{kind: "text" | "break" | "link" | "code" | "block" | "person" | "room", text: string, shown?: string,
 *   url?: string, host?: string, uid?: number, room?: string}} Token
 *
 * Who or what is meant by `@ann` or `#tea`; undefined: nobody, and no room.
 * @typedef {(text: string) => {kind: "person", uid: number} | {kind: "room", room: string} | undefined} Meant
 */

const MAX_URL = 2083; // characters, as in the terminal

// Only what a browser or a mail program opens: others act on the machine of the person who clicks.
const LINK = "(?<![\\p{L}\\p{N}_])(?<link>(?:https?://|mailto:)[^\\s<>\"`{}|\\\\^\\u2400-\\u2421]+)";
// Written so that one that does not end is seen in one walk through the text: somebody may say a long one.
const BLOCK = "```(?:[\\w+#.-]*\\n)?(?<block>(?:(?!```)\\s)*\\S(?:(?!```)[^])*)```";
const CODE = "(?<!`)(?<tick>``?)(?!`)(?<code>[^`\\n]+)\\k<tick>(?!`)";
const NAME = "(?<![\\p{L}\\p{N}\\p{M}_@#&/.-])(?<name>[@#][\\p{L}\\p{N}_+@][^\\s`@#,;:!?()<>\"]{0,63})";
const TOKEN = new RegExp(`${BLOCK}|${CODE}|${LINK}|${NAME}`, "giu");
const SIGN = /[`:@#]/; // without one of these there is nothing but words

const STOPS = ".,;:!?'*_~\u2026\u3002\uff0c"; // at the end of a link these belong to the sentence
/** @type {Record<string, string>} */
const OPENING = { ")": "(", "]": "[" };

/**
 * The pieces of a text, in their order.
 * @param {string} text as it came
 * @param {Meant} meant
 * @returns {Token[]}
 */
export function tokens(text, meant) {
  const shown = harmlessLines(text);
  /** @type {Token[]} */
  const found = [];
  let done = 0;
  if (SIGN.test(shown)) {
    TOKEN.lastIndex = 0;
    for (let match = TOKEN.exec(shown); match; match = TOKEN.exec(shown)) {
      const token = read(match, meant);
      if (!token) {
        TOKEN.lastIndex = match.index + 1; // a link may begin within what looked like a name
        continue;
      }
      words(found, shown.slice(done, match.index));
      found.push(token);
      done = TOKEN.lastIndex = match.index + token.text.length;
    }
  }
  words(found, shown.slice(done));
  return found;
}

/**
 * @param {RegExpExecArray} match
 * @param {Meant} meant
 * @returns {Token | null} null: it only looked like one
 */
function read({ 0: text, groups = {} }, meant) {
  const { block, code, link } = groups;
  if (block) return { kind: "block", text, shown: block.replace(/\n$/, "") };
  if (code) return { kind: "code", text, shown: code };
  if (link) {
    const shown = withoutEnd(text);
    const target = safeUrl(shown);
    return target && { kind: "link", text: shown, ...target };
  }
  for (let name = groups.name; name; name = shorter(name)) {
    const who = meant(name);
    if (who) return { text: name, ...who };
  }
  return null;
}

/** @param {string} name without what may belong to the sentence: "@ann's", "#tea." */
const shorter = (name) => /^(..+?)(?:['\u2019][^'\u2019]*|[^\p{L}\p{N}_'\u2019]+)$/u.exec(name)?.[1] ?? "";

/**
 * Words and line feeds.
 * @param {Token[]} found
 * @param {string} text
 */
function words(found, text) {
  text.split("\n").forEach((line, index) => {
    if (index) found.push({ kind: "break", text: "\n" });
    if (line) found.push({ kind: "text", text: line });
  });
}

/**
 * A link without what belongs to the sentence around: a full stop, a bracket that was opened before.
 * @param {string} link
 */
function withoutEnd(link) {
  /** @type {Record<string, number>} */
  const count = { "(": 0, ")": 0, "[": 0, "]": 0 };
  for (const character of link) if (character in count) count[character] += 1;
  let end = link.length;
  for (; end; end -= 1) {
    const last = link[end - 1], opening = OPENING[last];
    if (!STOPS.includes(last) && (!opening || count[opening] >= count[last])) break;
    if (last in count) count[last] -= 1;
  }
  return link.slice(0, end);
}

/**
 * Where a link leads, in plain ASCII; null if it is none.
 * @param {string} text harmless
 * @returns {{url: string, host?: string} | null}
 */
export function safeUrl(text) {
  const match = /^(https?|mailto):(.*)$/isu.exec(text);
  if (!match || !/[^/]/.test(match[2])) return null;
  const scheme = match[1].toLowerCase();
  const url = `${scheme}:${encodeURI(match[2]).replaceAll("%25", "%")}`;
  if (url.length > MAX_URL) return null;
  if (scheme === "mailto") return { url };
  try {
    const { hostname, username } = new URL(url);
    // Letters of other scripts can look like any host, and so can what stands before an @.
    return username || hostname.includes("xn--") ? { url, host: hostname } : { url };
  } catch {
    return null; // it leads nowhere
  }
}

/**
 * The lines of a text, each for itself, for each has its own direction; a block of code is one.
 * @param {Token[]} pieces
 * @returns {Token[][]}
 */
export function lines(pieces) {
  /** @type {Token[][]} */
  const all = [[]];
  for (const token of pieces) {
    const line = all[all.length - 1];
    if (token.kind === "break") all.push([]);
    else if (line.length && [line[0].kind, token.kind].includes("block")) all.push([token]);
    else line.push(token);
  }
  return all;
}

// One sign that is drawn as a picture, with its colour of skin, or several joined to one; flags; digits in a box.
const PICTURE = "(?:\\p{RI}{2}|[#*0-9]\\ufe0f?\\u20e3|" +
  "\\p{ExtPict}\\ufe0f?\\p{EMod}?(?:\\u200d\\p{ExtPict}\\ufe0f?\\p{EMod}?)*)";
const PICTURES = new RegExp(`^${PICTURE}(?: ?${PICTURE}){0,5}$`, "u");

/**
 * Whether a text is nothing but a few emoji: they are shown large.
 * @param {string} text
 */
export const isPictures = (text) => text.length <= 80 && PICTURES.test(text.trim());
