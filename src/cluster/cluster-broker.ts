import { type Pending, sizeOf, Unconfirmed } from "../link/unconfirmed.ts";
import type { Broker, Deliver, Gap, Settle } from "../pubsub/broker.ts";
import type { Publication } from "../pubsub/publication.ts";
import type { Epoch } from "../pubsub/version.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { type Answer, BrokerPort, type BrokerPortEvents } from "./broker-port.ts";
import type { CurrentRing } from "./current-ring.ts";
import { PublishRefusedError, PublishTimeoutError, SubscribeTimeoutError } from "./errors.ts";
import type { Holder } from "./holder.ts";
import { KeeperLogs } from "./keeper-logs.ts";
import { type DialLink, OwnerLink } from "./owner-link.ts";
import type { Hello } from "./peer-hello.ts";
import { hasMember, type Ring, type RingMember } from "./ring.ts";
import { Subscription } from "./subscription.ts";

export interface ClusterBrokerOptions {
  readonly ring: CurrentRing;
  readonly dial: DialLink;
  readonly clock: Clock;
  /** From 0 to 1, for pauses that differ from process to process. */
  readonly random: () => number;
  readonly log: Logger;
  readonly hello: () => Hello;
  /** The logs that this worker keeps for a broker that has no other to follow it. */
  readonly holder: Holder;
  /** When a publish settles: this worker took it, or the channel's brokers hold it. */
  readonly publishLevel: "worker" | "replica";
  /** How long an unconfirmed publish is sent again before it is rejected, ms. */
  readonly publishLimit: number;
  /** How long a subscription may wait for its owner's answer, ms. */
  readonly subscribeLimit: number;
  /** Bytes that may be unconfirmed at a time; one message always fits. */
  readonly unconfirmedBytes: number;
  /** See `OwnerLinkOptions`. */
  readonly retryDelay: number;
  readonly grace: number;
}

export interface ClusterBrokerEvents {
  readonly deliver: Deliver;
  /** Subscribers of a channel may have missed something. */
  gap(gap: Gap): void;
  /** Which brokers can be used has changed. */
  changed(): void;
}

interface Followed {
  readonly subscription: Subscription;
  /** Who owns the channel; undefined while nobody does. */
  ownerId: string | undefined;
  settle: Settle | undefined;
  readonly since: number;
}

const SWEEP_MS = 500;
/** Largest message, bytes: what WebSocket servers accept by default. Links accept somewhat more. */
const MAX_MESSAGE = 100 * 2 ** 20;

/**
 * The worker's side of the cluster: takes each publication to its channel's owner, and delivers what the
 * owners of the subscribed channels bring. Whatever is not confirmed is sent again, in order, on each new link
 * and under each new ring; whatever is subscribed is asked for from where it stands.
 */
export class ClusterBroker implements Broker {
  readonly #options: ClusterBrokerOptions;
  readonly #events: ClusterBrokerEvents;
  readonly #links = new Map<string, OwnerLink<BrokerPort>>();
  readonly #logs: KeeperLogs;
  readonly #followed = new Map<string, Followed>();
  readonly #unconfirmed = new Unconfirmed();
  readonly #sweep: Timer;
  #questions = 0;
  /** What happened since the start. */
  readonly counts = { resent: 0, rejected: 0, duplicates: 0, gaps: 0, missing: 0 };

