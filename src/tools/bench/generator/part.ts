import { ConfigError } from "../../../runtime/errors.ts";
import { MOST_IN_FLIGHT } from "../measure/in-flight.ts";
import { LEAST_PAYLOAD } from "../measure/payload.ts";
import { MOST_CHANNELS, MOST_PUBLISHERS } from "../measure/stamp.ts";
import type { LoadPlan, Pace, Protocol } from "../plan.ts";

/** Some of a row of things that are counted over all generators. */
export interface Share {
  readonly first: number;
  readonly count: number;
}

/** What one generator does of a load; can be sent to another process. */
export interface Part {
  readonly protocol: Protocol;
  readonly subscriberUrls: readonly string[];
  readonly publisherUrls: readonly string[];
  readonly subscribers: Share;
  readonly publishers: Share;
  readonly channels: Share;
  readonly channelsPerSubscriber: number;
  readonly fanOuts: readonly number[] | undefined;
  readonly payloadBytes: number;
  readonly pace: Pace | undefined;
  /** How much later than others it begins, as a part of the time between two of its publications. */
  readonly phase: number;
  readonly connecting: number;
  readonly windowMs: number;
  readonly drainMs: number;
  readonly channelPrefix: string;
  readonly checkEvery: number;
  readonly ca: string | undefined;
  /** One per connection of the part: subscribers, then publishers. */
  readonly tokens: readonly string[] | undefined;
  /** Connections of all generators' subscribers, behind which publishers are counted. */
  readonly subscribersInAll: number;
}

const MOST_CONNECTIONS = 1_000_000;
const MOST_TRACKS = 50_000_000;
const LARGEST_PAYLOAD = 16 * 1024 * 1024;
const MOST_GENERATORS = 64;
const CHECK_EVERY = 61;

/**
 * Divides a load among its generators, as evenly as it goes.
 *
 * @throws {ConfigError} if it cannot be made, with everything that is wrong
 */
export function partsOf(plan: LoadPlan): Part[] {
  const problems = problemsOf(plan);
  if (problems.length > 0) throw new ConfigError(problems);
  return Array.from({ length: plan.generators }, (_, index) => partOf(plan, index));
}

function partOf(plan: LoadPlan, index: number): Part {
  const { generators, authToken } = plan;
  const share = (count: number): Share => shareOf(count, index, generators);
  const subscribers = share(plan.subscribers);
  const publishers = share(plan.publishers);
  const tokensOf = ({ first, count }: Share, before: number): string[] =>
    Array.from({ length: count }, (_, at) => authToken?.(before + first + at) ?? "");
  return {
    protocol: plan.protocol,
    subscriberUrls: plan.subscriberUrls,
    publisherUrls: plan.publisherUrls,
    subscribers,
    publishers,
    channels: share(plan.channels),
    channelsPerSubscriber: plan.channelsPerSubscriber,
    fanOuts: plan.fanOuts,
    payloadBytes: plan.payloadBytes,
    pace: paceOf(plan.pace, index, generators),
    phase: index / generators,
    connecting: Math.max(1, share(plan.connecting).count),
    windowMs: plan.durationMs,
    drainMs: plan.drainMs,
    channelPrefix: plan.channelPrefix,
    checkEvery: plan.checkEvery ?? CHECK_EVERY,
    ca: plan.ca,
    tokens: authToken && [...tokensOf(subscribers, 0), ...tokensOf(publishers, plan.subscribers)],
    subscribersInAll: plan.subscribers,
  };
}

function shareOf(count: number, index: number, generators: number): Share {
  const first = Math.floor((count * index) / generators);
  return { first, count: Math.floor((count * (index + 1)) / generators) - first };
}

function paceOf(pace: Pace | undefined, index: number, generators: number): Pace | undefined {
  if (pace === undefined) return undefined;
  if ("window" in pace) return { window: shareOf(pace.window, index, generators).count };
  return { perSecond: pace.perSecond / generators };
}

function problemsOf(plan: LoadPlan): string[] {
  const { generators, channels, publishers, subscribers, pace } = plan;
  const among = `generators (${generators}): each has its own`;
  const inAll = subscribers + publishers;
  const wrong: readonly (readonly [boolean, string])[] = [
    [plan.subscriberUrls.length === 0 || plan.publisherUrls.length === 0, "no URL to connect to"],
    [
      !isCount(generators, 1, MOST_GENERATORS),
      `generators: expected an integer from 1 to ${MOST_GENERATORS}`,
    ],
    [!isCount(inAll, 1, MOST_CONNECTIONS), `connections: expected 1 to ${MOST_CONNECTIONS} in all`],
    [!isCount(publishers, 0, MOST_PUBLISHERS), `publishers: expected at most ${MOST_PUBLISHERS}`],
    [!isCount(channels, 1, MOST_CHANNELS), `channels: expected 1 to ${MOST_CHANNELS}`],
    [channels < generators, `channels (${channels}) are fewer than ${among}`],
    [subscribers > 0 && subscribers < generators, `subscribers (${subscribers}) are fewer than ${among}`],
    [pace !== undefined && publishers < generators, `publishers (${publishers}) are fewer than ${among}`],
    [
      plan.fanOuts === undefined && plan.channelsPerSubscriber > Math.floor(channels / generators),
      `a subscriber cannot have more channels (${plan.channelsPerSubscriber}) than its generator has`,
    ],
    [
      (plan.fanOuts ?? []).some((fanOut) => fanOut > Math.floor(subscribers / generators)),
      "a channel cannot have more subscribers than its generator has",
    ],
    [
      !isCount(plan.payloadBytes, LEAST_PAYLOAD, LARGEST_PAYLOAD),
      `size: expected ${LEAST_PAYLOAD} to ${LARGEST_PAYLOAD} bytes`,
    ],
    [tracksOf(plan) > MOST_TRACKS, `more than ${MOST_TRACKS} pairs of publisher and subscriber on channels`],
    [plan.channelPrefix.includes("~"), 'a channel\'s name cannot contain "~", which marks what is published'],
    ...paceProblems(pace, generators),
  ];
  return wrong.filter(([isWrong]) => isWrong).map(([, what]) => what);
}

function paceProblems(pace: Pace | undefined, generators: number): [boolean, string][] {
  if (pace === undefined) return [];
  if ("perSecond" in pace) return [[!(pace.perSecond > 0), "rate: expected more than 0 per second"]];
  const most = MOST_IN_FLIGHT - 1;
  return [
    [!isCount(pace.window, generators, most), `window: expected an integer from ${generators} to ${most}`],
  ];
}

function tracksOf({ subscribers, channels, channelsPerSubscriber, publishers, fanOuts }: LoadPlan): number {
  const perChannel = Math.max(1, Math.ceil(publishers / channels));
  if (fanOuts === undefined) return subscribers * channelsPerSubscriber * perChannel;
  const average = fanOuts.reduce((sum, fanOut) => sum + fanOut, 0) / fanOuts.length;
  return channels * average * perChannel;
}

function isCount(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
