// The nearest of some words, as Python's difflib has it: the terminal guesses alike.

/**
 * Characters that two words have in common: those of the longest block, and of what is on both sides of it.
 * @param {string} one
 * @param {string} other
 * @returns {number}
 */
function common(one, other) {
  let size = 0, at = 0, there = 0;
  for (let i = 0; i < one.length; i++) {
    for (let j = 0; j < other.length; j++) {
      let length = 0;
      while (i + length < one.length && one[i + length] === other[j + length]) length += 1;
      if (length > size) [size, at, there] = [length, i, j];
    }
  }
  if (!size) return 0;
  return size + common(one.slice(0, at), other.slice(0, there)) +
    common(one.slice(at + size), other.slice(there + size));
}

/**
 * The word that is most alike, if any is alike enough; of several the last.
 * @param {string} word
 * @param {string[]} words sorted
 */
export function nearest(word, words) {
  let best = 0.6, found;
  for (const known of words) {
    const ratio = (2 * common(known, word)) / (known.length + word.length);
    if (ratio >= best) [best, found] = [ratio, known];
  }
  return found;
}
