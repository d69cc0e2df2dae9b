import { freePort } from "../../src/tools/chaos/system/ports.ts";
import { Deployment } from "./deployment.ts";
import type { Haproxy } from "./haproxy.ts";
import { podSpecOf, ROLES, type Role } from "./manifests.ts";
import { Pod, type PodObserver } from "./pod.ts";

export interface ClusterOptions {
  /** The built `scc` to begin with. */
  readonly entry: string;
  readonly logs: string;
  /** Beyond what the manifests say, for workers. */
  readonly workerEnv: Readonly<Record<string, string>>;
  /** From a change of an endpoint until the ingress knows it, ms. */
  readonly endpointLagMs: number;
  readonly haproxy: Haproxy;
  readonly happened: (what: string) => void;
  readonly trouble: (what: string) => void;
}

const PORT: Readonly<Record<Role, string>> = {
  state: "SCC_STATE_SERVER_PORT",
  broker: "SCC_BROKER_SERVER_PORT",
  worker: "SOCKETCLUSTER_PORT",
};

/** Each pod has an address of its own, as in Kubernetes; the service of scc-state has one that stays. */
const NETWORK = "127.77";
const STATE_IP = `${NETWORK}.255.1`;

/** Pods of three deployments on one machine, and who keeps the ingress's list of endpoints. */
export class Cluster {
  readonly deployments: Readonly<Record<Role, Deployment>>;
  readonly #options: ClusterOptions;
  readonly #statePort: number;
  readonly #pods = new Set<Pod>();
  #started = 0;
  /** The most workers that were parting with their clients at a time. */
  #mostDraining = 0;
  #isClosing = false;

  private constructor(options: ClusterOptions, statePort: number) {
    this.#options = options;
    this.#statePort = statePort;
    const deployment = (role: Role): Deployment =>
      new Deployment(podSpecOf(role), (entry) => this.#launch(role, entry));
    this.deployments = {
      state: deployment("state"),
      broker: deployment("broker"),
      worker: deployment("worker"),
    };
  }

  /** Starts nothing yet. */
  static async create(options: ClusterOptions): Promise<Cluster> {
    return new Cluster(options, await freePort(STATE_IP));
  }

  get mostDraining(): number {
    return this.#mostDraining;
  }

  /** All at once, as `kubectl apply` does. Resolves when all are available. */
  async start(counts: Readonly<Record<Role, number>>): Promise<void> {
    const { entry } = this.#options;
    await Promise.all(ROLES.map((role) => this.deployments[role].scale(counts[role], entry)));
  }

  /** Ends everything at once. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#pods].map((pod) => pod.destroy()));
  }

  async #launch(role: Role, entry: string): Promise<Pod> {
    const number = ++this.#started;
    const ip = role === "state" ? STATE_IP : `${NETWORK}.0.${number}`;
    const port = role === "state" ? this.#statePort : await freePort(ip);
    const spec = podSpecOf(role);
    const { workerEnv, logs } = this.#options;
    const env: Record<string, string> = {
      ...spec.env,
      ...(role === "worker" ? workerEnv : {}),
      ...(role === "state" ? {} : this.#memberEnv(ip, port)),
      [PORT[role]]: String(port),
      SCC_HOST: ip,
      SCC_METRICS_PORT: "0",
      ...(process.env.PATH === undefined ? {} : { PATH: process.env.PATH }),
    };
    const pod = new Pod({ name: `${role}-${number}`, spec, entry, env, ip, port, logs }, this.#observer());
    this.#pods.add(pod);
    this.#options.happened(`${pod.name} starts`);
    return pod;
  }

  #memberEnv(ip: string, port: number): Record<string, string> {
    return {
      SCC_STATE_SERVER_HOST: STATE_IP,
      SCC_STATE_SERVER_PORT: String(this.#statePort),
      SCC_INSTANCE_IP: ip,
      SCC_INSTANCE_PORT: String(port),
    };
  }

  #observer(): PodObserver {
    const { happened, trouble } = this.#options;
    return {
      readinessChanged: (pod) => {
        happened(`${pod.name} is ${pod.isReady ? "" : "not "}ready`);
        this.#tellIngress(pod);
      },
      terminating: (pod) => {
        happened(`${pod.name} is to end`);
        this.#tellIngress(pod);
      },
      stopping: () => this.#countDraining(),
      gone: (pod) => {
        this.#pods.delete(pod);
        if (this.#isClosing) return;
        happened(`${pod.name} is gone`);
        this.#tellHaproxy(pod, (haproxy) => haproxy.remove(pod.name));
      },
      trouble,
    };
  }

  /** The list of endpoints takes its time to get there. */
  #tellIngress(pod: Pod): void {
    setTimeout(() => {
      const { ip, port } = pod.plan;
      this.#tellHaproxy(pod, (haproxy) =>
        pod.isReady ? haproxy.add(pod.name, { ip, port }) : haproxy.takeOut(pod.name),
      );
    }, this.#options.endpointLagMs);
  }

  #tellHaproxy(pod: Pod, tell: (haproxy: Haproxy) => Promise<void>): void {
    if (pod.plan.spec.role !== "worker") return;
    tell(this.#options.haproxy).catch((error: unknown) => this.#options.trouble(String(error)));
  }

  #countDraining(): void {
    const draining = [...this.#pods].filter((pod) => pod.plan.spec.role === "worker" && pod.isStopping);
    this.#mostDraining = Math.max(this.#mostDraining, draining.length);
  }
}
