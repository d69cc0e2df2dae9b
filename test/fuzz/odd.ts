import type { Random } from "../simulation/random.ts";

const DEPTHS = [3, 60, 127, 128, 129, 200, 1000, 4000, 20_000, 100_000];
const LENGTHS = [2, 100, 1000, 10_001, 70_000];
/** Of how many odd values one is as large as it may be. */
const RARE = 0.01;
const HUGE = 300_000;

const SMALL = [
  "null",
  "true",
  "false",
  "0",
  "-0",
  "-1",
  "1.5",
  "1e999",
  "-1e999",
  "1e-400",
  "4294967296",
  "9007199254740993",
  "123456789012345678901234567890",
  '""',
  '" "',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000"',
  '"\\u202e\\u0085\\u001b[2J"',
  '"\u{1F468}\u200D\u{1F469}"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"#publish"',
  "[]",
  "{}",
  '{"__proto__":{"isAdmin":true}}',
  '{"constructor":{"prototype":{"a":1}}}',
  '{"toJSON":1}',
  '{"length":4294967295}',
  '{"base64":true,"data":"AA=="}',
  '{"a":1,"a":2}',
  "[null]",
  "[[]]",
];

/** JSON text of a value that nobody expects. */
export function oddValue(random: Random): string {
  if (random.chance(0.75)) return random.pick(SMALL);
  const large = random.chance(RARE);
  const depth = random.pick(DEPTHS);
  const count = large ? HUGE : random.pick(LENGTHS);
  return random.pick([
    () => "[".repeat(depth) + "]".repeat(depth),
    () => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`,
    () => `[${"0,".repeat(count)}0]`,
    () => `[${"{},".repeat(count)}{}]`,
    () => `"${"x".repeat(count)}"`,
    () => `"${"\\u0001".repeat(Math.min(count, 10_000))}"`,
    () => `{${Array.from({ length: Math.min(count, 10_000) }, (_, n) => `"k${n}":${n}`).join()}}`,
  ])();
}
