import { randomBytes } from "node:crypto";
import { tokensFor } from "../../src/cli/bench/tokens.ts";
import type { LoadPlan, LoadResult } from "../../src/tools/bench/plan.ts";
import type { Contender } from "../contenders/contender.ts";
import { contenderOf } from "../contenders/contenders.ts";
import { SERVER_CORE } from "../launch/pin.ts";
import { untilConnected } from "../launch/probe.ts";
import { Servers } from "../launch/servers.ts";
import { fitted, type Load } from "../suite/load.ts";
import type { Job, Standing } from "./job.ts";
import type { Measured } from "./measured.ts";
import { type Observed, Observer } from "./observer.ts";
import { openFilesLimit } from "./open-files.ts";

const CONNECTING = 100;
const DRAIN_MS = 5000;
const CLUSTER_SETTLE_MS = 1500;

type RunLoad = typeof import("../../src/tools/bench/load.ts").runLoad;

/**
 * One run, from starting the servers to stopping them.
 *
 * @throws {Error} if a server does not start, ends in between, or cannot be connected to
 */
export async function measure(job: Job, tell: (standing: Standing) => void): Promise<Measured> {
  const contender = contenderOf(job.contender);
  const { load, note } = fitted(job.load, openFilesLimit());
  const authKey = load.withTokens ? randomBytes(32).toString("hex") : undefined;
  const runLoad = await builtGenerator();
  const servers = new Servers();
  tell({ phase: "starting", done: 0, deliveredPerSecond: 0 });
  try {
    const surroundings = { authKey, peers: job.peers, uwsPreload: job.uwsPreload };
    await servers.start(contender, load.shape, surroundings, job.pin ? SERVER_CORE : undefined);
    if (contender.clusters && load.shape.brokers > 0)
      await untilConnected(servers.urls, contender.protocol, runLoad);
    const observer = new Observer(servers);
    const plan = await planOf(load, contender, servers.urls, authKey);
    const result = await runLoad(plan, {
      connecting: () => observer.look("before"),
      connected: () => observer.look("connected"),
      windowOpens: () => observer.look("opened"),
      windowCloses: () => observer.look("closed"),
      progress: ({ phase, done, deliveredPerSecond }) => tell({ phase, done, deliveredPerSecond }),
    });
    servers.expectRunning();
    return { ...countsOf(result), ...(note !== undefined && { note }), ...observer.observed() };
  } finally {
    await servers.stop();
  }
}

/** The generator as it has been built: its own processes, and how fast it is, are those of `scc bench`. */
async function builtGenerator(): Promise<RunLoad> {
  const built = new URL("../../dist/tools/bench/load.js", import.meta.url);
  const { runLoad } = (await import(built.href)) as { runLoad: RunLoad };
  return runLoad;
}

async function planOf(
  load: Load,
  { protocol }: Contender,
  urls: readonly string[],
  authKey: string | undefined,
): Promise<LoadPlan> {
  const { shape, split, withTokens: _, settleMs, ...rest } = load;
  const tokens = await tokensFor(load.subscribers + load.publishers, { authKey, token: undefined });
  return {
    ...rest,
    protocol,
    subscriberUrls: split ? urls.slice(1) : urls,
    publisherUrls: split ? urls.slice(0, 1) : urls,
    connecting: CONNECTING,
    settleMs: shape.brokers > 0 ? Math.max(settleMs, CLUSTER_SETTLE_MS) : settleMs,
    drainMs: DRAIN_MS,
    channelPrefix: `bench-${randomBytes(4).toString("hex")}-`,
    authToken: tokens,
  };
}

function countsOf({ deliveryLatency, errors, ...result }: LoadResult): Omit<Measured, keyof Observed> {
  const { connections, connectMs, windowMs, published, delivered, lost, duplicated, reordered, malformed } =
    result;
  return {
    connections,
    connectMs: Math.round(connectMs),
    windowMs: Math.round(windowMs),
    published,
    delivered,
    p50: rounded(deliveryLatency.p50),
    p99: rounded(deliveryLatency.p99),
    lost,
    duplicated,
    reordered,
    malformed,
    errors: Object.fromEntries(errors),
  };
}

function rounded(ms: number): number {
  return Number.isFinite(ms) ? Math.round(ms * 1000) / 1000 : 0;
}
