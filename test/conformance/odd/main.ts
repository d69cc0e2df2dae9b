import type { Implementation } from "../both.ts";
import { CALLS, CALLS_ON_CLOSED_SERVER, CALLS_WHEN_CLOSED } from "./calls.ts";
import { type Outcome, observe } from "./observe.ts";
import { VALUES } from "./values.ts";

// A process of its own for each server: what ends a process must not end the test.
const which = process.argv[2] as Implementation;
const outcomes: Record<string, Outcome> = {};
const groups = [
  ["open", CALLS],
  ["closed socket", CALLS_WHEN_CLOSED],
  ["closed server", CALLS_ON_CLOSED_SERVER],
] as const;

const filter = process.argv[3] ?? "";
for (const [condition, calls] of groups) {
  for (const [name, call] of Object.entries(calls)) {
    for (const [value, make] of Object.entries(VALUES)) {
      const key = `${name} with ${value}`;
      if (!key.includes(filter)) continue;
      outcomes[key] = await observe(which, condition, (subject) => call(subject, make() as never));
    }
  }
}
process.stdout.write(JSON.stringify(outcomes), () => process.exit());
