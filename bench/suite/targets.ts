import type { PeerName } from "../contenders/contender.ts";
import type { MetricName } from "../measure/measured.ts";

/** What we want to reach. */
export interface Target {
  readonly scenario: string;
  readonly metric: MetricName;
  /** The limit is a ratio to this peer; absent: it is a value in the metric's unit. */
  readonly peer?: PeerName;
  /** Ours is to be at most that. */
  readonly limit: number;
}

export const TARGETS: readonly Target[] = [
  { scenario: "fanout", metric: "cpu", peer: "uws", limit: 1.1 },
  { scenario: "fanout", metric: "cpu", peer: "socketcluster-server", limit: 1 / 14 },
  { scenario: "many", metric: "cpu", peer: "uws", limit: 1.1 },
  { scenario: "many", metric: "cpu", peer: "socketcluster-server", limit: 1 / 3 },
  { scenario: "mixed10", metric: "cpu", peer: "uws", limit: 1.1 },
  { scenario: "mixed100", metric: "cpu", peer: "uws", limit: 1.1 },
  { scenario: "big", metric: "cpu", peer: "uws", limit: 1.1 },
  { scenario: "latency", metric: "p99", peer: "uws", limit: 1.1 },
  { scenario: "idle", metric: "memory", limit: 6 },
  { scenario: "connect", metric: "connectCpu", limit: 150 },
  { scenario: "connect-jwt", metric: "connectCpu", limit: 250 },
  { scenario: "cluster-many", metric: "cpu", limit: 30 },
  { scenario: "cluster-many", metric: "brokerCpu", limit: 4 },
  { scenario: "cluster-fanout", metric: "cpu", limit: 1.2 },
  { scenario: "cluster-latency", metric: "p50", limit: 1 },
  { scenario: "cluster-latency", metric: "p99", limit: 5 },
];
