import { randomUUID } from "node:crypto";
import type { DialLink } from "../cluster/peer/owner-link.ts";
import type { Hello } from "../cluster/peer/peer-hello.ts";
import type { Port } from "../cluster/peer/port.ts";
import type { StateLink } from "../cluster/registration/state-link.ts";
import { HeldLogs } from "../cluster/replica/held-logs.ts";
import { Holder } from "../cluster/replica/holder.ts";
import type { CurrentRing } from "../cluster/ring/current-ring.ts";
import { followerOf, hasMember, isKeeper, type Ring } from "../cluster/ring/ring.ts";
import type { NewLink } from "../link/link.ts";
import type { TailBounds } from "../pubsub/tails.ts";
import { formatVersion } from "../pubsub/version.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { RELEASE } from "../runtime/release.ts";
import type { Turn } from "../runtime/turn.ts";
import { BrokerLogs } from "./links/broker-logs.ts";
import { Canaries } from "./links/canaries.ts";
import { PeerLinks } from "./links/peer-links.ts";
import { PeerPort } from "./links/peer-port.ts";
import { WorkerPort } from "./links/worker-port.ts";
import { WorkerWindows } from "./links/worker-windows.ts";
import { Owner } from "./owner/owner.ts";

export interface BrokerServiceOptions {
  readonly ring: CurrentRing;
  readonly bounds: TailBounds;
  /** See `OwnerOptions`. */
  readonly maxChannels: number;
  readonly waitingBytes?: number;
  /** Bytes of publishes that workers may have unconfirmed here, over all of them. */
  readonly unconfirmedBytes: number;
  /** Bytes of logs and copies that may be on their way to or from one member at a time. */
  readonly transferBytes: number;
  readonly dial: DialLink;
  /** Longest pause before another broker is dialled again, ms. */
  readonly retryDelay: number;
  readonly clock: Clock;
  /** From 0 to 1, for pauses that differ from process to process. */
  readonly random: () => number;
  /** An id that nobody has had. */
  readonly newId?: () => string;
  readonly turn: Turn;
  readonly log: Logger;
}

const SWEEP_MS = 1000;
/** How often a broker that leaves looks whether anybody is left. */
const LOOK_MS = 200;
/** So often in a row it is nobody: links that broke are back by then. */
const LONELY_LOOKS = 5;
/** How long a lost connection to a broker may take to come back before the broker counts as unusable. */
const GRACE_MS = 1000;

/** What a broker is between two lives: everything of it ends when it is left out of the ring. */
interface Life {
  readonly instanceId: string;
  readonly held: HeldLogs;
  readonly holder: Holder;
  readonly owner: Owner;
  readonly canaries: Canaries;
  readonly logs: BrokerLogs;
  readonly peers: PeerLinks;
}

/**
 * scc-broker without its server: the links of workers and other brokers, and what this broker owns and keeps under
 * the current ring. When it finds itself left out of the ring, what it holds is no longer worth anything: it empties
 * itself and registers again, as another instance.
 */
export class BrokerService {
  readonly ring: CurrentRing;
  readonly #options: BrokerServiceOptions;
  /** Links that others made. */
  readonly #ports = new Map<WorkerPort, NewLink>();
  /** All members that can be reached, by instance, whoever made the link. */
  readonly #open = new Map<string, Port>();
  /** What may be unconfirmed here, shared by those who publish. */
  readonly windows: WorkerWindows;
  #life: Life;
  #state: StateLink | undefined;
  #leaving = false;
  #refusedCount = 0;
  /** Of those, how many were told of in the log. */
  #toldRefused = 0;
  /** Signs of life that came from the follower before this broker wanted to leave. */
  #followerBeats = 0;
  readonly #ownerListeners: (() => void)[] = [];
  readonly #releaseListeners: (() => void)[] = [];

