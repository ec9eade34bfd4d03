// Text from others, made fit to be shown: the rules of roomchat/harmless.py, by the same examples.

// What reorders the text around it, what ends the line, and what nobody can see. U+200C and U+200D stay: they hold
// emoji together, and part and join letters.
const HARMFUL = new RegExp(
  "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\u180e\\u200b" +
  "\\u2060-\\u2065\\u206a-\\u206f\\ufeff\\u2028\\u2029\\ufff9-\\ufffb\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e007f}" +
  "\\ud800-\\udfff]", "gu");

const MAX_MARKS = 8; // on one character: more are drawn over the lines around
const HEAP = /(?:[^\p{L}\p{N}_\x00-\x7f]|[\u1160-\u11ff\ud7b0-\ud7ff]){9,}/gu;
const TAKES_NO_CELL = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7ff]$/u;
const IS_MARK = /^[\p{Mn}\p{Me}]/u;

/** @param {string} character */
function visible(character) {
  const code = /** @type {number} */ (character.codePointAt(0));
  if (code < 0x20) return String.fromCharCode(0x2400 + code); // the block "Control Pictures"
  if (code === 0x7f) return "\u2421";
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}

/** @param {string} heap */
function low(heap) {
  let kept = "", height = 0, dropped = 0;
  for (const character of [...heap, ""]) {
    if (TAKES_NO_CELL.test(character)) {
      height += 1;
      if (height > MAX_MARKS) {
        dropped += 1;
        continue;
      }
    } else {
      height = 0;
      if (dropped) kept += `<+${dropped} marks>`;
      dropped = 0;
    }
    kept += character;
  }
  return kept;
}

/**
 * Text in which nothing turns the reading direction, ends the line, or is unseen: each such character is replaced
 * by something visible, and so is a heap of marks on one character. Line feeds and tabs are replaced, too.
 * @param {string} text
 */
export function harmless(text) {
  return text.replace(HARMFUL, visible).replace(HEAP, low);
}

/**
 * The same, of what may have several lines: line feeds and tabs stay as they are.
 * @param {string} text
 */
export function harmlessLines(text) {
  return text.replace(/[^\n\t]+/g, harmless);
}

/**
 * A name or other short text from others as a part of a sentence: harmless, and a mark at its start changes
 * nothing before it.
 * @param {string} text
 */
export function cell(text) {
  const shown = harmless(text);
  return IS_MARK.test(shown) ? `\u25cc${shown}` : shown;
}

/**
 * At most so many characters of a text, the last one "…" if there were more.
 * @param {string} text
 * @param {number} most
 */
export function short(text, most) {
  const characters = [...text.slice(0, 2 * most + 2)];
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}\u2026` : text;
}
