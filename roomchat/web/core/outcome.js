// What a session makes of an event.

export class Outcome {
  /** @type {any[]} events: each is to be shown once, in this order */
  show = [];
  /** @type {any[]} commands */
  send = [];
  /** @type {number[]} numbers of what is pending no longer: it has come back, or was refused */
  gone = [];
  isRenumbered = false; // what is pending may have got other numbers
  retry = false; // what is pending is to be sent again in a while

  /** @param {any[]} show */
  constructor(...show) {
    this.show = show;
  }
}
