import { setTimeout as after } from "node:timers/promises";
import { freePort } from "../../src/tools/chaos/system/ports.ts";
import { Cluster } from "./cluster.ts";
import type { CrowdOutcome } from "./crowd-messages.ts";
import { CrowdProcess } from "./crowd-process.ts";
import { Haproxy } from "./haproxy.ts";
import { type Conditions, type RollingRecord, recordOf, type Scenario } from "./record.ts";
import type { Release } from "./release.ts";

export interface RunOptions {
  readonly conditions: Conditions;
  readonly from: Release;
  readonly to: Release;
  readonly endpointLagMs: number;
  /** For logs and HAProxy's files. */
  readonly directory: string;
  readonly say: (text: string) => void;
}

const HOST = "127.0.0.1";
/** Before the first change, after the last, and between two steps of an autoscaler. */
const CALM_MS = 5000;
const TOLD_EVERY_MS = 5000;
const MOST_TROUBLES = 20;

/** Starts a cluster behind HAProxy, connects clients, acts out a scenario while they publish, and adds up. */
export class Run {
  readonly #options: RunOptions;
  readonly #crowd = new CrowdProcess();
  readonly #troubles: string[] = [];
  readonly #startedAt = performance.now();
  #cluster: Cluster | undefined;
  #haproxy: Haproxy | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  async make(): Promise<RollingRecord> {
    const { conditions, directory } = this.#options;
    const { clients, publishers, channels, rate, scenario } = conditions;
    const at = new Date().toISOString();
    const port = await freePort(HOST);
    const cluster = await this.#start(port);
    this.#say(`${clients} clients connect; logs are in ${directory}`);
    await this.#crowd.connect({ host: HOST, port, clients, publishers, channels, rate });
    const since = performance.now();
    const outcome = await this.#publishing(() => this.#act(scenario, cluster));
    const seconds = Math.round((performance.now() - since) / 1000);
    const { mostDraining } = cluster;
    return recordOf(conditions, outcome, { at, seconds, mostDraining, troubles: this.#troubles });
  }

  /** Ends all that it started. */
  async close(): Promise<void> {
    this.#crowd.close();
    await this.#cluster?.close();
    await this.#haproxy?.close();
  }

  async #start(port: number): Promise<Cluster> {
    const { conditions, from, endpointLagMs, directory } = this.#options;
    const trouble = (what: string): void => {
      this.#say(`TROUBLE: ${what}`);
      if (this.#troubles.length < MOST_TROUBLES) this.#troubles.push(what);
    };
    const { balance, drainRate, scenario } = conditions;
    const haproxy = await Haproxy.start({ host: HOST, port, balance, directory }, trouble);
    this.#haproxy = haproxy;
    const cluster = await Cluster.create({
      entry: from.entry,
      logs: directory,
      workerEnv: { SCC_DRAIN_RATE: String(drainRate) },
      endpointLagMs,
      haproxy,
      happened: (what) => this.#say(what),
      trouble,
    });
    this.#cluster = cluster;
    await cluster.start({ state: 1, broker: scenario === "scale" ? 1 : 3, worker: 3 });
    // The ingress learns of the last worker.
    await after(endpointLagMs);
    return cluster;
  }

  async #publishing(act: () => Promise<void>): Promise<CrowdOutcome> {
    const telling = setInterval(() => {
      const { sent, acknowledged, delivered, subscribed } = this.#crowd.progress;
      this.#say(
        `  ${sent} sent, ${acknowledged} acknowledged, ${delivered} delivered, ${subscribed} subscribed`,
      );
    }, TOLD_EVERY_MS);
    try {
      await this.#crowd.publish();
      await after(CALM_MS);
      await act();
      await after(CALM_MS);
      return await this.#crowd.finish();
    } finally {
      clearInterval(telling);
    }
  }

  async #act(scenario: Scenario, { deployments }: Cluster): Promise<void> {
    const { entry } = this.#options.to;
    if (scenario === "roll") {
      for (const role of ["state", "broker", "worker"] as const) {
        this.#say(`scc-${role} is rolled`);
        await deployments[role].roll(entry);
      }
      return;
    }
    // As the autoscaler's policies have it: two more at a time, one less at a time.
    for (const count of [3, 5, 4, 3, 2, 1]) {
      this.#say(`brokers are scaled to ${count}`);
      await deployments.broker.scale(count, entry);
      await deployments.broker.settled();
      await after(CALM_MS);
    }
  }

  #say(text: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1);
    this.#options.say(`${seconds.padStart(6)} s  ${text}`);
  }
}
