// Everyone on the server, page by page: nobody tells us of people who are in no room of ours.

/**
 * Hear of them: each page is an event like any other, and the chat takes note of it.
 * @param {any} engine
 * @param {() => boolean} [isEnough] is asked behind each page
 */
export async function meetEveryone(engine, isEnough = () => false) {
  for (let after = 0, last = -1; last < after;) {
    last = after;
    after = (await engine.ask({ type: "who", after })).clients.at(-1)?.uid ?? after;
    if (isEnough()) return;
  }
}
