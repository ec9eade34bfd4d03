// Everyone on the server, page by page: nobody tells us of people who are in no room of ours.

/**
 * Hear of them all: each page is an event like any other, and the chat takes note of it.
 * @param {any} engine
 * @yields {void} when there is one more page
 */
export async function* everyone(engine) {
  for (let after = 0, last = -1; last < after;) {
    last = after;
    after = (await engine.ask({ type: "who", after })).clients.at(-1)?.uid ?? after;
    yield;
  }
}
