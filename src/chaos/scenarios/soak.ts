import type { Action, Cluster, Step } from "./scenario.ts";
import { WARM_MS } from "./scenario.ts";

/** Between the end of a fault and the beginning of the next, ms: the cluster may settle, but not rest. */
const REST = { least: 3000, most: 6000 };

/** Numbers from 0 to 1 that are the same for the same seed. */
export function chanceOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // A linear congruential generator moves its state, two rounds of mixing hide that it is one.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x45d9f3b);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

interface Drawn {
  /** Done at once. */
  readonly begin: readonly Action[];
  /** Done so many ms later. */
  readonly end: readonly Action[];
  readonly lastsMs: number;
}

/** Faults by chance, one after the other: each is over before the next begins. */
export function soakSteps({ brokers, durationMs, seed }: Cluster): Step[] {
  const chance = chanceOf(seed);
  const between = (least: number, most: number): number => Math.round(least + chance() * (most - least));
  const steps: Step[] = [];
  for (let at = WARM_MS; ; ) {
    const broker = `broker-${1 + Math.floor(chance() * brokers)}`;
    const { begin, end, lastsMs } = draw(chance, between, broker);
    const over = at + lastsMs;
    if (over > WARM_MS + durationMs) return steps;
    steps.push(...begin.map((action) => ({ at, action })), ...end.map((action) => ({ at: over, action })));
    at = over + between(REST.least, REST.most);
  }
}

function draw(chance: () => number, between: (least: number, most: number) => number, broker: string): Drawn {
  const end = (process: string, signal: "SIGTERM" | "SIGKILL"): Drawn => ({
    begin: [{ kind: "end", process, signal }],
    end: [{ kind: "start again", process }],
    lastsMs: between(500, 4000),
  });
  const frozen = (process: string): Drawn => ({
    begin: [{ kind: "freeze", process }],
    end: [{ kind: "wake", process }],
    lastsMs: between(500, 6000),
  });
  const fault = (kind: "cut" | "stall" | "swallow"): Drawn => ({
    begin: [{ kind: "fault", process: broker, rule: { fault: { kind } } }],
    end: [{ kind: "heal", process: broker }],
    lastsMs: between(500, 6000),
  });
  const kinds: readonly (() => Drawn)[] = [
    () => end(broker, "SIGKILL"),
    () => end(broker, "SIGTERM"),
    () => frozen(broker),
    () => ({ begin: [{ kind: "reset", process: broker }], end: [], lastsMs: 0 }),
    () => fault("cut"),
    () => fault("stall"),
    () => fault("swallow"),
    () => end("state-1", "SIGKILL"),
    () => frozen("state-1"),
  ];
  const kind = kinds[Math.floor(chance() * kinds.length)];
  if (kind === undefined) throw new RangeError("chance is to be below 1");
  return kind();
}
