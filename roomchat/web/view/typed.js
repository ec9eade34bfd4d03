// What is needed only once somebody types: what completes it, and what it does. It comes by itself, later than all
// that is to be seen.

import { hint } from "../model/complete.js";
import { Runner } from "../model/runner.js";
import { TypedHistory } from "../model/typed_history.js";
import { copy } from "./clipboard.js";
import { Completion } from "./completion.js";

export { Completion, copy, hint, Runner, TypedHistory };
