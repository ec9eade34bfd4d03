// What is known of a person, and what one can do: whisper, call, block, and keep order.

import { pairRoom } from "../../core/protocol.js";
import { uidName } from "../../model/words.js";
import { actionRow, button } from "../buttons.js";
import { copyText } from "../clipboard.js";
import { openDialog } from "../dialog.js";
import { el } from "../dom.js";
import { nameElement, presence, tile } from "../person.js";
import { personItems } from "./person_items.js";

/**
 * @param {import("../app.js").App} app
 * @param {{uid: number, name?: string}} args
 */
export function openPerson(app, { uid, name: given }) {
  const { chat } = app;
  const room = chat.rooms.get(chat.current);
  const member = room?.members.get(uid);
  const text = chat.names.get(uid) ?? given ?? `UID ${uid}`;
  const isMe = uid === chat.me.uid;
  const isAway = member?.away ?? (room?.other?.uid === uid ? room.other.offline : undefined);
  const facts = [isAway ? "Away, number" : "Number", ` ${uid}`, isMe && ", you", roleOf(room, uid)];
  const then = (/** @type {() => void} */ run) => () => {
    dialog.close();
    run();
  };
  const copy = () => copyText(String(uid), app.tell);
  const call = then(() => app.open("dial", { digits: String(uid) }));
  const main = isMe ? [button("Name and account", then(() => app.open("account")), "", "key")] : [
    button("Whisper", then(() => app.go(pairRoom(chat.me.uid, uid))), "main", "whisper"),
    button("Call", call, "", "phone"),
  ];
  /** @type {import("../menu.js").MenuEntry[]} */
  const more = [
    { label: "Copy the number", icon: "copy", run: copy },
    ...(isMe ? [] : [blocking(app, uid)]),
    ...(room && !room.isPair && !isMe ? personItems(app, room, member ?? { uid, name: text }) : []),
  ];
  const dialog = openDialog({
    title: isMe ? "You" : "Person",
    body: [
      el("div", { class: "person-head" }, tile(uid, "big"),
        el("div", { class: "ellipsis" }, nameElement(uid, text),
          el("p", { class: "soft small" }, isAway !== undefined && presence(isAway), " ", ...facts))),
      el("div", { class: "row" }, ...main),
      el("ul", { class: "list" }, ...more.map(({ label, icon, run, danger }) =>
        actionRow(icon, label, then(run), danger))),
    ],
  });
}

/**
 * @param {any} room
 * @param {number} uid
 */
const roleOf = (room, uid) => room?.roles.get(uid) && `, ${room.roles.get(uid)} here`;

/**
 * @param {import("../app.js").App} app
 * @param {number} uid
 * @returns {import("../menu.js").MenuEntry}
 */
function blocking({ ask, chat, tell }, uid) {
  const isBlocked = chat.blocked.has(uid);
  const who = uidName(uid, chat);
  const run = async () => {
    if (!(await ask({ type: isBlocked ? "unblock" : "block", uid }))) return;
    tell(isBlocked ? `You hear from ${who} again.` : `You have blocked ${who}.`);
  };
  return { label: isBlocked ? "Hear from them again" : "Block", icon: "block", danger: !isBlocked, run };
}
