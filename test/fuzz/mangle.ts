import type { Random } from "../simulation/random.ts";
import { oddValue } from "./odd.ts";

/** Stands in a value where odd text is to be put once it is JSON. */
const PLACE = "@fuzz-place@";

/** A valid value as JSON text in which one part is another than it should be. */
export function mangledJson(random: Random, value: unknown): string {
  const roll = random.unit();
  if (roll < 0.65) return withOddPart(random, value);
  const text = JSON.stringify(value) ?? "null";
  if (roll < 0.75) return text.slice(0, random.whole(0, text.length));
  if (roll < 0.85) return withNoise(random, text);
  if (roll < 0.9) return `[${Array.from({ length: random.pick([2, 50, 1001]) }, () => text).join()}]`;
  if (roll < 0.95) return `${text}${text}`;
  return oddValue(random);
}

function withOddPart(random: Random, value: unknown): string {
  const copy = structuredClone({ value });
  const spots = spotsIn(copy, []);
  const { holder, key } = random.pick(spots);
  const kind = random.unit();
  if (kind < 0.15 && !Array.isArray(holder)) Reflect.deleteProperty(holder, key);
  else if (kind < 0.25 && !Array.isArray(holder)) Object.assign(holder, { [`${key}x`]: PLACE });
  else Object.assign(holder, { [key]: PLACE });
  const text = JSON.stringify(copy.value) ?? "null";
  return text.replace(`"${PLACE}"`, () => oddValue(random));
}

interface Spot {
  readonly holder: object;
  readonly key: string;
}

function spotsIn(holder: object, spots: Spot[]): Spot[] {
  for (const [key, value] of Object.entries(holder)) {
    spots.push({ holder, key });
    if (typeof value === "object" && value !== null) spotsIn(value, spots);
  }
  return spots;
}

function withNoise(random: Random, text: string): string {
  const at = random.whole(0, text.length);
  const noise = random.pick(['"', "{", "[", "}", "\\", "\u0000", ",", ":", "9".repeat(400), "\u2028"]);
  return text.slice(0, at) + noise + text.slice(at + random.whole(0, 2));
}

/** Bytes with some changed, left out, doubled or put in. */
export function mangledBytes(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const roll = random.unit();
  if (copy.length === 0 || roll < 0.1)
    return Buffer.from(Array.from({ length: random.whole(1, 60) }, () => random.whole(0, 255)));
  if (roll < 0.6) {
    for (let n = random.whole(1, 4); n > 0; n--)
      copy[random.whole(0, copy.length - 1)] = random.whole(0, 255);
    return copy;
  }
  const at = random.whole(0, copy.length - 1);
  if (roll < 0.75) return copy.subarray(0, at);
  if (roll < 0.85) return Buffer.concat([copy, copy.subarray(at)]);
  // Numbers of links: seven bits a byte; these are as large as they get, and larger.
  const number = Buffer.alloc(random.whole(1, 12), random.pick([0xff, 0x80]));
  return Buffer.concat([copy.subarray(0, at), number, Buffer.of(random.whole(0, 127)), copy.subarray(at)]);
}
