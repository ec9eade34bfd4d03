// Text from others, made fit to be shown: the rules of roomchat/harmless.py, by the same examples.

// Controls, what reorders the text around it (Bidi_C), what ends the line, lone surrogates, and what nobody can
// see. U+200C and U+200D stay: they hold emoji together, and part and join letters.
const HARMFUL = new RegExp("[\\p{Cc}\\p{Bidi_C}\\p{Zl}\\p{Zp}\\p{Cs}\\u00ad\\u180e\\u200b\\u2060-\\u206f" +
  "\\ufeff\\ufff9-\\ufffb\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e007f}]", "gu");

const NO_CELL = "[\\p{Mn}\\p{Me}\\p{Cf}\\u1160-\\u11ff\\ud7b0-\\ud7ff]"; // what is drawn into the cell before
const HEAP = new RegExp(`(${NO_CELL}{8})(${NO_CELL}+)`, "gu"); // more than 8 are drawn over the lines around
const IS_MARK = /^[\p{Mn}\p{Me}]/u;

/** @param {string} character */
function visible(character) {
  const code = /** @type {number} */ (character.codePointAt(0));
  if (code < 0x20) return String.fromCharCode(0x2400 + code); // the block "Control Pictures"
  if (code === 0x7f) return "\u2421";
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}

/**
 * Text in which nothing turns the reading direction, ends the line, or is unseen: each such character is replaced
 * by something visible, and so is a heap of marks on one character. Line feeds and tabs are replaced, too.
 * @param {string} text
 */
export function harmless(text) {
  return text.replace(HARMFUL, visible).replace(HEAP, (_, marks, more) => `${marks}<+${[...more].length} marks>`);
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
