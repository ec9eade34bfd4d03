// Whether a text speaks of somebody by name: as in the terminal, by the same examples.

const WORD = "[\\p{L}\\p{N}\\p{M}_]";
// Scripts that are written without spaces: a name beside one of their signs ends there.
const UNSPACED = "[\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff" + // Thai, Lao, Myanmar, Khmer
  "\\u3005-\\u3007\\u3040-\\u30ff\\u31f0-\\u31ff" + // signs of repetition, kana
  "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}]"; // Han
// Of these, the marks that change the letter before them.
const COMBINING = "[\\u0e38-\\u0e3a\\u0e48-\\u0e4b\\u0eb8-\\u0eba\\u0ec8-\\u0ecb\\u1037\\u1039\\u103a" +
  "\\u108d\\u17d2\\u17dd\\u3099\\u309a]";
const HANGUL = "[\\uac00-\\ud7a3]";
// A name may begin, and end, where no word goes on: "not-ann", "x.ann", "x@ann", "ann-send" are something else;
// but "@ann", "- ann", "ann.", "ann - yes". What Korean puts behind a name of its own, or of ASCII, it writes to
// it.
const BEGINS = `(?:(?<=${UNSPACED})|(?<!${WORD}[-.@]?))`;
const ENDS = `(?:(?![-.@]?${WORD})|(?=${UNSPACED})(?!${COMBINING})|(?<=[\\0-\\x7f]|${HANGUL})(?=${HANGUL}))`;
const LINK = /:\/\/|(?<![\p{L}\p{N}_])www\./u; // what a word has in it that is one

/** @param {string} text as it is compared: without case, width, and ways to compose a letter */
const folded = (text) => text.normalize("NFKC").toLowerCase();

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
  const wanted = folded(name), where = folded(text);
  if (!wanted || !where.includes(wanted)) return false; // as of nearly all that is said
  const literal = wanted.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const withoutLinks = where.replace(/\S+/g, (word) => (LINK.test(word) ? " " : word));
  return new RegExp(BEGINS + literal + ENDS, "u").test(withoutLinks);
}
