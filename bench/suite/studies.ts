import { LEAST_PAYLOAD } from "../../src/tools/bench/measure/payload.ts";
import type { ContenderName, Role } from "../contenders/contender.ts";
import { type Load, USUAL } from "./load.ts";

/** How costs grow with one quantity. */
export interface Study {
  readonly name: string;
  /** What grows: the label of an axis. */
  readonly quantity: string;
  /** How its values are written; absent: as numbers. */
  readonly format?: (value: number) => string;
  /** What is loaded how, for people who read the report. */
  readonly about: string;
  readonly values: readonly number[];
  readonly contenders: readonly ContenderName[];
  /** What memory is told per; absent: it is not told. */
  readonly memory?: Memory;
  readonly load: (value: number) => Load;
}

export interface Memory {
  /** "connection": one of these is what the quantity counts. */
  readonly unit: string;
  /** Of all processes, what connecting and subscribing has added; or what those of a role hold in the end. */
  readonly of: "connecting" | Role;
  readonly size: "KB" | "MB";
}

const SINGLE: readonly ContenderName[] = ["scc", "uws", "socketcluster-server"];
const GENERATORS = 4;
const SUBSCRIBERS = USUAL.subscribers;

export const STUDIES: readonly Study[] = [
  {
    name: "channels",
    quantity: "channels",
    about:
      "one worker, 1,000 connections with as many channels each as it takes, 1 subscriber per channel, 128 B",
    values: [1000, 10_000, 50_000],
    contenders: SINGLE,
    memory: { unit: "channel", of: "connecting", size: "KB" },
    load: (channels) => ({
      ...USUAL,
      channels,
      channelsPerSubscriber: channels / SUBSCRIBERS,
      pace: { window: 200 },
    }),
  },
  {
    name: "connections",
    quantity: "connections",
    about: "4 workers and one broker, channels with 10 subscribers each, 128 B",
    values: [1000, 10_000, 40_000],
    contenders: ["scc"],
    memory: { unit: "connection", of: "connecting", size: "KB" },
    load: (subscribers) => ({
      ...USUAL,
      shape: { workers: 4, brokers: 1 },
      subscribers,
      channels: subscribers / 10,
      pace: { window: 200 },
      generators: GENERATORS,
      // As long as it takes to publish a few times on each channel before it is counted.
      warmupMs: 4000,
    }),
  },
  {
    name: "workers",
    quantity: "workers",
    about: "one broker, 1,000 connections spread over all workers, 1,000 channels, 128 B",
    values: [2, 4, 8],
    contenders: ["scc"],
    memory: { unit: "worker", of: "worker", size: "MB" },
    load: (workers) => ({
      ...USUAL,
      shape: { workers, brokers: 1 },
      channels: 1000,
      pace: { window: 200 },
    }),
  },
  {
    name: "brokers",
    quantity: "brokers",
    about: "publishers on worker 1 and subscribers on worker 2, 1,000 channels, 128 B",
    values: [1, 2, 4],
    contenders: ["scc"],
    memory: { unit: "broker", of: "broker", size: "MB" },
    load: (brokers) => ({
      ...USUAL,
      shape: { workers: 2, brokers },
      split: true,
      channels: 1000,
      pace: { window: 200 },
    }),
  },
  {
    name: "payloads",
    quantity: "size of a publication's data",
    format: (bytes) => (bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`),
    about: `one worker, 100 channels with 10 subscribers each; ${LEAST_PAYLOAD} B is the least that can be followed`,
    values: [LEAST_PAYLOAD, 128, 1024, 16_384, 65_536],
    contenders: SINGLE,
    load: (payloadBytes) => ({ ...USUAL, channels: 100, payloadBytes, pace: { window: 32 } }),
  },
];
