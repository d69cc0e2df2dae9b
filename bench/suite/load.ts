import type { Pace } from "../../src/tools/bench/plan.ts";
import type { Shape } from "../contenders/contender.ts";

/** A load and what it is put on. Times are ms, sizes bytes. */
export interface Load {
  readonly shape: Shape;
  /** Publishers are on the first worker, and subscribers on the others. */
  readonly split: boolean;
  readonly subscribers: number;
  readonly channels: number;
  readonly channelsPerSubscriber: number;
  readonly publishers: number;
  readonly payloadBytes: number;
  /** `undefined`: nothing is published. */
  readonly pace: Pace | undefined;
  readonly settleMs: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  /** Each connection shows a JWT of its own, which the server verifies. */
  readonly withTokens: boolean;
  /** Processes that make the load. */
  readonly generators: number;
}

const ALONE: Shape = { workers: 1, brokers: 0 };

/** What most loads have in common; the rest is what they are about. */
export const USUAL = {
  shape: ALONE,
  split: false,
  subscribers: 1000,
  channelsPerSubscriber: 1,
  publishers: 50,
  payloadBytes: 128,
  settleMs: 500,
  warmupMs: 2000,
  durationMs: 5000,
  withTokens: false,
  generators: 1,
} satisfies Partial<Load>;

/** Nothing is published: connections are made, subscribed and kept. */
export const SILENT = { channels: 1000, publishers: 0, pace: undefined, warmupMs: 0 } satisfies Partial<Load>;

/** Whether server and load have a core each: where there is one server process. */
export function isPinned({ shape }: Load): boolean {
  return shape.workers === 1 && shape.brokers === 0;
}

/** The same load in a fraction of the time: says whether everything works, and little about costs. */
export function quick(load: Load): Load {
  const subscribers = load.pace === undefined ? Math.ceil(load.subscribers / 10) : load.subscribers;
  return {
    ...load,
    subscribers,
    warmupMs: Math.min(load.warmupMs, 500),
    durationMs: Math.min(load.durationMs, 1500),
  };
}

/** What of a load a machine cannot do, left out. */
export interface Fitted {
  readonly load: Load;
  /** Present where it is not what was asked for. */
  readonly note?: string;
}

/** Files that a process opens besides connections. */
const RESERVE = 500;

/**
 * Makes a load fit into the number of files that a process may open.
 *
 * @param openFiles that number
 */
export function fitted(load: Load, openFiles: number): Fitted {
  const { shape, subscribers, publishers, generators, split } = load;
  const workers = split ? shape.workers - 1 : shape.workers;
  const most = (openFiles - RESERVE) * Math.min(workers, generators) - publishers;
  if (subscribers <= most) return { load };
  return {
    load: { ...load, subscribers: most },
    note: `${most} connections instead of ${subscribers}: a process may open ${openFiles} files here`,
  };
}