  constructor(options: BrokerServiceOptions) {
    this.#options = options;
    this.ring = options.ring;
    this.windows = new WorkerWindows(options.unconfirmedBytes, (task) => options.turn.deliver(task));
    this.#life = this.#newLife();
    this.ring.onAdopted((ring, before) => this.#adopted(ring, before));
    options.clock.every(SWEEP_MS, () => this.#sweep());
  }

  get instanceId(): string {
    return this.#life.instanceId;
  }

  get owner(): Owner {
    return this.#life.owner;
  }

  get held(): HeldLogs {
    return this.#life.held;
  }

  /** Members with a working link to this broker, by instance. */
  get linked(): string[] {
    return [...this.#open.keys()];
  }

  /** Of those the brokers: of the ring, about to join it, or leaving. */
  get linkedBrokers(): string[] {
    return this.#life.peers.linked;
  }

  /** Members of the ring that this broker cannot use, by instance. */
  get accused(): string[] {
    const { peers, canaries } = this.#life;
    return [...new Set([...peers.accused, ...canaries.accused])];
  }

  /** Copies that followers have not acknowledged yet. */
  get unacknowledgedCopies(): number {
    return [...this.owner.streams.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Subscriptions and publishes that there was no room for, since the start. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Why nothing should be expected of this broker now; undefined when it is in the ring. */
  get trouble(): string | undefined {
    if (this.#leaving) return "leaving the cluster";
    return hasMember(this.ring.ring.brokers, this.instanceId) ? undefined : "not in the ring yet";
  }

  /** Whether this broker is out of the ring, and nobody needs its copies any more. */
  get isReleased(): boolean {
    const { held, holder } = this.#life;
    const { ring } = this.ring;
    const { brokers } = ring;
    // Where one broker is left a worker is to hold what it holds, too, if there are any.
    const isFollowed = brokers.length > 1 || followerOf(ring) !== undefined || this.#workerCount === 0;
    // The last broker stays listed until another joins: it waits for the one who follows it, and for nobody else.
    if (hasMember(brokers, this.instanceId))
      return brokers.length === 1 && isFollowed && this.owner.handover.isSettled && this.#isFollowerAlive;
    // Until all is settled others conclude from its being listed that it would have offered what it had.
    return (held.count === 0 && !isKeeper(ring, this.instanceId)) || (isFollowed && holder.isReleased);
  }

  /** Whether who follows the only broker has given a sign of life since this one wants to leave, if anybody does. */
  get #isFollowerAlive(): boolean {
    return this.#workerCount === 0 || this.#beatsOfFollower > this.#followerBeats;
  }

  get #beatsOfFollower(): number {
    return this.#open.get(followerOf(this.ring.ring)?.instanceId ?? "")?.beats ?? 0;
  }

  /** Whether channels go on here, or somebody has still to take over what is kept here, reached just now or not. */
  get #isNeeded(): boolean {
    const keeps = isKeeper(this.ring.ring, this.instanceId) && this.held.count > 0;
    return this.#workerCount > 0 || keeps;
  }

  /** Links of workers. */
  get #workerCount(): number {
    const brokers = new Set(this.ring.ring.brokers.map(({ instanceId }) => instanceId));
    return [...this.#open.keys()].filter((instanceId) => !brokers.has(instanceId)).length;
  }

  /** Whom to tell that a ring is settled, and to register with again. */
  registersWith(state: StateLink): void {
    this.#state = state;
    state.onPeers((peers) => this.#life.peers.announce(peers));
  }

  /** So many connections of upstream's workers there are here now. */
  upstreamHere(connections: number): void {
    this.#state?.upstreamHere(connections);
  }

  /** What this broker owns has changed: a ring was adopted, or it started over. */
  onOwnerChanged(listener: () => void): void {
    this.#ownerListeners.push(listener);
  }

  /** Tells once when this broker may go: it is out of the ring, and its logs are where they belong. */
  onReleased(done: () => void): void {
    this.#followerBeats = this.#beatsOfFollower;
    const look = (): void => {
      if (this.isReleased) done();
    };
    this.#releaseListeners.push(look);
    this.ring.onAdopted(look);
    // Without scc-state nobody new takes over. Those who need this broker may be leaving, too.
    let lonely = 0;
    this.#options.clock.every(LOOK_MS, () => {
      lonely = this.#state?.registered || this.#isNeeded ? 0 : lonely + 1;
      if (lonely >= LONELY_LOOKS) done();
      else look();
    });
    look();
  }

  /** From here on being left out of the ring is what this broker wants. */
  leaves(): void {
    this.#leaving = true;
  }

  /** A worker or another broker made a link. */
  accept(link: NewLink): void {
    const life = this.#life;
    let role: Hello["role"] = "worker";
    const port = new WorkerPort({
      owner: life.owner,
      canaries: life.canaries,
      ring: this.ring,
      link,
      hello: this.#hello(life.instanceId),
      logs: life.logs,
      atTurnEnd: (task) => this.#options.turn.deliver(task),
      introduced: (hello) => {
        role = hello.role;
        // It meant whoever was at this address before: between the two of us this broker makes the link.
        const isWanted = !life.peers.makesLinkWith(hello);
        if (isWanted) this.#replaceOlder(port, hello);
        else link.close("the link is made from here");
        return isWanted;
      },
      refused: () => {
        this.#refusedCount += 1;
      },
      opened: () => {
        this.#opened(port);
        if (role === "worker") this.windows.add(port);
        life.peers.came(port.instanceId, role);
      },
    });
    this.#ports.set(port, link);
    const closed = (): void => {
      this.#ports.delete(port);
      this.windows.remove(port);
      port.closed();
      this.#closed(port, life);
      if (!this.#open.has(port.instanceId)) life.peers.left(port.instanceId);
    };
    link.start({ handler: port, closed });
  }

  close(): void {
    this.#life.peers.end("broker stops");
    this.#closeLinks("broker stops");
  }

  #sweep(): void {
    const { held, owner, canaries } = this.#life;
    held.sweep((each) => owner.sweep(each));
    canaries.tick();
    this.#accuse();
    this.#tellOfRefused(held.count);
  }

  #tellOfRefused(logs: number): void {
    const refused = this.#refusedCount - this.#toldRefused;
    this.#toldRefused = this.#refusedCount;
    if (refused > 0) this.#options.log.warn("no room for new channels", { refused, logs });
  }

  #accuse(): void {
    this.#state?.accuse(this.accused);
  }

