// Whether a text speaks of somebody by name: as in the terminal, by the same examples.

// Scripts that are written without spaces: a name beside one of their signs ends there.
const UNSPACED = new RegExp("^[\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff" + // Thai, Lao, Myanmar, Khmer
  "\\u3005-\\u3007\\u3040-\\u30ff\\u31f0-\\u31ff" + // signs of repetition, kana
  "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}]", "u"); // Han
// Of these, the marks that change the letter before them.
const COMBINING = new RegExp("[\\u0e38-\\u0e3a\\u0e48-\\u0e4b\\u0eb8-\\u0eba\\u0ec8-\\u0ecb\\u1037\\u1039\\u103a" +
  "\\u108d\\u17d2\\u17dd\\u3099\\u309a]", "u");
const HANGUL = /^[\uac00-\ud7af]/;
const LINK = /:\/\/|(?<![\p{L}\p{N}_])www\./u; // what a word has in it that is one
const IS_WORD = /^[\p{L}\p{N}\p{M}_]/u;

/** @param {string} text as it is compared: without case, width, and ways to compose a letter */
export const folded = (text) => text.normalize("NFKC").toLowerCase();

/**
 * Whether each of the words stands somewhere in the text, also as a part of a longer one. No words: nothing is
 * looked for.
 * @param {string} words
 * @param {string} text
 */
export function hasWords(words, text) {
  const wanted = folded(words).split(/\s+/).filter(Boolean), where = folded(text);
  return wanted.length > 0 && wanted.every((word) => where.includes(word));
}

/**
 * Whether the name stands in the text by itself: not as a part of a longer name, a host, or a link.
 * @param {string} name
 * @param {string} text
 */
export function isMentioned(name, text) {
  const wanted = folded(name);
  let where = folded(text);
  if (!wanted || !where.includes(wanted)) return false; // as of nearly all that is said
  where = where.replace(/\S+/g, (word) => (LINK.test(word) ? " " : word));
  for (let start = where.indexOf(wanted); start >= 0; start = where.indexOf(wanted, start + 1)) {
    if (begins(where, start) && ends(where, start + wanted.length)) return true;
  }
  return false;
}

/**
 * The character that ends in front of a place; "": none.
 * @param {string} text
 * @param {number} place
 */
function before(text, place) {
  const one = text.slice(Math.max(0, place - 2), place);
  return one.length === 2 && (one.codePointAt(0) ?? 0) > 0xffff ? one : one.slice(-1);
}

/**
 * The character that begins at a place; "": none.
 * @param {string} text
 * @param {number} place
 */
const at = (text, place) => (place < text.length ? String.fromCodePoint(text.codePointAt(place) ?? 0) : "");

/**
 * Whether a name may begin there.
 * @param {string} text
 * @param {number} start
 */
function begins(text, start) {
  const one = before(text, start);
  if (!one || UNSPACED.test(one)) return true;
  // "not-ann", "x.ann", "x@ann"; but "@ann" and "- ann"
  if ("-.@".includes(one) && start > 1) return !IS_WORD.test(before(text, start - 1));
  return !IS_WORD.test(one);
}

/**
 * Whether a name may end there.
 * @param {string} text
 * @param {number} end
 */
function ends(text, end) {
  const one = at(text, end);
  if (!one || UNSPACED.test(one)) return !COMBINING.test(one);
  if (HANGUL.test(one)) { // what Korean puts behind a name, it writes to it
    const last = before(text, end);
    return HANGUL.test(last) || last < "\u0080";
  }
  if ("-.@".includes(one)) return !IS_WORD.test(at(text, end + 1)); // "ann-send"; but "ann." and "ann - yes"
  return !IS_WORD.test(one);
}
