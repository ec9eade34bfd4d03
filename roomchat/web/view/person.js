// People as they are shown everywhere: the number on a tile in their colour, and the name. Names come from others.

import { cell } from "../model/harmless.js";
import { el } from "./dom.js";

const COLOURS = 12; // of the terminal (theme.py)

/**
 * The class that gives a person's colour to what is in it: `--own`, which `.tile` and `.name` use.
 *
 * @param {number} uid
 */
export const colourOf = (uid) => `own-${(uid * 5) % COLOURS}`;

/**
 * The number of a person, as a tile: what stands where other chats have a face.
 *
 * @param {number} uid
 * @param {string} [kind] "big", "small"
 */
export const tile = (uid, kind = "") =>
  el("span", { class: `tile ${colourOf(uid)} ${kind}`, "aria-hidden": "true",
    "data-digits": String(uid).length }, uid);

/**
 * A name from others, made harmless, and by itself as to the direction of writing.
 *
 * @param {string} text
 * @param {string | false} [classes]
 */
export const theirs = (text, classes) => el("bdi", { class: classes, dir: "auto" }, cell(text));

// Words of scripts that are written from the right, as many as follow each other; without a comma of ours.
const FROM_THE_RIGHT = "\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufefc";
const WORD = `[${FROM_THE_RIGHT}](?:[^\\s()]*[${FROM_THE_RIGHT}\\d])?`;
const RUN = new RegExp(`(${WORD}(?:\\s+${WORD})*)`);

/**
 * One of our sentences, with names in it that may be written from the right: these do not turn what is around
 * them.
 *
 * @param {string} sentence
 * @returns {(Node | string)[]}
 */
export const isolated = (sentence) =>
  sentence.split(RUN).map((part, index) => (index % 2 ? el("bdi", null, part) : part));

/**
 * The name of a person, in their colour.
 *
 * @param {number} uid
 * @param {string} text
 */
export const nameElement = (uid, text) => theirs(text, `name ${colourOf(uid)}`);

/**
 * Whether somebody is here, as a dot; what it is in says it in words.
 *
 * @param {boolean} isAway
 */
export const presence = (isAway) => el("span", { class: `presence ${isAway ? "is-away" : "is-here"}` });
