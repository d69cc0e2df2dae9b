import type { Phase } from "./life.ts";
import type { ServiceName, ServicePlan } from "./plan.ts";
import { Service } from "./service.ts";
import type { View } from "./view.ts";

/** Clients part from workers while brokers still carry what they say; scc-state sees everyone leave. */
const STOP_ORDER: readonly ServiceName[] = ["scc-worker", "scc-broker", "scc-state"];

/** What a service may need on top of its grace period before it counts as stuck. */
const GRACE_MARGIN_MS = 6000;
const DEFAULT_DRAIN_MS = 25_000;

/** Exit codes of the whole: as it was asked to, something went wrong, wrong configuration. */
export type Outcome = 0 | 1 | 2;

/** All services of the local cluster: started, kept alive, taken down in order. */
export class Supervisor {
  readonly #services: readonly Service[];
  readonly #view: View;
  readonly #finished: (outcome: Outcome) => void;
  #stopping = false;
  #membersStarted = false;
  #announced = false;
  /** How the whole ends. */
  readonly outcome: Promise<Outcome>;

  /** @param entry the program that starts a service */
  constructor(plans: readonly ServicePlan[], entry: string, view: View) {
    const observer = {
      changed: (service: Service) => this.#changed(service),
      line: view.line.bind(view),
    };
    this.#services = plans.map((plan) => new Service(plan, entry, observer));
    this.#view = view;
    let finished: (outcome: Outcome) => void = () => {};
    this.outcome = new Promise((resolve) => {
      finished = resolve;
    });
    this.#finished = finished;
  }

  /** Starts scc-state, and the others as soon as it is there: none of them has to ask twice. */
  start(): void {
    this.#view.show(this.#services);
    for (const service of this.#services) if (service.plan.service === "scc-state") service.start();
  }

  /** Takes everything down gracefully, in order. Asking again changes nothing. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const refused = this.#services.some(({ life }) => life.phase === "stopped");
    for (const name of STOP_ORDER) {
      const group = this.#services.filter(({ plan }) => plan.service === name);
      await Promise.all(group.map((service) => service.stop(graceMs(service.plan))));
    }
    const clean = this.#services.every(({ life }) => life.clean);
    this.#finished(refused ? 2 : clean ? 0 : 1);
  }

  /** Takes everything down at once. */
  kill(): void {
    void this.stop();
    for (const service of this.#services) service.kill();
  }

  #changed(service: Service): void {
    this.#view.changed(service);
    // A service that refuses its configuration is not started again; the others are of no use alone.
    if (service.life.phase === "stopped") void this.stop();
    if (service.plan.service === "scc-state" && service.life.phase === "ready") this.#startMembers();
    if (this.#announced || !this.#all("ready")) return;
    this.#announced = true;
    this.#view.ready();
  }

  #startMembers(): void {
    if (this.#stopping || this.#membersStarted) return;
    this.#membersStarted = true;
    for (const service of this.#services) if (service.plan.service !== "scc-state") service.start();
  }

  #all(phase: Phase): boolean {
    return this.#services.every(({ life }) => life.phase === phase);
  }
}

function graceMs({ env }: ServicePlan): number {
  return Number(env.SCC_DRAIN_MS ?? DEFAULT_DRAIN_MS) + GRACE_MARGIN_MS;
}
