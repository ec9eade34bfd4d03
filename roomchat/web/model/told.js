// Events as sentences, the same as in the terminal. All that others wrote in them is made harmless here.

import { isPair } from "../core/protocol.js";
import { cell } from "./harmless.js";
import { deed, listed, personName, roomName, whisperer, whispersTold, whose, willSeeLater } from "./words.js";

/** @typedef {import("./words.js").Known} Known */

/**
 * What is known beside that: `putOut` is the entry by which we were put out of a room last, `current` where one
 * looks.
 * @typedef {Known & {putOut?: any, current?: string | null}} Told
 */

/** @type {Record<string, string>} */
const EXITED = {
  left: "left",
  bye: "said goodbye",
  lost: "has left: the connection was lost",
  shut_out: "was banned from the server",
};

/** @type {Record<string, (event: any, chat: Told) => string[]>} */
const SENTENCES = {
  joined(event, chat) {
    const uid = chat.me.uid;
    if (isPair(event.room)) {
      if (event.by === undefined) return []; // we were in it before
      const other = whisperer(event.room, chat);
      const isAlone = event.by === uid && event.members_total === 1;
      return isAlone ? [whispersTold(other), willSeeLater(other)] : [whispersTold(other)];
    }
    const room = cell(event.room), lines = [];
    if (event.by === uid) lines.push(`You started ${room}.`);
    else if (event.device !== undefined) lines.push(`You went into ${room} on another device.`);
    else if (event.by !== undefined) lines.push(`${caller(event, chat)} dialled you: you are in ${room}.`);
    if (event.topic) lines.push(`${room} is about: ${cell(event.topic)}`);
    const others = event.members.filter((/** @type {any} */ one) => one.uid !== uid).map(personName);
    const isAlone = event.members_total <= 1;
    lines.push(isAlone ? `You are in ${room}, alone for now.`
      : listed(`You are in ${room} with`, others, event.members_total - 1));
    return lines;
  },
  left(event, chat) {
    const why = chat.putOut;
    const went = event.reason && why?.room === event.room
      ? `${whose(why.name, why.uid)} ${deed(why, "you")}`
      : `You ${event.reason ? "were put out of" : "left"} ${cell(event.room)}.`;
    const now = chat.current ? `You are in ${roomName(chat.current, chat)} now.` : "You are not in a room now.";
    return [went, now];
  },
  renamed(event, chat) {
    const name = cell(event.name), who = cell(event.old);
    return [event.uid === chat.me.uid ? `You are now called ${name}.` : `${who} is now called ${name}.`];
  },
  invited(event, chat) {
    const room = cell(event.room);
    if (event.uid === chat.me.uid) return [`${whose(event.whom_name, event.whom)} is invited into ${room}.`];
    return [`${whose(event.name, event.uid)} invites you into ${room}. To go there: /join ${room}`];
  },
  member_joined: (event) => [`${whose(event.name, event.uid)} came in.`],
  member_left(event) {
    if (event.reason === "kicked" || event.reason === "banned") return []; // the entry tells it
    const how = Object.hasOwn(EXITED, event.reason) ? EXITED[event.reason] : cell(event.reason);
    return [`${whose(event.name, event.uid)} ${how}.`];
  },
  away: (event) => [`${whose(event.name, event.uid)} is away: the connection was lost.`],
  back: (event) => [`${whose(event.name, event.uid)} is back.`],
  gap: (event) => [
    `Messages after ${event.after} and before ${event.before} are missing: the server no longer keeps them.`,
  ],
  notice: (event) => [`Notice: ${cell(event.text)}`],
  error: (event) => [`Refused: ${cell(event.message)}`],
};

/**
 * @param {{by: number}} event
 * @param {Known} chat
 */
export const caller = (event, chat) => whose(chat.names.get(event.by) ?? "Someone", event.by);

/**
 * What a person is told of an event: sentences; none of what an entry tells, or what is for programs.
 * @param {any} event as it came
 * @param {Told} chat has heard of it already
 * @returns {string[]}
 */
export const told = (event, chat) =>
  (Object.hasOwn(SENTENCES, event.type) ? SENTENCES[event.type](event, chat) : []);

/**
 * What someone is told who was dialled, and looks elsewhere.
 * @param {any} event joined, with `by`
 * @param {Known} chat
 */
export const dialledElsewhere = (event, chat) =>
  `${caller(event, chat)} dialled you: you are in ${cell(event.room)}, too.`;
