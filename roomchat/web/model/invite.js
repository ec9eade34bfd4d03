// An invite to a server, as it is handed around: one word (roomchat/invites.py makes it).

import { Refused } from "../core/protocol.js";

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567"; // base32 (RFC 4648), in small letters
const TOKEN = 16; // bytes
const WITH_KEY = TOKEN + 32; // bytes: the fingerprint of the server's key follows, which a browser has no use for

/** @param {number} bytes how many letters they take */
const letters = (bytes) => Math.ceil((bytes * 8) / 5);

/**
 * The token of an invite, which proves it.
 *
 * @param {string} word as it was pasted
 * @returns {string}
 * @throws {Refused} with a sentence: it is none
 */
export function readInvite(word) {
  const code = word.trim().toLowerCase();
  const isWhole = code.length === letters(TOKEN) || code.length === letters(WITH_KEY);
  if (!isWhole || [...code].some((letter) => !LETTERS.includes(letter))) {
    throw new Refused("invite", "This is not an invite; check that it was copied whole.");
  }
  const last = letters(TOKEN) - 1; // in this letter the token ends, after 3 of its 5 bits
  return code.slice(0, last) + LETTERS[LETTERS.indexOf(code[last]) & 0b11100];
}
