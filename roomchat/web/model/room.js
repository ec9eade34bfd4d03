// What is known of one room, or of the two who whisper: who is in it, which role they have, and what is new.

import { isPair, otherOf, privateOf } from "../core/protocol.js";

const MAX_FRESH = 1000; // entries that are counted as unread; more are as many

/** @typedef {{uid: number, name: string, away: boolean}} Member */
/** @typedef {"" | "owner" | "moderator"} Role */

export class Room {
  topic = "";
  /** @type {Map<number, Member>} by UID, as far as they are known; in a room of two without who is offline */
  members = new Map();
  membersTotal = 0;
  /** @type {Map<number, Role>} by UID, as far as they are known */
  roles = new Map();
  read = 0; // seq up to which it was read, on whatever device
  mark = 0; // seq behind which stands "new since", where one looks; 0: nowhere
  seen = 0; // seq of the newest entry that has come
  dialledBy = 0; // UID of who has dialled us into it, until one looks there; 0: nobody
  lastSeq = 0; // of the newest that there is
  lastTs = ""; // when that was
  newest = 0; // the last seq before we came: what is not above it is no reason for a sound
  /** @type {Map<number, number>} words of others above `read`: seq to who said it, as -UID if it is for us */
  fresh = new Map();
  #chat;
  /** @type {{unread: number, mentions: number, blocked: Set<number>} | null} null: to be counted */
  #counts = null;

  /**
   * @param {string} key its name, as the server writes it
   * @param {{me: {uid: number}, names: Map<number, string>, blocked: Set<number>}} chat
   */
  constructor(key, chat) {
    this.key = key;
    this.#chat = chat;
  }

  get isPair() {
    return isPair(this.key);
  }

  get isPrivate() {
    return this.founder !== undefined;
  }

  /** The UID of who has made the private room. */
  get founder() {
    return privateOf(this.key)?.uid;
  }

