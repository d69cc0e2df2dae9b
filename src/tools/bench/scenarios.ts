import type { LoadPlan, Pace, Protocol } from "./plan.ts";

/** Loads that have a name. */
export const SCENARIOS = ["fanout", "many", "mixed", "cluster", "connect", "idle"] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** What each of them is, in a few words. */
export const ABOUT: Readonly<Record<Scenario, string>> = {
  fanout: "one channel with very many subscribers",
  many: "very many channels with one subscriber each",
  mixed: "channels with 10 and with 100 subscribers, in turn",
  cluster: "like many; publishers on the first --url, subscribers on the others",
  connect: "connects, shakes hands and subscribes as fast as it can",
  idle: "connects, subscribes and stays without a publication",
};

/** What was asked for; absent values are the scenario's. */
export interface Wishes {
  readonly protocol: Protocol;
  readonly urls: readonly string[];
  readonly subscribers?: number | undefined;
  readonly channels?: number | undefined;
  readonly publishers?: number | undefined;
  readonly payloadBytes: number;
  readonly pace?: Pace | undefined;
  readonly durationMs?: number | undefined;
  readonly warmupMs?: number | undefined;
  readonly connecting: number;
  readonly generators: number;
  readonly channelPrefix: string;
  readonly ca: string | undefined;
}

type Usual = Pick<LoadPlan, "subscribers" | "channels" | "publishers" | "pace" | "warmupMs" | "durationMs"> &
  Pick<LoadPlan, "fanOuts">;

const SETTLE_MS = 500;
const DRAIN_MS = 5000;

const PUBLISHING = { warmupMs: 2000, durationMs: 10_000 };
const SILENT = { channels: 1000, publishers: 0, pace: undefined, warmupMs: 0 };
const MANY = { subscribers: 1000, channels: 1000, publishers: 50, pace: { window: 200 }, ...PUBLISHING };

const USUAL: Readonly<Record<Scenario, Usual>> = {
  fanout: { subscribers: 1000, channels: 1, publishers: 4, pace: { window: 8 }, ...PUBLISHING },
  many: MANY,
  mixed: {
    subscribers: 1000,
    channels: 100,
    fanOuts: [10, 100],
    publishers: 50,
    pace: { window: 50 },
    ...PUBLISHING,
  },
  cluster: MANY,
  connect: { subscribers: 5000, ...SILENT, durationMs: 0 },
  idle: { subscribers: 5000, ...SILENT, durationMs: 10_000 },
};

/** Whether a scenario publishes. */
export function publishes(scenario: Scenario): boolean {
  return USUAL[scenario].pace !== undefined;
}

/** The load that a scenario is, as somebody wishes it. */
export function planOf(scenario: Scenario, wishes: Wishes): LoadPlan {
  const usual = USUAL[scenario];
  const { urls, protocol, payloadBytes, connecting, generators, channelPrefix, ca } = wishes;
  const isSplit = scenario === "cluster";
  const channels = wishes.channels ?? Math.max(usual.channels, generators);
  const publishers =
    usual.pace === undefined ? 0 : (wishes.publishers ?? Math.max(usual.publishers, generators));
  return {
    protocol,
    subscriberUrls: isSplit ? urls.slice(1) : urls,
    publisherUrls: isSplit ? urls.slice(0, 1) : urls,
    subscribers: wishes.subscribers ?? usual.subscribers,
    channels,
    channelsPerSubscriber: 1,
    ...(usual.fanOuts === undefined ? {} : { fanOuts: usual.fanOuts }),
    publishers,
    payloadBytes,
    pace: usual.pace === undefined ? undefined : (wishes.pace ?? usual.pace),
    connecting,
    settleMs: usual.pace === undefined ? 0 : SETTLE_MS,
    warmupMs: usual.pace === undefined ? 0 : (wishes.warmupMs ?? usual.warmupMs),
    durationMs: scenario === "connect" ? 0 : (wishes.durationMs ?? usual.durationMs),
    drainMs: DRAIN_MS,
    channelPrefix,
    authToken: undefined,
    generators,
    ca,
  };
}