  #hello(instanceId: string): Hello {
    return { instanceId, role: "broker", release: RELEASE, ring: this.ring.ring };
  }

  /** A newer connection of a pair of processes replaces the older, whose late frames are not read. */
  #replaceOlder(newer: WorkerPort, { instanceId }: Hello): void {
    for (const [port, link] of this.#ports) {
      if (port !== newer && port.instanceId === instanceId) link.close("replaced by a newer connection");
    }
  }

  #opened(port: Port): void {
    this.#open.set(port.instanceId, port);
    this.#life.holder.offerTo(port);
    this.#life.owner.opened(port);
  }

  #closed(port: Port, { owner, holder }: Life): void {
    if (this.#open.get(port.instanceId) === port) this.#open.delete(port.instanceId);
    holder.closed(port);
    owner.closed(port);
  }

  #newLife(): Life {
    const { ring, clock, turn, bounds } = this.#options;
    const instanceId = (this.#options.newId ?? randomUUID)();
    const held = new HeldLogs(bounds, () => clock.now());
    const holder = new Holder({
      instanceId: () => instanceId,
      ring,
      held,
      atTurnEnd: (task) => turn.deliver(task),
      settled: () => {
        for (const listener of this.#releaseListeners) listener();
      },
    });
    const portOf = (id: string): Port | undefined => this.#open.get(id);
    const owner: Owner = new Owner(
      { ...this.#options, instanceId, held, portOf },
      {
        settled: () => {
          this.#state?.settled(ring.version);
          peers.settled();
        },
      },
    );
    const canaries = new Canaries({ instanceId, ring, owner, portOf });
    const logs = new BrokerLogs(holder, owner, canaries);
    const peers: PeerLinks = this.#peersOf(instanceId, logs);
    return { instanceId, held, holder, owner, canaries, logs, peers };
  }

  #peersOf(instanceId: string, logs: BrokerLogs): PeerLinks {
    const peers: PeerLinks = new PeerLinks(
      {
        ...this.#options,
        instanceId,
        grace: GRACE_MS,
        isHere: (id) => this.#open.has(id),
        port: (link, introduced) =>
          new PeerPort({ link, ring: this.ring, hello: this.#hello(instanceId), logs, introduced }),
      },
      {
        opened: (port) => this.#opened(port),
        closed: (port) => this.#closed(port, this.#life),
        changed: () => {
          this.#accuse();
          this.#state?.linked(peers.linked);
        },
      },
    );
    return peers;
  }

  #adopted(ring: Ring, before: Ring): void {
    const { log } = this.#options;
    const isIn = hasMember(ring.brokers, this.instanceId);
    log.info("ring adopted", {
      ring: formatVersion(ring.version),
      brokers: ring.brokers.length,
      member: isIn,
    });
    const { holder, owner, canaries, peers } = this.#life;
    // Everybody hears of the ring before anything is said under it.
    for (const port of this.#ports.keys()) port.adopted();
    peers.adopted(ring);
    holder.adopted();
    owner.adopted(ring);
    canaries.adopted();
    for (const port of this.#open.values()) holder.offerTo(port);
    const wasIn = hasMember(before.brokers, this.instanceId);
    if (wasIn && !isIn && !isKeeper(ring, this.instanceId) && !this.#leaving) this.#startOver();
    for (const listener of this.#ownerListeners) listener();
  }

  #startOver(): void {
    this.#options.log.warn("left out of the ring; starting over as a new instance");
    this.#life.peers.end("left out of the ring");
    this.#closeLinks("left out of the ring");
    this.#open.clear();
    this.#life = this.#newLife();
    this.#life.peers.adopted(this.ring.ring);
    this.#state?.rejoin("left out of the ring");
  }

  #closeLinks(reason: string): void {
    for (const link of this.#ports.values()) link.close(reason);
    this.#ports.clear();
  }
}
