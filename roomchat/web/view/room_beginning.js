// What stands above the first message of a room.

import { otherOf } from "../core/protocol.js";
import { cell } from "../model/harmless.js";
import { whisperer, whispersTold } from "../model/words.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { isolated } from "./person.js";

/**
 * @param {any} chat
 * @param {string} key of the room
 * @param {boolean} isCut whether something was said before it
 */
export function beginning(chat, key, isCut) {
  const room = chat.rooms.get(key), isPair = room?.isPair;
  const name = isPair ? whisperer(key, chat) : cell(room?.name ?? key);
  const sign = isPair ? String(otherOf(key, chat.me.uid) ?? "") : icon(room?.isPrivate ? "lock" : "room");
  const before = isCut ? "What was said before this is no longer kept." :
    `Nothing was said in ${name} before this.`;
  const words = isPair ? whispersTold(name) : room?.topic ? cell(room.topic) : before;
  return el("header", { class: "beginning" }, el("span", { class: "sign", "aria-hidden": "true" }, sign),
    el("h2", null, ...isolated(name)), el("p", null, ...isolated(words)),
    isCut && words !== before && el("p", null, before));
}
