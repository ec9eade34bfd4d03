// What is known of a person, and what one can do: whisper, call, block, and keep order.

import { pairRoom } from "../../core/protocol.js";
import { el } from "../dom.js";
import { openDialog } from "../dialog.js";
import { icon } from "../icons.js";
import { name, presence, tile } from "../person.js";
import { copyText } from "../sidebar.js";

/**
 * @param {import("../app.js").App} app
 * @param {{uid: number, name?: string}} args
 */
export function openPerson(app, { uid, name: given }) {
  const { chat } = app;
  const room = chat.current === null ? undefined : chat.rooms.get(chat.current);
  const member = room?.members.get(uid);
  const text = chat.nameOf(uid) ?? given ?? `UID ${uid}`;
  const role = room?.roles.get(uid);
  const isMe = uid === chat.me.uid;
  const isAway = member?.away ?? (room?.isPair && room.other?.uid === uid ? room.other.offline : undefined);
  const then = (/** @type {() => void} */ run) => () => {
    dialog.close();
    run();
  };
  const head = el("div", { class: "person-head" }, tile(uid, "big"), el("div", { class: "ellipsis" },
    name(uid, text),
    el("p", { class: "soft small" }, isAway === undefined ? null : presence(isAway), isAway && " Away, number" || " Number", ` ${uid}`,
      isMe ? ", you" : "", role ? `, ${role} here` : "")));
  const button = (/** @type {string} */ label, /** @type {string} */ drawing, /** @type {() => void} */ run, kind = "") =>
    el("button", { class: `button ${kind}`, type: "button", onclick: then(run) }, icon(drawing), label);
  const main = isMe
    ? [button("Name and account", "key", () => app.open("account"))]
    : [
      button("Whisper", "whisper", () => app.go(pairRoom(chat.me.uid, uid)), "main"),
      button("Call", "phone", () => app.open("dial", { digits: String(uid) })),
    ];
  const more = [
    { label: "Copy the number", icon: "copy", run: () => copyText(String(uid), app.tell, `${uid} is in the clipboard.`) },
    ...(isMe ? [] : [blocking(app, uid)]),
    ...(room && !room.isPair && !isMe ? app.personItems(app, room, member ?? { uid, name: text }) : []),
  ];
  const rows = more.map((entry) => el("li", null, el("button", {
    class: `list-row ${entry.danger ? "danger" : ""}`, type: "button", onclick: then(entry.run),
  }, icon(entry.icon ?? "shield"), entry.label)));
  const dialog = openDialog({
    title: isMe ? "You" : "Person", kind: "person-dialog", body: [head, el("div", { class: "row" }, ...main), el("ul", { class: "list" }, ...rows)],
  });
}

/** @param {import("../app.js").App} app @param {number} uid @returns {import("../menu.js").MenuEntry} */
function blocking(app, uid) {
  const isBlocked = app.chat.blocked.has(uid);
  const run = async () => {
    const done = await app.ask({ type: isBlocked ? "unblock" : "block", uid });
    const who = app.chat.nameOf(uid) ?? `UID ${uid}`;
    if (done) app.tell(isBlocked ? `You hear from ${who} (${uid}) again.` : `You have blocked ${who} (${uid}).`);
  };
  return { label: isBlocked ? "Hear from them again" : "Block", icon: "block", danger: !isBlocked, run };
}
