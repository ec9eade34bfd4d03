// How commands are typed, and what they do. Written by `make docs` from roomchat/terminal/typed: change it there.

/** @type {[group: string, commands: [form: string, help: string, ...aliases: string[]][]][]} */
export const TABLE = [
  ["Talking", [
    ["/say TEXT", "send a message, also one that begins with /"],
    ["/me TEXT", "describe what you are doing"],
    ["/whisper UID TEXT", "send a message to one person only", "/msg", "/w", "/tell"],
    ["/reply TEXT", "whisper to the person who whispered to you last", "/r"],
    ["/query UID [TEXT]", "chat privately with one person until you switch rooms", "/q"],
    ["/delete [WORDS]", "delete your last message here, or the last with WORDS", "/redact", "/unsend"],
  ]],
  ["Rooms", [
    ["/join ROOM [TOKEN]", "join a room, or create it; /join tea,ops joins both", "/j"],
    ["/leave [ROOM]", "leave a room, or the current one", "/part"],
    ["/room [ROOM]", "list your rooms, or go to one by name or number", "/window", "/win"],
    ["/close [UID]", "close a window of whispers; they are kept"],
    ["/rooms", "list all rooms", "/list"],
    ["/dial UID", "chat with someone, in the room they are in or in a new one", "/call"],
  ]],
  ["Order in a room", [
    ["/private ROOM", "make a room of your own that only the invited can join"],
    ["/invite UID", "invite someone into the private room that you are in"],
    ["/invitation [N]", "make an invitation for N people; 5 2d: for two days"],
    ["/uninvite UID", "take an invitation back, or the one that /rules calls #2"],
    ["/topic [TEXT]", "say what the room is about, or show it; - for nothing"],
    ["/rules [ROOM]", "show whose a room is, its moderators, and who is kept out"],
    ["/kick UID [WHY]", "put someone out of the room; they may come back"],
    ["/ban UID [WHY]", "keep someone out; /ban 7 2h WHY: for two hours"],
    ["/banip UID [WHY]", "ban a guest, and all guests from the same address"],
    ["/unban UID", "let someone in again"],
    ["/mute UID [WHY]", "refuse what someone says; /mute 7 10m: for ten minutes"],
    ["/unmute UID", "let someone speak again"],
    ["/promote UID", "make someone a moderator of your room", "/op"],
    ["/demote UID", "make someone a moderator no longer", "/deop"],
    ["/owner UID", "pass your room on to someone in it"],
  ]],
  ["People", [
    ["/names [ROOM]", "list who is in a room, or in the current one"],
    ["/who [ROOM]", "list everyone on the server, or in a room"],
    ["/whois UID", "show what is known of someone"],
    ["/block [UID]", "hear nothing more from someone; alone: list whom you blocked", "/blocked", "/ignore"],
    ["/unblock UID", "hear from someone again", "/unignore"],
  ]],
  ["Reading", [
    ["/history [N]", "show earlier messages of the current room"],
    ["/search [WORDS]", "find a message here; -all: anywhere; alone: next hit", "/lastlog", "/find"],
    ["/mentions", "list the messages that mention you, and whispers"],
    ["/copy [N]", "copy the last message, or the Nth from the end"],
    ["/clear", "empty the window; scroll back to see it again"],
  ]],
  ["About you", [
    ["/name NAME", "change your name", "/nick"],
    ["/away [TEXT]", "mark yourself as away; repeat when you are back", "/afk"],
    ["/register [INVITE]", "have an account: your name is yours, on all your devices"],
    ["/login [NAME]", "log in to your account, in place of who you are now"],
    ["/password", "change your password", "/passwd"],
    ["/devices", "list where you are logged in", "/sessions"],
    ["/logout [N]", "log out here, on device N, or on all others: /logout others"],
    ["/unregister", "end your account for good"],
  ]],
  ["The program", [
    ["/connect", "try to come back now, where the connection is lost", "/server"],
    ["/stats", "show statistics of the server"],
    ["/help [COMMAND]", "show this page, or details of one command", "/?"],
    ["/quit", "how to leave: close the page, or log out", "/exit", "/bye"],
  ]],
];

/** What people know from other chats, and what there is instead. @type {Record<string, string>} */
export const MISSING = {"/notice": "There are messages, /me and /whisper UID TEXT, but no notices."};

/** Words behind their arguments are passed over. */
export const SPARE = ["/leave", "/quit"];
