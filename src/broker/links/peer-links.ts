import { type DialLink, OwnerLink } from "../../cluster/peer/owner-link.ts";
import type { Hello } from "../../cluster/peer/peer-hello.ts";
import { hasMember, type Ring, type RingMember } from "../../cluster/ring/ring.ts";
import type { NewLink } from "../../link/link.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { PeerPort } from "./peer-port.ts";

export interface PeerLinksOptions {
  readonly instanceId: string;
  readonly dial: DialLink;
  readonly clock: Clock;
  /** From 0 to 1, for pauses that differ from process to process. */
  readonly random: () => number;
  readonly log: Logger;
  /** See `OwnerLinkOptions`. */
  readonly retryDelay: number;
  readonly grace: number;
  readonly port: (link: NewLink, introduced: (hello: Hello) => void) => PeerPort;
  /** Whether there is a connection with a member, whoever made it. */
  readonly isHere: (instanceId: string) => boolean;
}

export interface PeerLinksEvents {
  opened(port: PeerPort): void;
  closed(port: PeerPort): void;
  /** Which brokers can be reached, or cannot be used, has changed. */
  changed(): void;
}

/** A peer that dials this broker: how long it has been away. */
interface Awaited {
  readonly grace: Timer;
  accused: boolean;
}

/**
 * A broker's links with the other brokers: one with each of the ring, and with those that are about to join it. Of
 * two brokers the one with the greater instance id dials, so that there is one connection.
 */
export class PeerLinks {
  readonly #options: PeerLinksOptions;
  readonly #events: PeerLinksEvents;
  /** Those that this broker dials. */
  readonly #dialled = new Map<string, OwnerLink<PeerPort>>();
  /** Members of the ring that dial this broker, and are not here. */
  readonly #awaited = new Map<string, Awaited>();
  /** Brokers that are here, whoever dialled. */
  readonly #open = new Set<string>();
  #listed: readonly RingMember[] = [];
  #announced: readonly RingMember[] = [];
  #isIn = false;
  #ended = false;
  /** Of those listed the workers, which always dial. */
  #workers: ReadonlySet<string> = new Set();
  /** Of those listed the brokers that leave. */
  #leaving: ReadonlySet<string> = new Set();

  constructor(options: PeerLinksOptions, events: PeerLinksEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Brokers that are linked with this one, by instance. */
  get linked(): string[] {
    return [...this.#open];
  }

  /** Whether it is this broker that dials a member, of the two. */
  makesLinkWith({ instanceId, role }: Pick<Hello, "instanceId" | "role">): boolean {
    return role === "broker" && instanceId < this.#options.instanceId;
  }

  /** Brokers and keepers of the ring that this one cannot use. */
  get accused(): string[] {
    const listed = ({ instanceId }: RingMember): boolean => {
      const isAccused = this.#dialled.get(instanceId)?.accused ?? this.#awaited.get(instanceId)?.accused;
      return isAccused ?? false;
    };
    return this.#listed.filter(listed).map(({ instanceId }) => instanceId);
  }

  /** The brokers of the ring, those that leave it, and a worker that keeps copies. */
  adopted({ brokers, keepers }: Ring): void {
    // Whoever keeps copies has nothing to do with a broker that is not in the ring yet, and makes no link with it.
    this.#isIn = hasMember(brokers, this.#options.instanceId);
    this.#listed = this.#isIn ? [...brokers, ...keepers] : brokers;
    this.#workers = new Set(
      keepers.filter(({ role }) => role === "worker").map(({ instanceId }) => instanceId),
    );
    this.#leaving = new Set(
      keepers.filter(({ role }) => role === "broker").map(({ instanceId }) => instanceId),
    );
    for (const link of this.#dialled.values()) link.adopted();
    this.#review();
  }

  /** This broker's logs are where they belong: brokers that leave are not needed any more, and may go. */
  settled(): void {
    this.#listed = this.#listed.filter(({ instanceId }) => !this.#leaving.has(instanceId));
    this.#review();
  }

  /** Brokers that may be in a ring with this one soon. */
  announce(peers: readonly RingMember[]): void {
    this.#announced = peers;
    this.#review();
  }

  /** A member that dialled this broker is here. */
  came(instanceId: string, role: Hello["role"]): void {
    if (role === "broker") this.#open.add(instanceId);
    const awaited = this.#awaited.get(instanceId);
    awaited?.grace.cancel();
    this.#awaited.delete(instanceId);
    if (role === "broker" || awaited?.accused) this.#events.changed();
  }

  /** It is gone. */
  left(instanceId: string): void {
    const wasBroker = this.#open.delete(instanceId);
    if (hasMember(this.#listed, instanceId)) this.#review();
    if (wasBroker && !this.#ended) this.#events.changed();
  }

  /** For good: links that others made may end after it, and are not waited for. */
  end(reason: string): void {
    this.#ended = true;
    for (const link of this.#dialled.values()) link.end(reason);
    this.#dialled.clear();
    for (const { grace } of this.#awaited.values()) grace.cancel();
    this.#awaited.clear();
  }

  #review(): void {
    if (this.#ended) return;
    const { instanceId: me } = this.#options;
    const wanted = [...this.#listed, ...this.#announced].filter(({ instanceId }) => instanceId !== me);
    for (const [instanceId, link] of this.#dialled) {
      if (hasMember(wanted, instanceId)) continue;
      this.#dialled.delete(instanceId);
      link.end("no longer in the ring");
    }
    for (const member of wanted) {
      if (this.#dials(member) && !this.#dialled.has(member.instanceId)) this.#dialTo(member);
    }
    this.#reviewAwaited();
  }

  #reviewAwaited(): void {
    const me = this.#options.instanceId;
    // Nobody may have been told of a broker that is not in the ring yet.
    const listed = this.#isIn ? this.#listed : [];
    const coming = listed.filter((member) => member.instanceId !== me && !this.#dials(member));
    for (const [instanceId, { grace }] of this.#awaited) {
      if (hasMember(coming, instanceId)) continue;
      grace.cancel();
      this.#awaited.delete(instanceId);
    }
    for (const { instanceId } of coming) this.#await(instanceId);
  }

  #dials({ instanceId }: RingMember): boolean {
    return this.makesLinkWith({ instanceId, role: this.#workers.has(instanceId) ? "worker" : "broker" });
  }

  #dialTo(member: RingMember): void {
    const link = new OwnerLink<PeerPort>(
      { ...this.#options, member },
      {
        opened: (port) => {
          this.#open.add(member.instanceId);
          this.#events.opened(port);
        },
        closed: (port) => {
          this.#open.delete(member.instanceId);
          this.#events.closed(port);
        },
        changed: () => this.#events.changed(),
      },
    );
    this.#dialled.set(member.instanceId, link);
  }

  /** It has to come, and counts as unusable if it does not in time. */
  #await(instanceId: string): void {
    if (this.#options.isHere(instanceId) || this.#awaited.has(instanceId)) return;
    const awaited: Awaited = {
      accused: false,
      grace: this.#options.clock.after(this.#options.grace, () => {
        awaited.accused = true;
        this.#options.log.warn("member does not link with this broker", { instanceId });
        this.#events.changed();
      }),
    };
    this.#awaited.set(instanceId, awaited);
  }
}
