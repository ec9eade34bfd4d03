// Every unit test of the page in this one process: a process for each file costs more than its tests.
import { readdirSync } from "node:fs";

for (const name of readdirSync(new URL(".", import.meta.url)).sort()) {
  if (name.endsWith(".test.mjs")) await import(new URL(name, import.meta.url).href);
}