  /** The other one of a room of two. */
  get other() {
    const uid = otherOf(this.key, this.#chat.me.uid);
    if (uid === null) return undefined;
    const offline = this.members.get(uid)?.away ?? true;
    return { uid, name: this.#chat.names.get(uid) ?? `UID ${uid}`, offline };
  }

  /** As people know it. */
  get name() {
    return this.other?.name ?? privateOf(this.key)?.name ?? this.key;
  }

  /** @returns {Role} ours */
  get role() {
    return this.roles.get(this.#chat.me.uid) ?? "";
  }

  /** How many words of others are unread, without those of who is blocked. */
  get unread() {
    return this.#count().unread;
  }

  /** How many of these are for this person, as all whispers are; to be dialled counts as one. */
  get mentions() {
    return this.#count().mentions + Number(this.dialledBy > 0);
  }

  #count() {
    const { blocked } = this.#chat;
    if (this.#counts?.blocked === blocked) return this.#counts;
    const uids = [...this.fresh.values()].filter((uid) => !blocked.has(Math.abs(uid)));
    return (this.#counts = { unread: uids.length, mentions: uids.filter((uid) => uid < 0).length, blocked });
  }

  // ------------------------------------------------------------ what is new

  /**
   * We are in it, for the first time or again.
   * @param {import("../core/protocol.js").Joined} event
   * @param {boolean} isNew
   */
  joined({ members, members_total, last_seq, read, role, topic = "", isCut = false }, isNew) {
    this.topic = topic;
    this.roles.set(this.#chat.me.uid, role ?? "");
    this.meet(members, members_total, true);
    this.lastSeq = isCut ? last_seq : Math.max(this.lastSeq, last_seq); // an answer may come behind what is newer
    if (isNew) {
      this.newest = last_seq;
      this.read = read ?? (this.isPair ? 0 : last_seq); // what was said before we were ever here is not new
      this.seen = this.isPair ? 0 : Math.min(this.read, last_seq);
    } else if (isCut) {
      this.seen = last_seq; // the server has lost the end of its log
      this.read = Math.min(this.read, last_seq);
      this.#drop((seq) => seq > last_seq);
    }
    if (read !== undefined) this.readUpTo(read);
  }

  /**
   * An entry has come; whether it is news: it may have come before.
   * @param {import("../core/protocol.js").Entry} entry
   * @param {boolean} isOfOthers whether it is words of somebody else, blocked or not
   * @param {boolean} wants whether it is for this person
   */
  add({ seq, ts, uid }, isOfOthers, wants) {
    if (seq <= this.seen) return false;
    this.seen = seq;
    this.lastSeq = Math.max(this.lastSeq, seq);
    if (ts) this.lastTs = ts;
    if (!isOfOthers || seq <= this.read) return true;
    this.fresh.set(seq, wants ? -uid : uid);
    this.#counts = null;
    if (this.fresh.size > MAX_FRESH) this.erase([...this.fresh.keys()][0]);
    return true;
  }

  /**
   * All up to that seq was read; whether that is more than before.
   * @param {number} seq
   */
  readUpTo(seq) {
    if (seq <= this.read) return false;
    this.read = seq;
    this.#drop((one) => one <= seq);
    return true;
  }

  /** @param {number} seq up to which it was read on another device: what is new begins behind it */
  readElsewhere(seq) {
    this.readUpTo(seq);
    if (this.mark && this.mark < seq) this.mark = seq;
  }

  /** @param {number} seq of words that are deleted: nobody need read them any more */
  erase(seq) {
    this.#drop((one) => one === seq);
  }

  /** @param {(seq: number) => boolean} isGone */
  #drop(isGone) {
    for (const seq of this.fresh.keys()) if (isGone(seq)) this.fresh.delete(seq);
    this.#counts = null;
  }

  // ------------------------------------------------------------ who is in it

  /**
   * A list of those who are in it.
   * @param {import("../core/protocol.js").Person[]} people
   * @param {number} total how many there are
   * @param {boolean} isAll whether it is in place of what was known; else it is a page, by rising UID
   */
  meet(people, total, isAll) {
    this.membersTotal = total;
    const [from, to] = isAll ? [0, Infinity] : [people[0]?.uid ?? 0, people.at(-1)?.uid ?? 0];
    for (const uid of this.members.keys()) if (from <= uid && uid <= to) this.members.delete(uid);
    for (const { uid, name, away = false } of people) this.members.set(uid, { uid, name, away });
  }

  /**
   * Somebody comes, goes, or is away, or many do; whether that is news.
   * @param {any} event
   */
  come({ type, uid, name, members_total }) {
    if (type === "presence_summary") {
      this.membersTotal = members_total;
      return true;
    }
    const known = this.members.get(uid);
    this.membersTotal += Number(type === "member_joined") - Number(type === "member_left");
    if (type === "member_left") this.members.delete(uid);
    else this.members.set(uid, { uid, name, away: type === "away" });
    return type === "member_left" || type === "away" || known === undefined || known.away;
  }

  /**
   * @param {number} uid
   * @param {string} name
   */
  rename(uid, name) {
    const member = this.members.get(uid);
    if (member) this.members.set(uid, { ...member, name });
  }

  /**
   * Somebody has done something about a role.
   * @param {import("../core/protocol.js").DeedTo} deed
   */
  appoint({ type, whom }) {
    if (type === "promoted") this.roles.set(whom, "moderator");
    else if (type === "demoted" || type === "banned") this.roles.set(whom, "");
    else if (type === "owner") {
      for (const [uid, role] of this.roles) {
        if (role === "owner") this.roles.set(uid, this.members.has(uid) ? "moderator" : "");
      }
      this.roles.set(whom, "owner");
    }
  }

  /**
   * All who have a role.
   * @param {number | undefined} owner
   * @param {number[]} moderators
   */
  ordered(owner, moderators) {
    this.roles = new Map(moderators.map((uid) => [uid, "moderator"]));
    if (owner !== undefined) this.roles.set(owner, "owner");
  }
}