  constructor(options: ClusterBrokerOptions, events: ClusterBrokerEvents) {
    this.#options = options;
    this.#events = events;
    this.#logs = new KeeperLogs(options.holder);
    this.#sweep = options.clock.every(SWEEP_MS, () => this.#rejectOverdue());
    options.ring.onAdopted((ring) => this.#adopted(ring));
  }

  get unconfirmedBytes(): number {
    return this.#unconfirmed.bytes;
  }

  get unconfirmedCount(): number {
    return this.#unconfirmed.count;
  }

  /** Positions on all links that may still be confirmed. */
  get sentPositions(): number {
    let count = 0;
    for (const { port } of this.#links.values()) count += port?.sentPositions ?? 0;
    return count;
  }

  /** Brokers of the ring that this worker has a working link to. */
  get linkCount(): number {
    return [...this.#links.values()].filter(({ port }) => port !== undefined).length;
  }

  /** Brokers of the ring that this worker cannot use, by instance. */
  get accused(): string[] {
    return [...this.#links.values()].filter(({ accused }) => accused).map(({ member }) => member.instanceId);
  }

  /** Why this worker can not serve clients now; undefined when it has the ring and all links work. */
  get trouble(): string | undefined {
    if (!this.#options.ring.exists) return "no broker has joined the cluster yet";
    const missing = [...this.#links.values()].find(({ port }) => port === undefined);
    return missing && `no link to broker ${missing.member.uri}`;
  }

  publish(publication: Publication, settle: Settle): void {
    const { publishLevel, unconfirmedBytes, clock } = this.#options;
    if (publication.bytes.length > MAX_MESSAGE) {
      this.counts.rejected += 1;
      settle(new PublishRefusedError(publication.channel, `it is larger than ${MAX_MESSAGE} bytes`));
      return;
    }
    if (this.#unconfirmed.count > 0 && this.#unconfirmed.bytes + sizeOf(publication) > unconfirmedBytes) {
      this.counts.rejected += 1;
      settle(new PublishRefusedError(publication.channel, "too many messages wait for confirmation"));
      return;
    }
    const early = publishLevel === "worker";
    const pending = this.#unconfirmed.add(publication, early ? undefined : settle, clock.now());
    // Without a link it waits: it is sent, in its turn, as soon as there is one.
    this.#linkFor(publication.channel)?.port?.send(pending);
    if (early) settle();
  }

  subscribe(channel: string, settle: Settle): void {
    const subscription = new Subscription(channel);
    const ownerId = this.#ownerOf(channel);
    const followed = { subscription, ownerId, settle, since: this.#options.clock.now() };
    this.#followed.set(channel, followed);
    this.#ask(followed);
  }

  unsubscribe(channel: string): void {
    const followed = this.#followed.get(channel);
    if (followed === undefined) return;
    this.#followed.delete(channel);
    this.#portOf(followed)?.leave(channel);
    followed.settle?.();
  }

  /** Ends all links. What is unconfirmed is rejected. */
  close(): void {
    this.#sweep.cancel();
    for (const link of this.#links.values()) link.end("worker stops");
    this.#links.clear();
    this.#reject(this.#unconfirmed.expire(Infinity));
  }

  // --- rings and links ---

  #adopted(ring: Ring): void {
    this.#options.holder.adopted();
    for (const [instanceId, link] of this.#links) {
      if (hasMember(ring.brokers, instanceId)) link.adopted();
      else {
        this.#links.delete(instanceId);
        link.adopted();
        link.end("no longer in the ring");
      }
    }
    for (const member of ring.brokers) {
      if (this.#links.has(member.instanceId)) continue;
      this.#links.set(member.instanceId, this.#linkTo(member));
    }
    for (const { port } of this.#links.values()) if (port) this.#options.holder.offerTo(port);
    for (const followed of this.#followed.values()) this.#move(followed);
    this.#sendAgain(undefined);
    this.#events.changed();
  }

  #linkTo(member: RingMember): OwnerLink<BrokerPort> {
    const { instanceId } = member;
    const { ring, holder } = this.#options;
    return new OwnerLink<BrokerPort>(
      {
        ...this.#options,
        member,
        port: (link, introduced) =>
          new BrokerPort(
            { link, ring, hello: this.#options.hello(), logs: this.#logs },
            { ...this.#portEvents(instanceId), introduced },
          ),
      },
      {
        opened: (port) => this.#opened(instanceId, port),
        closed: (port) => holder.closed(port),
        changed: () => this.#events.changed(),
      },
    );
  }

  #portEvents(instanceId: string): Omit<BrokerPortEvents, "introduced"> {
    return {
      returned: () => this.#askAgain(instanceId),
      confirmed: (pending) => this.#settled(pending, undefined),
      refused: (pending, reason) =>
        this.#settled(
          pending,
          new PublishRefusedError(pending.publication.channel, reason, pending.sent > 1),
        ),
      recorded: (epoch, offset, publication) => this.#recorded(epoch, offset, publication),
      recordedWithout: (channel) => this.#missing(this.#followed.get(channel)),
      answered: (channel, answer) => this.#answered(channel, answer),
    };
  }

  #opened(instanceId: string, port: BrokerPort): void {
    this.#options.holder.offerTo(port);
    this.#askAgain(instanceId);
    this.#sendAgain(instanceId);
  }

  #askAgain(instanceId: string): void {
    for (const followed of this.#followed.values()) if (followed.ownerId === instanceId) this.#ask(followed);
  }

  /** Sends everything unconfirmed again, in order: to all owners, or to the one whose link is new. */
  #sendAgain(instanceId: string | undefined): void {
    for (const pending of this.#unconfirmed.inOrder()) {
      const link = this.#linkFor(pending.publication.channel);
      if (link?.port === undefined) continue;
      if (instanceId !== undefined && link.member.instanceId !== instanceId) continue;
      if (pending.sent > 0) this.counts.resent += 1;
      link.port.send(pending);
    }
  }

  #move(followed: Followed): void {
    const { channel, answered } = followed.subscription;
    const ownerId = this.#ownerOf(channel);
    if (ownerId === followed.ownerId) {
      // A question that was asked under an older ring is not answered.
      if (!answered) this.#ask(followed);
      return;
    }
    this.#portOf(followed)?.leave(channel);
    followed.ownerId = ownerId;
    this.#ask(followed);
  }

  #ask(followed: Followed): void {
    const port = this.#portOf(followed);
    if (port === undefined) return;
    // One count over all: an answer must not be taken for that of an earlier subscription to the channel.
    this.#questions += 1;
    port.ask(followed.subscription, this.#questions);
  }

  #ownerOf(channel: string): string | undefined {
    return this.#options.ring.placement.owner(channel)?.instanceId;
  }

  #linkFor(channel: string): OwnerLink<BrokerPort> | undefined {
    return this.#links.get(this.#ownerOf(channel) ?? "");
  }

  #portOf({ ownerId }: Followed) {
    return this.#links.get(ownerId ?? "")?.port;
  }

  // --- records, answers, confirmations ---

  #recorded(epoch: Epoch, offset: number, publication: Publication): void {
    const followed = this.#followed.get(publication.channel);
    if (followed === undefined) return;
    const verdict = followed.subscription.record(epoch, offset);
    if (verdict === "deliver") this.#events.deliver(publication);
    else if (verdict === "duplicate") this.counts.duplicates += 1;
    else if (verdict === "missing") this.#missing(followed);
  }

  /** Something before a record did not come: asks for it, unless a question is open already. */
  #missing(followed: Followed | undefined): void {
    if (followed === undefined) return;
    this.counts.missing += 1;
    if (followed.subscription.answered) this.#ask(followed);
  }

  #answered(channel: string, { ask, epoch, stable, gap }: Answer): void {
    const followed = this.#followed.get(channel);
    if (followed === undefined) return;
    const outcome = followed.subscription.answer(ask, epoch, stable, gap);
    if (outcome === "missing") this.#ask(followed);
    if (outcome !== "following") return;
    if (gap !== "none") {
      this.counts.gaps += 1;
      this.#events.gap({ channel, reason: gap });
    }
    const { settle } = followed;
    followed.settle = undefined;
    settle?.();
  }

  #settled(pending: Pending, error: Error | undefined): void {
    this.#unconfirmed.remove(pending);
    const { settle } = pending;
    pending.settle = undefined;
    if (error) this.counts.rejected += 1;
    settle?.(error);
  }

  #rejectOverdue(): void {
    this.#options.holder.sweep();
    const { clock, publishLimit, subscribeLimit } = this.#options;
    const now = clock.now();
    this.#reject(this.#unconfirmed.expire(now - publishLimit));
    for (const followed of this.#followed.values()) {
      const { settle, since, subscription } = followed;
      if (settle === undefined || now - since <= subscribeLimit) continue;
      // Settling with an error unsubscribes, which must not settle again.
      followed.settle = undefined;
      settle(new SubscribeTimeoutError(subscription.channel, subscribeLimit));
    }
  }

  #reject(overdue: readonly Pending[]): void {
    for (const pending of overdue) {
      const { channel } = pending.publication;
      this.#settled(pending, new PublishTimeoutError(channel, this.#options.publishLimit, pending.sent > 0));
    }
  }
}
