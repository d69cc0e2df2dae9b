import { Command, InvalidArgumentError, Option } from "commander";
import { findingsOf, fuzz, tableOf } from "./run.ts";

interface Flags {
  readonly frames: number;
  readonly seed: number;
  readonly targets?: string;
  readonly program?: string;
  readonly key: "yes" | "no" | "both";
}

const KEYS = { no: [undefined], yes: ["the key"], both: [undefined, "the key"] } as const;

const command = new Command("fuzz")
  .description(
    "Says everything wrong to every process of a cluster, on loopback, and looks how they bear it.",
  )
  .option("--frames <count>", "for each target, with and without key", whole, 2000)
  .option("--seed <seed>", "the same seed says the same", whole, 1)
  .option("--targets <names>", "parts of targets' names, with commas between them; absent: all")
  .option("--program <file>", "another scc than the one that is built here, as of an earlier release")
  .addOption(
    new Option("--key <when>", "whether the cluster has a key")
      .choices(["yes", "no", "both"])
      .default("both"),
  );

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("a whole number from 1 on is expected");
  return value;
}

const { frames, seed, targets, key, program } = command.parse().opts<Flags>();
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const rows = await fuzz({ frames, seed, targets: targets?.split(","), keys: KEYS[key], program, say });
process.stdout.write(`${tableOf(rows)}\n`);
const findings = rows.flatMap(findingsOf);
for (const finding of findings) process.stdout.write(`seed ${seed}: ${finding}\n`);
process.exit(findings.length > 0 ? 1 : 0);
