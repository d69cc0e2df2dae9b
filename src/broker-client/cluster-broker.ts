import { KeeperLogs } from "../cluster/replica/keeper-logs.ts";
import { hasMember, isKeeper, type Ring, type RingMember } from "../cluster/ring/ring.ts";
import type { Broker, PublishLevel, Settle } from "../pubsub/broker.ts";
import type { Publication } from "../pubsub/publication.ts";
import { type Epoch, formatVersion } from "../pubsub/version.ts";
import type { Timer } from "../runtime/clock.ts";
import { type Answer, BrokerPort, type BrokerPortEvents } from "./broker-port.ts";
import type { ClusterBrokerEvents, ClusterBrokerOptions } from "./cluster-broker-options.ts";
import { PublishRefusedError, PublishTimeoutError, SubscribeRefusedError } from "./errors.ts";
import { type Followed, RefusedChannels, settleOverdue } from "./followed.ts";
import { LinkCanaries } from "./link-canaries.ts";
import { type Pending, sizeOf } from "./pending.ts";
import { PublishLink } from "./publish-link.ts";
import { PublishWindow } from "./publish-window.ts";
import { Subscription } from "./subscription.ts";
import { Unconfirmed } from "./unconfirmed.ts";

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
  readonly #links = new Map<string, PublishLink>();
  readonly #logs: KeeperLogs;
  readonly #followed = new Map<string, Followed>();
  readonly #refused = new RefusedChannels();
  readonly #unconfirmed = new Unconfirmed();
  readonly #sweep: Timer;
  readonly canaries: LinkCanaries;
  #questions = 0;
  /** Whether this worker keeps copies. */
  #keeps = false;
  /** What nobody owns yet: there is no ring. */
  readonly #unowned: PublishWindow;
  /** Who waits until everything up to a sequence is confirmed or rejected. */
  #whenSettled: { readonly sequence: number; readonly resolve: () => void }[] = [];
  /** What happened since the start. */
  readonly counts = { resent: 0, duplicates: 0, gaps: 0, missing: 0, lost: 0 };
  /** Publishes that failed, by reason; those that were acknowledged before (`counts.lost`) among them. */
  readonly rejected = { size: 0, room: 0, broker: 0, time: 0, stop: 0 };

  constructor(options: ClusterBrokerOptions, events: ClusterBrokerEvents) {
    this.#options = options;
    this.#events = events;
    this.#logs = new KeeperLogs(options.holder);
    this.#sweep = options.clock.every(SWEEP_MS, () => this.#rejectOverdue());
    this.canaries = new LinkCanaries(options, this.#links, () => events.changed());
    this.#unowned = this.#createWindow(() => undefined);
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

  /** Brokers of the ring that this worker has a working link to, by instance. */
  get linked(): string[] {
    return [...this.#links].filter(([, { port }]) => port !== undefined).map(([instanceId]) => instanceId);
  }

  /** Signs of life that came on the connections to brokers; see `Port.beats`. */
  get beats(): number {
    return [...this.#links.values()].reduce((sum, { port }) => sum + (port?.beats ?? 0), 0);
  }

  /** Brokers of the ring that this worker cannot use, by instance. */
  get accused(): string[] {
    const accused = [...this.#links.values()].filter((link) => link.accused || link.canary.accuses);
    return accused.map(({ member }) => member.instanceId);
  }

  /** Why this worker can not serve clients now; undefined when it has the ring and all links work. */
  get trouble(): string | undefined {
    if (!this.#options.ring.exists) return "no broker has joined the cluster yet";
    return [...this.#links.values()].map(({ trouble }) => trouble).find((trouble) => trouble !== undefined);
  }

  publish(
    publication: Publication,
    settle: Settle,
    level: PublishLevel = this.#options.publishLevel,
  ): Promise<void> | undefined {
    const { channel, bytes } = publication;
    if (bytes.length > MAX_MESSAGE) {
      this.rejected.size += 1;
      settle(
        new PublishRefusedError(channel, `it is larger than ${MAX_MESSAGE} bytes`, { retryable: false }),
      );
      return undefined;
    }
    const window = this.#windowFor(channel);
    if (!window.takes(sizeOf(publication))) {
      this.rejected.room += 1;
      settle(new PublishRefusedError(channel, "too many messages wait for confirmation"));
      return window.room;
    }
    const early = level === "worker";
    const pending = this.#unconfirmed.add(publication, early ? undefined : settle, this.#options.clock.now());
    // Without a link, and behind a full window, it waits: it is sent in its turn.
    const room = window.add(pending);
    if (early) settle();
    return room;
  }

  subscribe(channel: string, settle: Settle): void {
    const since = this.#options.clock.now();
    let followed = this.#followed.get(channel);
    if (followed?.subscription.answered) {
      settle();
      return;
    }
    if (followed === undefined) {
      followed = { subscription: new Subscription(channel), ownerId: this.#ownerOf(channel), settle, since };
      this.#followed.set(channel, followed);
    } else {
      // An earlier question failed, and the channel was not given up.
      Object.assign(followed, { settle, since });
      this.#refused.delete(followed);
    }
    this.#ask(followed);
  }

  unsubscribe(channel: string): void {
    const followed = this.#followed.get(channel);
    if (followed === undefined) return;
    this.#followed.delete(channel);
    this.#refused.delete(followed);
    this.#portOf(followed)?.leave(channel);
    followed.settle?.();
  }

  /** Resolves when all that was published so far is confirmed or, after the publish limit, rejected. */
  settled(): Promise<void> {
    const sequence = this.#unconfirmed.newest;
    if (this.#unconfirmed.oldest > sequence) return Promise.resolve();
    return new Promise((resolve) => this.#whenSettled.push({ sequence, resolve }));
  }

  /** Ends all links. What is unconfirmed is rejected. */
  close(): void {
    this.#sweep.cancel();
    this.canaries.close();
    for (const link of this.#links.values()) link.end("worker stops");
    for (const pending of this.#unconfirmed.before(Infinity)) {
      const { channel } = pending.publication;
      const mayStillArrive = pending.sent > 0;
      const error = new PublishRefusedError(channel, "this worker stops", { mayStillArrive });
      this.#settled(pending, error, "stop");
    }
    this.#links.clear();
  }

  // --- rings and links ---

  #adopted(ring: Ring): void {
    this.#tellOfKeeping(ring);
    this.#options.holder.adopted();
    for (const [instanceId, link] of this.#links) {
      if (hasMember(ring.brokers, instanceId)) link.adopted();
      else {
        this.#links.delete(instanceId);
        link.adopted();
        link.end("no longer in the ring");
        link.window.restart();
        link.window.review();
      }
    }
    for (const member of ring.brokers) {
      if (this.#links.has(member.instanceId)) continue;
      this.#links.set(member.instanceId, this.#linkTo(member));
    }
    for (const { port } of this.#links.values()) if (port) this.#options.holder.offerTo(port);
    this.canaries.restart();
    for (const followed of this.#followed.values()) this.#move(followed);
    this.#sendAllAgain();
    this.#events.changed();
  }

  #tellOfKeeping(ring: Ring): void {
    const keeps = isKeeper(ring, this.#options.hello().instanceId);
    if (keeps === this.#keeps) return;
    this.#keeps = keeps;
    const what = keeps ? "keeps copies for the only broker" : "keeps no copies any more";
    this.#options.log.info(what, { ring: formatVersion(ring.version) });
  }

  #linkTo(member: RingMember): PublishLink {
    const { instanceId } = member;
    const { ring, holder } = this.#options;
    return new PublishLink(
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
      (port) => ({ window: this.#createWindow(port), canary: this.canaries.create(port) }),
    );
  }

  #portEvents(instanceId: string): Omit<BrokerPortEvents, "introduced"> {
    return {
      returned: () => this.#tellAgain(instanceId),
      confirmed: (pending) => this.#settled(pending),
      refused: (pending, reason) => {
        const mayStillArrive = pending.sent > 1;
        const error = new PublishRefusedError(pending.publication.channel, reason, { mayStillArrive });
        this.#settled(pending, error, "broker");
      },
      recorded: (epoch, offset, publication) => this.#recorded(epoch, offset, publication),
      recordedWithout: (channel) => this.#missing(this.#followed.get(channel)),
      answered: (channel, answer) => this.#answered(channel, answer),
      notBegun: (channel, ask, reason) => this.#notBegun(channel, ask, reason),
      allowed: () => this.#links.get(instanceId)?.window.widened(),
      canaryHeld: (number) => this.#links.get(instanceId)?.canary.held(number),
      canaryWaits: (number) => this.#links.get(instanceId)?.canary.waits(number),
    };
  }

  #opened(instanceId: string, port: BrokerPort): void {
    this.#options.holder.offerTo(port);
    this.#tellAgain(instanceId);
  }

  /** Says all that a broker is to know, and may not have heard or looked at. */
  #tellAgain(instanceId: string): void {
    this.#askAgain(instanceId);
    const link = this.#links.get(instanceId);
    if (link === undefined) return;
    this.#sendAgain(link.window);
    link.canary.restart();
  }

  #askAgain(instanceId: string): void {
    for (const followed of this.#followed.values()) if (followed.ownerId === instanceId) this.#ask(followed);
  }

  /** Sends everything unconfirmed again, in order, to whoever owns it now. */
  #sendAllAgain(): void {
    const windows = [this.#unowned, ...[...this.#links.values()].map(({ window }) => window)];
    for (const window of windows) {
      window.share = this.#share;
      window.restart();
    }
    for (const pending of this.#unconfirmed.inOrder()) {
      this.#windowFor(pending.publication.channel).again(pending);
    }
    for (const window of windows) window.review();
  }

  /** Sends what is unconfirmed towards one owner again, in order, because the link is new. */
  #sendAgain(window: PublishWindow): void {
    window.restart();
    for (const pending of this.#unconfirmed.inOrder()) if (pending.window === window) window.again(pending);
    window.review();
  }

  #createWindow(port: () => BrokerPort | undefined): PublishWindow {
    return new PublishWindow(this.#share, port, () => {
      this.counts.resent += 1;
    });
  }

  /** An owner that does not confirm must leave room for the others: no more than its share is for it. */
  get #share(): number {
    const { unconfirmedBytes, ring } = this.#options;
    return unconfirmedBytes / Math.max(1, ring.ring.brokers.length);
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

  #windowFor(channel: string): PublishWindow {
    return this.#links.get(this.#ownerOf(channel) ?? "")?.window ?? this.#unowned;
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

  /** A broker refuses to begin with a channel. Who wants it all the same waits until it has room. */
  #notBegun(channel: string, ask: number, reason: string): void {
    const followed = this.#followed.get(channel);
    if (!followed?.subscription.awaits(ask)) return;
    this.#refused.add(followed);
    const { settle } = followed;
    followed.settle = undefined;
    settle?.(new SubscribeRefusedError(channel, reason));
  }

  #settled(pending: Pending, error?: Error, reason?: keyof ClusterBroker["rejected"]): void {
    if (!this.#unconfirmed.remove(pending)) return;
    pending.window?.remove(pending);
    const { settle } = pending;
    pending.settle = undefined;
    if (reason !== undefined) this.rejected[reason] += 1;
    if (settle !== undefined) settle(error);
    else if (error !== undefined) {
      this.counts.lost += 1;
      this.#events.lost(pending.publication.channel, error);
    }
    if (this.#whenSettled.length > 0) this.#tellSettled();
  }

  #tellSettled(): void {
    const { oldest } = this.#unconfirmed;
    this.#whenSettled = this.#whenSettled.filter(({ sequence, resolve }) => {
      if (oldest <= sequence) return true;
      resolve();
      return false;
    });
  }

  #rejectOverdue(): void {
    this.#options.holder.sweep();
    const { clock, publishLimit, subscribeLimit } = this.#options;
    const now = clock.now();
    for (const pending of this.#unconfirmed.before(now - publishLimit)) {
      const error = new PublishTimeoutError(pending.publication.channel, publishLimit, pending.sent > 0);
      this.#settled(pending, error, "time");
    }
    settleOverdue(this.#followed.values(), now, subscribeLimit);
    for (const followed of this.#refused.take()) this.#ask(followed);
  }
}
