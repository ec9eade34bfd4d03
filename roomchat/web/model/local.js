// What a person can ask for that the page does by itself: everything else that is typed is the server's.

import { PAGE, isPair } from "../core/protocol.js";
import { answered } from "./answers.js";
import { about } from "./commands.js";
import { cell } from "./harmless.js";
import { hasWords } from "./mentions.js";
import { NO_ROOM, TypingError, here } from "./say.js";
import { listed, roomName, said, uidName, whose, willSeeLater } from "./words.js";

/** @typedef {import("./runner.js").Runner} Runner */

const MAX_LOOKED_AT = 5000; // messages, for one's own last one

/**
 * The rooms as the sidebar has them, from its top.
 * @param {any} chat
 * @returns {any[]}
 */
export const inOrder = (chat) =>
  [...chat.rooms.values()].sort((one, other) => Number(one.isPair) - Number(other.isPair));

/** @param {any} room as a list of windows has it */
const withNew = (room) => (room.unread ? ` (${room.unread} new)` : "");

/** @type {Record<string, (runner: Runner, what: any, room: string | null) => Promise<void> | void>} */
export const LOCAL = {
  async several(runner, { commands }, room) {
    let refused = null;
    for (const one of commands) await runner.do(one, room).catch((error) => (refused = error));
    if (refused) throw refused;
  },
  async switchRoom(runner, { room, number, text }) {
    const { chat, view } = runner;
    const rooms = inOrder(chat);
    if (number !== undefined) {
      if (number < 1 || number > rooms.length) {
        const other = `A room of that name is #${number}.`;
        throw new TypingError(`There is no window ${number}; /room lists them. ${other}`);
      }
      return view.go(rooms[number - 1].key);
    }
    if (!room) {
      const names = rooms.map((one, i) => `${i + 1} ${roomName(one.key, chat)}${withNew(one)}`);
      return runner.tell(rooms.length ? listed("You are in", names) : NO_ROOM);
    }
    const there = runner.called(room);
    if (!there && !isPair(room)) throw new TypingError(`You are not in ${room}. Type /join ${room} to join it.`);
    view.go(there ?? room);
    if (text) await runner.say({ room: there ?? room, text });
  },
  closeWindow({ chat }, what, current) {
    const room = what.room ?? current;
    if (!room || !isPair(room)) throw new TypingError("Only whispers can be closed. /leave leaves a room.");
    chat.close(room);
  },
  names: (runner, what, room) => runner.do({ type: "who", room: what.room ?? here(room) }),
  async whois(runner, { uid }) {
    runner.tell(await knownOf(runner, uid));
  },
  async blockPerson(runner, { uid }) {
    const { chat, engine } = runner;
    if (uid === undefined) {
      const people = [...chat.blocked].sort((one, other) => one - other).map((one) => uidName(one, chat));
      return runner.tell(people.length ? listed("You have blocked", people) : "You have blocked nobody.");
    }
    if (uid === chat.me.uid) throw new TypingError("You can't block yourself.");
    if (!chat.blocked.has(uid)) await engine.ask({ type: "block", uid });
    runner.tell(`You have blocked ${uidName(uid, chat)}. To undo it, type /unblock ${uid}.`);
  },
  async unblockPerson(runner, { uid }) {
    const { chat, engine } = runner;
    if (!chat.blocked.has(uid)) throw new TypingError(`You have not blocked ${uidName(uid, chat)}.`);
    await engine.ask({ type: "unblock", uid });
    runner.tell(`You hear from ${uidName(uid, chat)} again.`);
  },
  async deleteMessage(runner, { words }, room) {
    const entry = await ownLast(runner, here(room), words);
    runner.view.open("delete", { entry });
  },
  search(runner, { words, everywhere }, room) {
    if (!words) return runner.again();
    const rooms = everywhere ? [...runner.chat.rooms.keys()] : [here(room)];
    runner.find(`Search: ${words}`, rooms, (entry) => hasWords(words, entry.text));
  },
  mentions(runner) {
    runner.find("Mentions and whispers", [...runner.chat.rooms.keys()], (entry) => runner.chat.wants(entry));
  },
  scrollBack({ chat, view }, { count }, current) {
    const room = here(current);
    if (count === undefined) return view.older();
    if (!count) throw new TypingError("Usage: /history [N], where N is at least 1.");
    view.goTo(room, Math.max(1, (chat.rooms.get(room)?.lastSeq ?? 0) - count + 1));
  },
  async copy(runner, { number }, room) {
    const { entries } = await runner.engine.past(here(room), null, PAGE);
    const words = entries.filter(isWords);
    if (!words.length) throw new TypingError("There is no message here to copy.");
    const entry = number ? words.at(-number) : undefined;
    if (!entry) throw new TypingError(`Only ${words.length} messages can be copied here: /copy [N]`);
    await runner.view.copy(said(entry).text);
    runner.tell("Copied.");
  },
  clear: ({ view }) => view.clear(),
  setAway: (runner, { text }) => runner.setAway(text),
  registerHere({ chat, view }, { invite }) {
    if (chat.me.account) throw new TypingError("You have an account here already.");
    view.open("register", { invite });
  },
  logIn: ({ view }, { name }) => view.open("login", { name }),
  newPassword: ({ chat, view }) => ofAccount(chat, () => view.open("password")),
  endAccount: ({ chat, view }) => ofAccount(chat, () => view.open("unregister")),
  listDevices: ({ view }) => view.open("devices"),
  async logOut(runner, { device, others }) {
    if (!others && device === undefined) return runner.engine.logout();
    runner.tell(...answered(await runner.engine.ask({ type: "logout", device, others }), runner.chat));
  },
  retry: ({ engine }) => engine.retry(),
  help(runner, { topic }) {
    if (topic) runner.tell(about(topic));
    else runner.view.open("help");
  },
};

