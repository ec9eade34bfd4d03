// What a role in a room permits, as far as one knows it; the server decides. docs/protocol.md, "Order in a room".

const RANKS = { "": 0, moderator: 1, owner: 2 };

/**
 * @param {import("./room.js").Room} room that we are in
 * @param {number} me our UID
 * @param {string} deed a command: kick, ban, topic, invite, owner, delete, ...
 * @param {number} [uid] to whom, or (delete) whose words
 */
export function permits(room, me, deed, uid) {
  const mine = RANKS[room.role];
  const theirs = RANKS[(uid !== undefined && room.roles.get(uid)) || ""];
  const isMe = uid === me;
  switch (deed) {
    case "delete":
      return isMe || (!room.isPair && mine > theirs);
    case "demote":
      return theirs === 1 && (isMe || mine === 2);
    case "promote":
      return mine === 2 && theirs === 0;
    case "owner":
      return mine === 2 && !isMe;
    case "invite":
    case "uninvite":
      return room.isPrivate && mine > 0;
    default:
      return mine > 0 && !isMe && (uid === undefined || mine > theirs);
  }
}
