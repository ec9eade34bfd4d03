// Putting something into the clipboard, and saying so.

/**
 * @param {string} text
 * @param {(sentence: string) => void} tell
 * @param {string} sentence what is told when it is done
 */
export async function copyText(text, tell, sentence) {
  try {
    await navigator.clipboard.writeText(text);
    tell(sentence);
  } catch {
    tell(text); // there is no clipboard outside of a secure context: so it can be read, and marked, at least
  }
}
