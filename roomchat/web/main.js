// Puts the page together: the engine, what is known of the chat, and the parts that show it.

import { Settings } from "./view/settings.js";

new Settings();
// Parts put themselves in here: engine, chat, messages (places.messages()), composer (places.composer()).
