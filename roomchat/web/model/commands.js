// What can be typed: text, and commands that begin with a slash. The same as in the terminal, by the same
// examples.

import { MAX_DIGITS, compared, otherOf, pairRoom, privateOf } from "../core/protocol.js";
import { MISSING, SPARE, TABLE } from "./command_table.js";
import { cell } from "./harmless.js";
import { nearest } from "./nearest.js";
import { TypingError } from "./say.js";

/**
 * What is known when something is typed: `meant` are all who can be meant by a UID or a name.
 * @typedef {{me: {uid: number}, names: Map<number, string>, lastWhisperer?: number | null,
 *   meant(who: string): number[]}} Known
 *
 * What to do: a command for the server has a `type`, anything else is done here and has a `local`.
 * @typedef {{type: string, [field: string]: any} | {local: string, [field: string]: any}} Meant
 *
 * `forms` are those of its arguments, of which so many are required.
 * @typedef {{group: string, form: string, name: string, forms: string[], required: number, help: string,
 *   aliases: string[]}} SlashCommand
 */

/** A name is typed that we have not heard of; the server may know more. */
export class NobodyCalled extends TypingError {}

const MAX_ECHOED = 40; // characters of what was typed that an answer repeats
/** @type {Record<string, number>} */
const UNITS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }; // seconds

/** @type {SlashCommand[]} */
export const COMMANDS = TABLE.flatMap(([group, commands]) => commands.map(([form, help, ...aliases]) => {
  const [name, ...typed] = form.split(" ");
  const required = typed.filter((one) => !one.startsWith("[")).length;
  return { group, form, name, forms: typed.map((one) => one.replace(/\W/g, "")), required, help, aliases };
}));

/** @type {Map<string, SlashCommand>} also under their other names */
export const BY_NAME = new Map(COMMANDS.flatMap((one) => [one.name, ...one.aliases].map((name) => [name, one])));

/**
 * Whom a typed UID or name means.
 * @param {Known} chat
 * @param {string} who
 * @returns {number}
 */
export function uidOf(chat, who) {
  const found = chat.meant(who);
  if (found.length > 1) {
    const choices = found.map((uid) => `${cell(chat.names.get(uid) ?? "the UID")} (${uid})`).join(" or ");
    throw new NobodyCalled(`Nothing was sent: ${who} could be ${choices}. Type the UID.`);
  }
  if (!found.length) {
    const how = "/who lists everyone. To reach someone who is offline, type their UID.";
    throw new NobodyCalled(`No one here is called ${who}; ${how}`);
  }
  if (!found[0]) throw new TypingError("0 is not a valid UID. /who lists everyone.");
  return found[0];
}

/** @param {string} text a typed number */
function number(text) {
  if (!/^\d+$/.test(text) || text.length > MAX_DIGITS) throw new TypingError(`${text} is not a number.`);
  return Number(text);
}

/**
 * How long something is to last, in seconds: 90s, 15m, 2h, 7d, 4w; undefined: it is no such time.
 * @param {string} text
 */
export function secondsOf(text) {
  const match = /^([1-9]\d{0,5})([smhdw])$/i.exec(text);
  return match ? Number(match[1]) * UNITS[match[2].toLowerCase()] : undefined;
}

/**
 * How long, and why, of "2h Sleep over it.": either may be left out.
 * @param {string} [typed]
 */
function limited(typed = "") {
  const [first, rest = ""] = cut(typed), seconds = secondsOf(first);
  if (seconds !== undefined) return { seconds, reason: rest };
  if (!/^\d+[a-z]{0,5}$/i.test(first)) return { reason: typed };
  throw new TypingError(`${first} is no time; write 30m, 2h, 7d, or no time for good.`);
}

/**
 * The first word, and the rest.
 * @param {string} text
 */
const cut = (text) => words(text, 1);

/**
 * So many words, and the rest with its spaces, if there is one.
 * @param {string} text
 * @param {number} most
 */
