// Runs before the first paint: the chosen theme and density, and whether to expect the entrance or the chat.
// Everything else waits for main.js. See view/settings.js, which writes what is read here.
"use strict";
try {
  const root = document.documentElement;
  const { theme = "auto", density = "normal" } = JSON.parse(localStorage.getItem("roomchat.settings") ?? "{}");
  root.dataset.theme = theme;
  root.dataset.density = density;
  if (!localStorage.getItem("roomchat.known")) root.dataset.phase = "stranger";
} catch {
  // No storage here, or not ours: the page looks as the system does.
}
