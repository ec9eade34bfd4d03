// How commands are typed, and what they do. Written by `make docs` from roomchat/terminal/typed: change it there.

/** @type {[group: string, commands: [form: string, help: string, example: string, ...aliases: string[]][]][]} */
export const TABLE = [
  ["Talking", [
    ["/say TEXT", "send a message, also one that begins with /", "/say /join is a command"],
    ["/me TEXT", "describe what you are doing", "/me puts the kettle on"],
    ["/whisper UID TEXT", "send a message to one person only", "/whisper 7 Only you can read this.", "/msg", "/w", "/tell"],
    ["/reply TEXT", "whisper to the person who whispered to you last", "/reply See you tonight.", "/r"],
    ["/query UID [TEXT]", "chat privately with one person until you switch rooms", "/query bob", "/q"],
    ["/delete [WORDS]", "delete your last message here, or the last with WORDS", "/delete the wrong number", "/redact", "/unsend"],
  ]],
  ["Rooms", [
    ["/join ROOM [TOKEN]", "join a room, or create it; /join tea,ops joins both", "/join tea", "/j"],
    ["/leave [ROOM]", "leave a room, or the current one", "/leave tea", "/part"],
    ["/room [ROOM]", "list your rooms, or go to one by name or number", "/room 2", "/window", "/win"],
    ["/close [UID]", "close a window of whispers; they are kept", "/close bob"],
    ["/rooms", "list all rooms", "/rooms", "/list"],
    ["/dial UID", "chat with someone, in the room they are in or in a new one", "/dial 7", "/call"],
  ]],
  ["Order in a room", [
    ["/private ROOM", "make a room of your own that only the invited can join", "/private plans"],
    ["/invite UID", "invite someone into the private room that you are in", "/invite bob"],
    ["/invitation [N]", "make an invitation for N people; 5 2d: for two days", "/invitation 5 2d"],
    ["/uninvite UID", "take an invitation back, or the one that /rules calls #2", "/uninvite #2"],
    ["/topic [TEXT]", "say what the room is about, or show it; - for nothing", "/topic Cakes, and who bakes them"],
    ["/rules [ROOM]", "show whose a room is, its moderators, and who is kept out", "/rules tea"],
    ["/kick UID [WHY]", "put someone out of the room; they may come back", "/kick 7 No advertising, please."],
    ["/ban UID [WHY]", "keep someone out; /ban 7 2h WHY: for two hours", "/ban 7 2h Sleep over it."],
    ["/banip UID [WHY]", "ban a guest, and all guests from the same address", "/banip 7 1d"],
    ["/unban UID", "let someone in again", "/unban 7"],
    ["/mute UID [WHY]", "refuse what someone says; /mute 7 10m: for ten minutes", "/mute 7 10m"],
    ["/unmute UID", "let someone speak again", "/unmute 7"],
    ["/promote UID", "make someone a moderator of your room", "/promote bob", "/op"],
    ["/demote UID", "make someone a moderator no longer", "/demote bob", "/deop"],
    ["/owner UID", "pass your room on to someone in it", "/owner bob"],
  ]],
  ["People", [
    ["/names [ROOM]", "list who is in a room, or in the current one", "/names"],
    ["/who [ROOM]", "list everyone on the server, or in a room", "/who tea"],
    ["/whois UID", "show what is known of someone", "/whois 7"],
    ["/block [UID]", "hear nothing more from someone; alone: list whom you blocked", "/block 7", "/blocked", "/ignore"],
    ["/unblock UID", "hear from someone again", "/unblock 7", "/unignore"],
  ]],
  ["Reading", [
    ["/history [N]", "show earlier messages of the current room", "/history 100"],
    ["/search [WORDS]", "find a message here; -all: anywhere; alone: next hit", "/search -all budget", "/lastlog", "/find"],
    ["/mentions", "list the messages that mention you, and whispers", "/mentions"],
    ["/copy [N]", "copy the last message, or the Nth from the end", "/copy 2"],
    ["/clear", "empty the window; scroll back to see it again", "/clear"],
  ]],
  ["About you", [
    ["/name NAME", "change your name", "/name eve", "/nick"],
    ["/away [TEXT]", "mark yourself as away; repeat when you are back", "/away back at four", "/afk"],
    ["/register [INVITE]", "have an account: your name is yours, on all your devices", "/register"],
    ["/login [NAME]", "log in to your account, in place of who you are now", "/login ann"],
    ["/password", "change your password", "/password", "/passwd"],
    ["/devices", "list where you are logged in", "/devices", "/sessions"],
    ["/logout [N]", "log out here, on device N, or on all others: /logout others", "/logout 2"],
    ["/unregister", "end your account for good", "/unregister"],
  ]],
  ["The program", [
    ["/connect [HOST]", "connect to another HOST or HOST:PORT, or retry", "/connect chat.example.org:5050", "/server"],
    ["/stats", "show statistics of the server", "/stats"],
    ["/help [COMMAND]", "show this page, or details of one command", "/help join", "/?"],
    ["/quit", "quit", "/quit", "/exit", "/bye"],
  ]],
];

/** What people know from other chats, and what there is instead. @type {Record<string, string>} */
export const MISSING = {"/notice": "There are messages, /me and /whisper UID TEXT, but no notices."};

/** Words behind their arguments are passed over. */
export const SPARE = ["/leave", "/quit"];
