import { randomUUID } from "node:crypto";
import type { CurrentRing } from "../cluster/current-ring.ts";
import { Owner, type OwnerOptions } from "../cluster/owner.ts";
import type { Hello } from "../cluster/peer-hello.ts";
import { hasMember, type Ring } from "../cluster/ring.ts";
import type { StateLink } from "../cluster/state-link.ts";
import { WorkerPort } from "../cluster/worker-port.ts";
import type { NewLink } from "../link/link.ts";
import { formatVersion } from "../pubsub/version.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { RELEASE } from "../runtime/release.ts";
import type { Turn } from "../runtime/turn.ts";

export interface BrokerServiceOptions extends Omit<OwnerOptions, "instanceId"> {
  readonly ring: CurrentRing;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly log: Logger;
}

const SWEEP_MS = 1000;

/**
 * scc-broker without its server: the links of workers, and what this broker owns under the current ring.
 * When it finds itself left out of the ring, what it holds is no longer worth anything: it empties itself and
 * registers again, as another instance.
 */
export class BrokerService {
  readonly ring: CurrentRing;
  readonly #options: BrokerServiceOptions;
  readonly #ports = new Map<WorkerPort, NewLink>();
  #instanceId = randomUUID();
  #owner: Owner;
  #state: StateLink | undefined;
  #leaving = false;
  readonly #ownerListeners: (() => void)[] = [];

  constructor(options: BrokerServiceOptions) {
    this.#options = options;
    this.ring = options.ring;
    this.#owner = this.#newOwner();
    this.ring.onAdopted((ring, before) => this.#adopted(ring, before));
    options.clock.every(SWEEP_MS, () => this.#owner.sweep());
  }

  get instanceId(): string {
    return this.#instanceId;
  }

  get owner(): Owner {
    return this.#owner;
  }

  get linkCount(): number {
    return this.#ports.size;
  }

  /** Why nothing should be expected of this broker now; undefined when it is in the ring. */
  get trouble(): string | undefined {
    if (this.#leaving) return "leaving the cluster";
    return hasMember(this.ring.ring.brokers, this.#instanceId) ? undefined : "not in the ring yet";
  }

  /** Whom to tell that a ring is settled, and to register with again. */
  registersWith(state: StateLink): void {
    this.#state = state;
  }

  /** What this broker owns has changed: a ring was adopted, or it started over. */
  onOwnerChanged(listener: () => void): void {
    this.#ownerListeners.push(listener);
  }

  /** From here on being left out of the ring is what this broker wants. */
  leaves(): void {
    this.#leaving = true;
  }

  /** A worker made a link. */
  accept(link: NewLink): void {
    const port = new WorkerPort({
      owner: this.#owner,
      ring: this.ring,
      link,
      hello: this.#hello(),
      atTurnEnd: (task) => this.#options.turn.deliver(task),
      introduced: (hello) => this.#replaceOlder(port, hello),
    });
    this.#ports.set(port, link);
    const closed = (): void => {
      this.#ports.delete(port);
      port.closed();
    };
    link.start({ handler: port, closed });
  }

  close(): void {
    this.#closeLinks("broker stops");
  }

  #hello(): Hello {
    return { instanceId: this.#instanceId, role: "broker", release: RELEASE, ring: this.ring.ring };
  }

  /** A newer connection of a pair of processes replaces the older, whose late frames are not read. */
  #replaceOlder(newer: WorkerPort, { instanceId }: Hello): void {
    for (const [port, link] of this.#ports) {
      if (port !== newer && port.instanceId === instanceId) link.close("replaced by a newer connection");
    }
  }

  #newOwner(): Owner {
    return new Owner({ ...this.#options, instanceId: this.#instanceId }, this.ring, () =>
      this.#options.clock.now(),
    );
  }

  #adopted(ring: Ring, before: Ring): void {
    const { log } = this.#options;
    const isIn = hasMember(ring.brokers, this.#instanceId);
    const wasIn = hasMember(before.brokers, this.#instanceId);
    log.info("ring adopted", {
      ring: formatVersion(ring.version),
      brokers: ring.brokers.length,
      member: isIn,
    });
    this.#owner.adopted();
    for (const port of this.#ports.keys()) port.adopted();
    // Until copies are kept there is nothing to hand over: what it owns is where it belongs.
    if (isIn) this.#state?.settled(ring.version);
    if (wasIn && !isIn && !this.#leaving) this.#startOver();
    for (const listener of this.#ownerListeners) listener();
  }

  #startOver(): void {
    this.#options.log.warn("left out of the ring; starting over as a new instance");
    this.#closeLinks("left out of the ring");
    this.#instanceId = randomUUID();
    this.#owner = this.#newOwner();
    this.#state?.rejoin("left out of the ring");
  }

  #closeLinks(reason: string): void {
    for (const link of this.#ports.values()) link.close(reason);
    this.#ports.clear();
  }
}
