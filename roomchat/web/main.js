// Puts the page together: the engine, what is known of the chat, and the parts that show it.

import { Engine } from "./core/engine.js";
import { keepPage } from "./core/offline.js";
import { Chat } from "./model/chat.js";
import { cell } from "./model/harmless.js";
import { createApp, mount } from "./view/app.js";
import { Composer } from "./view/composer.js";
import { MessagesPane } from "./view/messages.js";
import { Notify } from "./view/notify.js";
import { Settings } from "./view/settings.js";
import { Whereabouts } from "./view/whereabouts.js";

const chat = new Chat();
const engine = new Engine(() => chat.snapshot());
// What is known hears of everything first: all others ask it.
engine.on("event", (event) => {
  if (chat.take(event)) pane.take(event);
});

const app = createApp({
  engine, chat, settings: new Settings(), run: (line) => composer.run(line), focus: () => composer.focus(),
});
const pane = new MessagesPane(app);
const composer = new Composer(app, pane);
const whereabouts = new Whereabouts(app);
new Notify(app);
mount(app, pane.element, composer.element, ({ motd, lobby = null }) => {
  if (motd) pane.timelines.tell(motd.split("\n").map(cell), "printed", lobby);
});

/**
 * @param {import("./core/engine.js").Kept | null} kept what is known at the beginning; null: nobody is logged in
 */
function begin(kept) {
  const isSame = composer.load(kept);
  whereabouts.begin(isSame, () => {
    chat.restore(kept?.chat ?? new Chat().snapshot());
    for (const event of kept?.events ?? []) chat.take(event, true);
    pane.load(kept);
  });
}

engine.on("reset", begin);
engine.start();
keepPage(engine);
