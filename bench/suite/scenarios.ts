import type { PeerName } from "../contenders/contender.ts";
import type { MetricName } from "../measure/measured.ts";
import { type Load, SILENT, USUAL } from "./load.ts";

/** A load that ours and its peers are compared with, in pairs. */
export interface Scenario {
  readonly name: string;
  /** What happens, for people who read the report. */
  readonly about: string;
  /** What decides. */
  readonly metric: MetricName;
  readonly peers: readonly PeerName[];
  readonly load: Load;
}

const CLUSTER = { shape: { workers: 2, brokers: 1 } } satisfies Partial<Load>;
const SPLIT = { ...CLUSTER, split: true } satisfies Partial<Load>;
const FANOUT = { ...USUAL, channels: 1, publishers: 4, pace: { window: 8 } } satisfies Load;
const MANY = { ...USUAL, channels: 1000, pace: { window: 200 } } satisfies Load;
const CONNECT = { ...USUAL, ...SILENT, subscribers: 5000, durationMs: 500 } satisfies Load;

const SERVERS: readonly PeerName[] = ["uws", "socketcluster-server", "ws", "socket.io"];
const NEAREST: readonly PeerName[] = ["uws", "socketcluster-server"];

/** In the order in which they are measured. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "fanout",
    about: "1 channel with 1,000 subscribers, 128 B, 4 publishers, 8 publications on their way",
    metric: "cpu",
    peers: SERVERS,
    load: FANOUT,
  },
  {
    name: "many",
    about: "1,000 channels with 1 subscriber each, 128 B, 50 publishers, 200 publications on their way",
    metric: "cpu",
    peers: SERVERS,
    load: MANY,
  },
  {
    name: "mixed10",
    about: "100 channels with 10 subscribers each, 128 B, 50 publishers, 100 publications on their way",
    metric: "cpu",
    peers: NEAREST,
    load: { ...USUAL, channels: 100, pace: { window: 100 } },
  },
  {
    name: "mixed100",
    about: "10 channels with 100 subscribers each, 128 B, 50 publishers, 50 publications on their way",
    metric: "cpu",
    peers: NEAREST,
    load: { ...USUAL, channels: 10, pace: { window: 50 } },
  },
  {
    name: "big",
    about: "100 channels with 10 subscribers each, 16 KiB, 50 publishers, 32 publications on their way",
    metric: "cpu",
    peers: NEAREST,
    load: { ...USUAL, channels: 100, payloadBytes: 16_384, pace: { window: 32 } },
  },
  {
    name: "latency",
    about: "1 channel with 1,000 subscribers, 128 B, 20 publications per second whatever the server does",
    metric: "p99",
    peers: NEAREST,
    load: { ...FANOUT, pace: { perSecond: 20 }, durationMs: 10_000 },
  },
  {
    name: "idle",
    about: "20,000 connections on 2 workers, each subscribed to one of 1,000 channels, nothing published",
    metric: "memory",
    peers: NEAREST,
    load: {
      ...USUAL,
      ...SILENT,
      ...CLUSTER,
      subscribers: 20_000,
      generators: 2,
      settleMs: 3000,
      durationMs: 5000,
    },
  },
  {
    name: "connect",
    about: "5,000 connections made, 100 at a time: handshake, and subscription to one of 1,000 channels",
    metric: "connectCpu",
    peers: ["uws", "ws", "socketcluster-server"],
    load: CONNECT,
  },
  {
    name: "connect-jwt",
    about: "as connect, and each connection shows a JWT of its own, which is verified",
    metric: "connectCpu",
    peers: ["socketcluster-server"],
    load: { ...CONNECT, withTokens: true },
  },
  {
    name: "cluster-many",
    about: "as many, publishers on worker 1 and subscribers on worker 2, one broker",
    metric: "cpu",
    peers: ["socket.io+redis"],
    load: { ...MANY, ...SPLIT },
  },
  {
    name: "cluster-fanout",
    about: "as fanout, publishers on worker 1 and subscribers on worker 2, one broker",
    metric: "cpu",
    peers: ["socket.io+redis"],
    load: { ...FANOUT, ...SPLIT },
  },
  {
    name: "cluster-latency",
    about: "as cluster-many, with 1,000 publications per second whatever the servers do",
    metric: "p99",
    peers: ["socket.io+redis"],
    load: { ...MANY, ...SPLIT, pace: { perSecond: 1000 } },
  },
];
