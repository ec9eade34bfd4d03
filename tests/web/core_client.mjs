// A client that is the page's core without a page: over a real WebSocket, kept in memory.
//
// It takes one command a line: {"say": LINE}, {"ask": COMMAND}, {"cut": true} (its connection breaks), and tells one
// thing a line: {"shown": EVENT}, {"status": STATUS}, {"answer": EVENT or code}, {"pending": how many lines wait}.

import { createInterface } from "node:readline";

import { browser } from "../../roomchat/web/core/outside.js";
import { Reconnecting } from "../../roomchat/web/core/reconnecting.js";
import { Session } from "../../roomchat/web/core/session.js";

const [url, name] = process.argv.slice(2);
const session = new Session();
session.ask(name);
/** @type {WebSocket} */
let socket;
const tell = (/** @type {any} */ what) => console.log(JSON.stringify(what));
const reconnecting = new Reconnecting({
  session,
  keep: async ({ gone, show }) => {
    if (gone.length) tell({ pending: session.said.pending.size });
    for (const shown of show) tell({ shown });
  },
  status: (status) => tell({ status }),
  outside: { ...browser, connect: () => (socket = new WebSocket(url)) },
});

reconnecting.retry();
for await (const line of createInterface({ input: process.stdin })) {
  const { say, ask, cut } = JSON.parse(line);
  if (say) reconnecting.say(say);
  else if (cut) socket.close();
  else {
    const answer = await reconnecting.ask(ask).catch((error) => error.code);
    tell({ answer });
  }
}
await reconnecting.close();
