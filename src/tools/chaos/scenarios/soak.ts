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

/** A fault that lasts no longer costs nobody its place: silence is 3 s, ms. */
const BORNE_MS = 2000;

/** Faults by chance, one after the other: each is over before the next begins. */
export function soakSteps(cluster: Cluster): Step[] {
  return drawn(cluster, kindsOf);
}

/** As `soakSteps`, without those that end a broker or have others replace it: all live through all of it. */
export function borneSteps(cluster: Cluster): Step[] {
  return drawn(cluster, borneKindsOf);
}

/** The faults that there are, for one broker. */
type Kinds = (between: Between, broker: string) => readonly (() => Drawn)[];
type Between = (least: number, most: number) => number;

function drawn({ brokers, durationMs, seed }: Cluster, kindsFor: Kinds): Step[] {
  const chance = chanceOf(seed);
  const between = (least: number, most: number): number => Math.round(least + chance() * (most - least));
  const steps: Step[] = [];
  for (let at = WARM_MS; ; ) {
    const broker = `broker-${1 + Math.floor(chance() * brokers)}`;
    const kinds = kindsFor(between, broker);
    const kind = kinds[Math.floor(chance() * kinds.length)];
    if (kind === undefined) throw new RangeError("chance is to be below 1");
    const { begin, end, lastsMs } = kind();
    const over = at + lastsMs;
    if (over > WARM_MS + durationMs) return steps;
    steps.push(...begin.map((action) => ({ at, action })), ...end.map((action) => ({ at: over, action })));
    at = over + between(REST.least, REST.most);
  }
}

function ended(process: string, signal: "SIGTERM" | "SIGKILL", lastsMs: number): Drawn {
  return {
    begin: [{ kind: "end", process, signal }],
    end: [{ kind: "start again", process }],
    lastsMs,
  };
}

function frozen(process: string, lastsMs: number): Drawn {
  return { begin: [{ kind: "freeze", process }], end: [{ kind: "wake", process }], lastsMs };
}

function faulty(process: string, kind: "cut" | "stall" | "swallow", lastsMs: number): Drawn {
  return {
    begin: [{ kind: "fault", process, rule: { fault: { kind } } }],
    end: [{ kind: "heal", process }],
    lastsMs,
  };
}

function reset(process: string): Drawn {
  return { begin: [{ kind: "reset", process }], end: [], lastsMs: 0 };
}

function kindsOf(between: Between, broker: string): readonly (() => Drawn)[] {
  return [
    () => ended(broker, "SIGKILL", between(500, 4000)),
    () => ended(broker, "SIGTERM", between(500, 4000)),
    () => frozen(broker, between(500, 6000)),
    () => reset(broker),
    () => faulty(broker, "cut", between(500, 6000)),
    () => faulty(broker, "stall", between(500, 6000)),
    () => faulty(broker, "swallow", between(500, 6000)),
    () => ended("state-1", "SIGKILL", between(500, 4000)),
    () => frozen("state-1", between(500, 6000)),
  ];
}

function borneKindsOf(between: Between, broker: string): readonly (() => Drawn)[] {
  return [
    () => frozen(broker, between(300, BORNE_MS)),
    () => reset(broker),
    () => faulty(broker, "stall", between(300, BORNE_MS)),
    () => faulty(broker, "swallow", between(300, BORNE_MS)),
    () => ended("state-1", "SIGKILL", between(500, 4000)),
    () => frozen("state-1", between(500, 6000)),
  ];
}
