// What is needed only once somebody types: what completes it, and what it does. It comes by itself, later than all
// that is to be seen.

import { hint } from "../model/complete.js";
import { Runner } from "../model/runner.js";
import { TypedHistory } from "../model/typed_history.js";
import { Completion } from "./completion.js";

export { Completion, hint, Runner, TypedHistory };

const NO_COPY = "This browser lets no page copy here: it may only where the page came with TLS.";

/**
 * Put something into the clipboard.
 * @param {string} text
 */
export async function copy(text) {
  if (!navigator.clipboard) throw new Error(NO_COPY);
  await navigator.clipboard.writeText(text);
}
