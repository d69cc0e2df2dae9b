import { fork } from "node:child_process";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Order, Outcome } from "./flooder.ts";
import { Honest, type Seen } from "./honest.ts";
import { Site } from "./site.ts";

/** How honest clients fared beside some floods, and what became of the processes. */
export interface Result extends Outcome {
  readonly floods: readonly string[];
  readonly seconds: number;
  /** Processes that ended, each with its last words. */
  readonly dead: readonly string[];
  /** Most resident memory of the worker and of the larger broker and scc-state, MB. */
  readonly peaks: { readonly worker: number; readonly broker: number; readonly state: number };
  readonly isLimited: boolean;
  /** Absent when they could not be judged: the server they were at had died. */
  readonly honest: Seen;
}

export interface RunOptions {
  readonly floods: readonly string[];
  readonly clients: number;
  readonly seconds: number;
  /** Root of the checkout whose build is flooded, with a slash at the end. */
  readonly root: string;
}

const FLOODER = fileURLToPath(new URL("flooder.ts", import.meta.url));
/** Messages of the honest publisher, a second. */
const HONEST_RATE = 100;
const QUIET_MS = 1000;

/** Floods a new cluster, with honest clients beside. */
export async function run({ root, ...order }: RunOptions): Promise<Result> {
  const site = await Site.start(root);
  try {
    const honest = await Honest.join(site.targets.worker);
    honest.start(HONEST_RATE);
    await after(QUIET_MS);
    const outcome = await flood({ ...order, targets: site.targets });
    await after(QUIET_MS);
    const seen = await honest.end();
    const { floods, seconds } = order;
    return {
      ...outcome,
      floods,
      seconds,
      dead: site.dead,
      peaks: peaksOf(site),
      isLimited: site.isLimited,
      honest: seen,
    };
  } finally {
    await site.end();
  }
}

/** Whether all lived and nothing of the honest clients' was lost, doubled, reordered or refused. */
export function isGood({ dead, honest }: Result): boolean {
  const { lost, doubled, reordered, rejected, disconnects } = honest;
  return (
    dead.length === 0 && lost + doubled + reordered + disconnects === 0 && Object.keys(rejected).length === 0
  );
}

function peaksOf(site: Site): Result["peaks"] {
  const peak = (role: string): number =>
    Math.max(...site.services.filter(({ name }) => name.startsWith(role)).map((each) => each.peak)) / 1e6;
  return { worker: peak("worker"), broker: peak("broker"), state: peak("state") };
}

/** The attackers are a process of their own, which ends with this one. */
function flood(order: Order): Promise<Outcome> {
  const child = fork(FLOODER, { execArgv: ["--import", "tsx"] });
  return new Promise((resolve, reject) => {
    child.once("message", (outcome) => resolve(outcome as Outcome));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the attackers' process ended with ${code}`)));
    child.send(order);
  });
}
