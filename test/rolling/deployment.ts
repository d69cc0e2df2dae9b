import type { Ingress } from "./ingress.ts";
import { Pod, type PodPlan, type Role } from "./pods.ts";

/** What of a cluster is the same whatever happens to its pods. */
export interface Place {
  readonly ingress: Ingress;
  /** Directory for the pods' logs. */
  readonly logs: string;
  readonly statePort: number;
  readonly drainMs: number;
  /** Clients per second that a worker sends away. */
  readonly drainRate: number;
  readonly preStopMs: number;
  /** The command of the release that new pods run. */
  scc: string;
  say(line: string): void;
}

const HOST = "127.0.0.1";
/** What a pod has after its own grace period, as in `kubernetes/`, ms. */
const SPARE_MS = 5000;
let nextPort = 21_001;

/** The pods of one role, and what a controller does with them. */
export class Deployment {
  readonly #place: Place;
  readonly #role: Role;
  #pods: Pod[] = [];
  #started = 0;
  #killed = 0;

  constructor(place: Place, role: Role) {
    this.#place = place;
    this.#role = role;
  }

  /** Pods that did not end by themselves within their grace period, or not with 0. */
  get endedBadly(): number {
    return this.#killed;
  }

  async scale(count: number): Promise<void> {
    this.#place.say(`scale ${this.#role}s from ${this.#pods.length} to ${count}`);
    const missing = Math.max(0, count - this.#pods.length);
    await Promise.all(Array.from({ length: missing }, () => this.#add()));
    // As a controller does it: all that are too many at once, the newest first.
    await Promise.all(this.#pods.slice(count).map((pod) => this.#end(pod)));
  }

  /** One new pod more, ready, before an old one goes; of scc-state one after the other. */
  async roll(): Promise<void> {
    for (const old of [...this.#pods]) {
      this.#place.say(`replace ${old.name}`);
      if (this.#role === "state") await this.#end(old);
      await this.#add();
      if (this.#role !== "state") await this.#end(old);
    }
  }

  kill(): void {
    for (const pod of this.#pods) pod.kill();
  }

  async #add(): Promise<void> {
    const { logs, scc, ingress, statePort } = this.#place;
    this.#started += 1;
    const port = this.#role === "state" ? statePort : nextPort++;
    const pod = new Pod(`${this.#role}-${this.#started}`, port, this.#plan(port), scc, logs);
    this.#pods.push(pod);
    await pod.ready();
    if (this.#role === "worker") await ingress.add(port);
  }

  async #end(pod: Pod): Promise<void> {
    this.#pods = this.#pods.filter((other) => other !== pod);
    if (this.#role === "worker") await this.#place.ingress.remove(pod.port);
    const code = await pod.end();
    if (code === 0) return;
    this.#killed += 1;
    this.#place.say(`${pod.name} ended with ${code ?? "SIGKILL"}`);
  }

  #plan(port: number): PodPlan {
    const { statePort, drainMs, drainRate, preStopMs } = this.#place;
    const member = {
      SCC_STATE_SERVER_HOST: HOST,
      SCC_STATE_SERVER_PORT: String(statePort),
      SCC_INSTANCE_IP: HOST,
      SCC_DRAIN_MS: String(drainMs),
    };
    const graceMs = drainMs + SPARE_MS;
    switch (this.#role) {
      case "state":
        return { role: "state", preStopMs: 0, graceMs, env: { SCC_STATE_SERVER_PORT: String(statePort) } };
      case "broker":
        return {
          role: "broker",
          preStopMs: 0,
          graceMs,
          env: { ...member, SCC_BROKER_SERVER_PORT: String(port) },
        };
      default:
        return {
          role: "worker",
          preStopMs,
          graceMs,
          env: {
            ...member,
            SOCKETCLUSTER_PORT: String(port),
            SCC_DRAIN_RATE: String(drainRate),
            ENV: "prod",
          },
        };
    }
  }
}
