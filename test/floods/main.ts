import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { FLOODS } from "./floods.ts";
import { isGood, type Result, run } from "./run.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const command = new Command("floods")
  .description(
    "Floods a cluster of real processes, at the memory limits of the Kubernetes manifests, with honest clients beside. " +
      "Exits with 1 if a process ends, or if anything of the honest clients' is lost, doubled, reordered or refused.",
  )
  .argument(
    "[names...]",
    `which floods; default: each by itself. ${FLOODS.map(({ name }) => name).join(", ")}`,
  )
  .option("--seconds <number>", "how long each floods", whole, 20)
  .option("--clients <number>", "clients that flood", whole, 10)
  .option("--together", "all of them at the same time")
  .option("--root <directory>", "the checkout whose build is flooded, with a slash at the end", ROOT)
  .option("--json", "one line of JSON for each run");
await command.parseAsync();
const { seconds, clients, together, root, json } = command.opts<{
  seconds: number;
  clients: number;
  together?: boolean;
  root: string;
  json?: boolean;
}>();

const names = namesOf(command.args);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
if (!json)
  say(
    row([
      "flood",
      "MB sent",
      "refused",
      "dead",
      "worker MB",
      "broker MB",
      "acked",
      "lost",
      "x2",
      "order",
      "rejected",
      "p50 ms",
      "p99 ms",
      "longest",
    ]),
  );
for (const floods of together ? [names] : names.map((name) => [name])) {
  const result = await run({ floods, seconds, clients, root });
  say(json ? JSON.stringify(result) : line(result));
  for (const each of result.dead) process.stderr.write(`${each}\n`);
  if (!result.isLimited) process.stderr.write("No control groups here: only V8's heap was limited.\n");
  if (!isGood(result)) process.exitCode = 1;
}

function namesOf(given: readonly string[]): string[] {
  const known = FLOODS.map(({ name }) => name);
  const unknown = given.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    command.error(`error: no such flood: ${unknown.join(", ")}. There are: ${known.join(", ")}`);
  return given.length > 0 ? [...given] : known;
}

function line({ floods, megabytes, refused, dead, peaks, honest }: Result): string {
  const rejected = Object.entries(honest.rejected).map(([name, count]) => `${count} ${name}`);
  return row([
    floods.length > 1 ? `${floods.length} floods` : floods.join(),
    megabytes.toFixed(0),
    String(refused),
    String(dead.length),
    peaks.worker.toFixed(0),
    peaks.broker.toFixed(0),
    String(honest.acknowledged),
    String(honest.lost),
    String(honest.doubled),
    String(honest.reordered),
    rejected.join(", ") || "0",
    honest.p50.toFixed(1),
    honest.p99.toFixed(1),
    honest.longest.toFixed(0),
  ]);
}

function row(cells: readonly string[]): string {
  return cells.map((cell, n) => (n === 0 ? cell.padEnd(17) : cell.padStart(9))).join(" ");
}

/** @throws {InvalidArgumentError} if the text is no whole number from 1 on */
function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("a whole number from 1 on is expected");
  return value;
}
