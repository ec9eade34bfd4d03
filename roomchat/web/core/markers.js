// Up to where a person has read, in each room: what the server knows, and what it is still to be told.

export const READ_ID = "read"; // id of what is told; the answer is for nobody else

export class Markers {
  /** @type {Map<string, number>} room to seq; none that nothing was read of */
  known = new Map();
  /** @type {Map<string, number>} room to seq: told perhaps, and not answered */
  wanted = new Map();
  isKnown = false; // whether the server knows what a read marker is

  /**
   * The person has read that far; what is to be sent, if that is news.
   * @param {string} room
   * @param {number} seq
   */
  read(room, seq) {
    if (seq <= Math.max(this.known.get(room) ?? 0, this.wanted.get(room) ?? 0)) return null;
    this.wanted.set(room, seq);
    return this.isKnown ? told(room, seq) : null;
  }

  /** What a lost connection may have swallowed. */
  owed() {
    return this.isKnown ? [...this.wanted].map(([room, seq]) => told(room, seq)) : [];
  }

  /**
   * The server has said how far it is.
   * @param {import("./protocol.js").Joined | import("./protocol.js").ReadMarker} event
   */
  take(event) {
    const { room, read } = event;
    if (read === undefined) this.known.delete(room);
    else this.known.set(room, read);
    let wanted = this.wanted.get(room) ?? 0;
    if (event.type === "joined") wanted = Math.min(wanted, event.last_seq); // it may have lost the end of its log
    if (wanted <= (read ?? 0)) this.wanted.delete(room);
    else this.wanted.set(room, wanted);
  }

  /** @param {string} room is left: nothing is to be told of it */
  leave(room) {
    this.known.delete(room);
    this.wanted.delete(room);
  }
}

/**
 * @param {string} room
 * @param {number} seq
 */
const told = (room, seq) => ({ type: /** @type {const} */ ("read"), room, seq, id: READ_ID });
