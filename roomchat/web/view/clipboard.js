// Putting something into the clipboard, and saying so.

const NO_COPY = "This browser lets no page copy here: it may only where the page came with TLS.";

/**
 * @param {string} text
 * @throws {Error} with a sentence: it can't be done here
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    throw new Error(NO_COPY);
  }
}

/**
 * @param {string} text
 * @param {(sentence: string) => void} tell
 */
export async function copyText(text, tell) {
  await copy(text).then(() => tell("Copied."), () => tell(text)); // so it can be read, and marked, at least
}