function words(text, most) {
  const found = [];
  let rest = text.trim();
  while (rest && found.length < most) {
    const [word] = /** @type {RegExpExecArray} */ (/^\S+/.exec(rest));
    found.push(word);
    rest = rest.slice(word.length).trimStart();
  }
  return rest ? [...found, rest] : found;
}

/** @param {string} text the room that is meant: #tea is tea */
const roomOf = (text) => text.replace(/^#(?=.)/s, "");

/** @param {string} text the rooms that are meant by a list; none is named twice */
function roomsOf(text) {
  const names = text.split(",").map((one) => one.trim()).filter(Boolean).map(roomOf);
  const rooms = new Map(names.map((name) => [compared(name), name]));
  return rooms.size ? [...rooms.values()] : [text];
}

/** @param {Known} chat @param {string} who */
const pairWith = (chat, who) => pairRoom(uidOf(chat, who), chat.me.uid);

/**
 * A window: @bob is that of the whispers with bob.
 * @param {Known} chat
 * @param {string} typed
 */
function windowOf(chat, typed) {
  if (!typed.startsWith("@")) return roomOf(typed);
  const other = otherOf(typed, chat.me.uid);
  if (other !== null && typed === pairRoom(other, chat.me.uid)) return typed; // a program may have it from us
  return pairWith(chat, typed);
}

/** @typedef {(chat: Known, args: string[]) => Meant} Make */

/**
 * What an argument says, by its form.
 * @type {Record<string, (chat: Known, typed: string) => object>}
 */
const SAYS = {
  UID: (chat, typed) => ({ uid: uidOf(chat, typed) }),
  ROOM: (chat, typed) => ({ room: roomOf(typed) }),
  TEXT: (chat, text) => ({ text }),
  WORDS: (chat, words) => ({ words }),
  NAME: (chat, name) => ({ name }),
  INVITE: (chat, invite) => ({ invite }),
  WHY: (chat, typed) => limited(typed),
};

/** @type {Record<string, string>} what the page does by itself, with what the arguments say */
const HERE = {
  "/delete": "deleteMessage",
  "/names": "names",
  "/whois": "whois",
  "/block": "blockPerson",
  "/unblock": "unblockPerson",
  "/mentions": "mentions",
  "/clear": "clear",
  "/away": "setAway",
  "/register": "registerHere",
  "/password": "newPassword",
  "/devices": "listDevices",
  "/unregister": "endAccount",
  "/connect": "retry",
};

/** @type {Record<string, Make>} commands that mean more, or something else, than their arguments say */
const MAKE = {
  "/me": (chat, [text]) => ({ type: "say", text, kind: "action" }),
  "/reply"(chat, [text]) {
    if (chat.lastWhisperer) return { type: "whisper", uid: chat.lastWhisperer, text };
    throw new TypingError("Nobody has whispered to you yet. To whisper to someone: /whisper UID TEXT");
  },
  "/query": (chat, [who, text]) => ({ local: "switchRoom", room: pairWith(chat, who), text }),
  "/join"(chat, args) {
    if (args.length > 1 && privateOf(args[0])) return { type: "join", room: args[0], invitation: args[1] };
    const commands = roomsOf(args.join(" ")).map((room) => ({ type: "join", room }));
    return commands.length > 1 ? { local: "several", commands } : commands[0];
  },
  "/room"(chat, [typed]) {
    if (/^\d+$/.test(typed)) return { local: "switchRoom", number: number(typed) };
    return { local: "switchRoom", room: typed && windowOf(chat, typed) };
  },
  "/close": (chat, [who]) => ({ local: "closeWindow", room: who && pairWith(chat, who) }),
  "/private": (chat, [room]) => ({ type: "join", room: roomOf(room), private: true }),
  "/invitation"(chat, [typed = ""]) {
    /** @type {Meant} */
    const made = { type: "invite" };
    for (const word of typed.split(/\s+/).filter(Boolean)) {
      const seconds = secondsOf(word);
      if (seconds === undefined) made.uses = number(word);
      else made.seconds = seconds;
    }
    return made;
  },
  "/uninvite"(chat, [typed]) {
    if (typed.startsWith("#")) return { type: "uninvite", number: number(typed.slice(1)) };
    return { type: "uninvite", uid: uidOf(chat, typed) };
  },
  "/topic": (chat, [topic]) => (topic ? { type: "topic", topic: topic === "-" ? "" : topic } : { type: "rules" }),
  "/kick": (chat, [who, reason]) => ({ type: "kick", uid: uidOf(chat, who), reason }),
  "/banip": (chat, [who, how]) => ({ type: "ban", uid: uidOf(chat, who), ...limited(how), address: true }),
  "/history": (chat, [count]) => ({ local: "scrollBack", count: count && number(count) }),
  "/search"(chat, [typed = ""]) {
    const [first, rest = ""] = cut(typed);
    if (/^--?all$/i.test(first)) return { local: "search", words: rest, everywhere: true };
    return { local: "search", words: typed };
  },
  "/copy": (chat, [typed]) => ({ local: "copy", number: typed ? number(typed) : 1 }),
  "/login"(chat, [name]) {
    if (name?.includes(" ")) {
      throw new TypingError("Usage: /login NAME. The password is asked for then, and not shown.");
    }
    return { local: "logIn", name };
  },
  "/logout"(chat, [typed]) {
    if (/^others?$/i.test(typed)) return { local: "logOut", others: true };
    return { local: "logOut", device: typed && number(typed) };
  },
  "/help"(chat, [typed]) {
    const topic = typed?.toLowerCase().replace(/^\//, "");
    return { local: "help", topic: topic && commandNamed(`/${topic}`).name.slice(1) };
  },
  "/quit"() {
    throw new TypingError("To leave, close the page; you can come back as who you are. /logout ends that.");
  },
};

/**
 * What to do with a typed line; null: nothing.
 * @param {string} line
 * @param {Known} chat
 * @returns {Meant | null}
 */
export function parse(line, chat) {
  if (!line.trim()) return null;
  if (!/^\/(?!\/)/.test(line)) return { type: "say", text: line.replace(/^\/\//, "/") };
  const [typed, rest = ""] = cut(line);
  const { name, form, forms, required } = commandNamed(typed.toLowerCase());
  // The last argument has its spaces; of a command without any, all that is behind it is too much.
  const args = SPARE.includes(name) ? words(rest, forms.length).slice(0, forms.length)
    : words(rest, forms.length - 1);
  if (args.length < required || args.length > forms.length) throw new TypingError(`Usage: ${form}`);
  if (name in MAKE) return MAKE[name](chat, args);
  const said = Object.assign({}, ...args.map((typed, i) => SAYS[forms[i]](chat, typed)));
  return name in HERE ? { local: HERE[name], ...said } : { type: name.slice(1), ...said };
}

/**
 * The command of that name, or that others know under it.
 * @param {string} name
 * @returns {SlashCommand}
 */
function commandNamed(name) {
  const command = BY_NAME.get(name);
  if (command) return command;
  if (Object.hasOwn(MISSING, name)) throw new TypingError(MISSING[name]);
  const typed = name.slice(0, MAX_ECHOED), names = [...BY_NAME.keys()].sort();
  const near = typed.length > 1 && (names.find((known) => known.startsWith(typed)) ?? nearest(typed, names));
  throw new TypingError(near ? `There is no command ${typed}. Did you mean ${near}? /help lists all.`
    : `There is no command ${typed}. /help lists all. To say it, begin with //.`);
}

/**
 * What a command does.
 * @param {string} name without its slash
 */
export function about(name) {
  const { form, help, aliases } = commandNamed(`/${name}`);
  return `${form}: ${help}.${aliases.length ? ` Also: ${aliases.join(", ")}.` : ""}`;
}