/**
 * The last message of this person in a room, or the last one with these words.
 * @param {Runner} runner
 * @param {string} room
 * @param {string} [words]
 */
async function ownLast({ chat, engine }, room, words) {
  const isMeant = (/** @type {any} */ entry) => entry.uid === chat.me.uid && isWords(entry) &&
    (!words || hasWords(words, said(entry).text));
  let before = null, looked = 0;
  while (looked < MAX_LOOKED_AT) {
    /** @type {{entries: any[], more: boolean}} */
    const { entries, more } = await engine.past(room, before, PAGE);
    const found = entries.findLast(isMeant);
    if (found) return found;
    if (!more || !entries.length) break;
    looked += entries.length;
    before = entries[0].seq;
  }
  throw new TypingError(`Nothing of yours is left here${words ? ` with: ${words}` : " to delete"}.`);
}

/**
 * What is known of somebody.
 * @param {Runner} runner
 * @param {number} uid
 */
async function knownOf({ chat, engine }, uid) {
  if (uid === chat.me.uid) return `You are ${uidName(uid, chat)}.`;
  const [person] = (await engine.ask({ type: "who", after: uid - 1 })).clients;
  const isHere = person?.uid === uid;
  const name = isHere ? person.name : chat.names.get(uid);
  if (name === undefined) {
    return `No one here has the UID ${uid}, and it is not known who had. /who lists everyone.`;
  }
  if (!isHere) return `${whose(name, uid)} is not here. ${willSeeLater(cell(name))}`;
  const both = [...chat.rooms.values()].filter((room) => !room.isPair && room.members.has(uid));
  return `${whose(name, uid)} is here${person.away ? ", but the connection was lost" : ""}.` +
    (both.length ? ` ${listed("You are both in", both.map((room) => cell(room.key)))}` : "") +
    (chat.blocked.has(uid) ? ` You have blocked ${cell(name)}.` : "");
}

/** @param {any} entry whether somebody said it */
const isWords = ({ type }) => type === "message" || type === "action";

/**
 * Nobody is asked for a password that he can't have.
 * @param {any} chat
 * @param {() => void} ask
 */
function ofAccount(chat, ask) {
  if (!chat.me.account) throw new TypingError("You have no account here. To make one, type /register.");
  ask();
}
