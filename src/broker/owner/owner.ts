import type { Offer } from "../../cluster/peer/log-transfer.ts";
import type { Port } from "../../cluster/peer/port.ts";
import type { HeldLog, HeldLogs } from "../../cluster/replica/held-logs.ts";
import { hasMember, listedSince, membersOf, type Ring } from "../../cluster/ring/ring.ts";
import { BadEntryError } from "../../link/entries.ts";
import { ChannelLog, type LogEntry } from "../../pubsub/channel-log.ts";
import { compareEpochs } from "../../pubsub/version.ts";
import { faults } from "../../runtime/contain.ts";
import { Awaiting } from "./awaiting.ts";
import { type CopyItem, CopyStream } from "./copy-stream.ts";
import { Handover } from "./handover.ts";
import { type LogSubscriber, OwnedLog, type Publisher } from "./owned-log.ts";
import { OwnedLogs } from "./owned-logs.ts";
import type { OwnerEvents, OwnerOptions } from "./owner-options.ts";

/**
 * The broker's side of channels: gives each message of a channel its place, has it copied to the follower, and
 * then hands it to the links that are subscribed. It never looks into a message. Pure: time is handed in.
 *
 * Under a new ring it serves nothing until every other member has said what it holds. Then each log is fetched where
 * the best copy of it is, and copied to its follower; whoever wants it meanwhile waits.
 */
export class Owner {
  readonly #options: OwnerOptions;
  readonly #events: OwnerEvents;
  readonly #owned: OwnedLogs;
  readonly #awaiting: Awaiting;
  readonly #streams = new Map<string, CopyStream>();
  #handover = new Handover([], 0, NOTHING_TO_DO);
  /** Pulled and not arrived yet: from whom. */
  readonly #pulled = new Map<string, string>();
  #opened = 0;
  #messages = 0;
  #repeats = 0;

  constructor(options: OwnerOptions, events: OwnerEvents) {
    this.#options = options;
    this.#events = events;
    this.#owned = new OwnedLogs(options.maxChannels, options.held);
    this.#awaiting = new Awaiting(options.waitingBytes);
  }

  get channelCount(): number {
    return this.#owned.size;
  }

  /** Messages put in order since the start. */
  get messageCount(): number {
    return this.#messages;
  }

  /** Messages that were sent again and dropped. */
  get repeatCount(): number {
    return this.#repeats;
  }

  /** What followers were told and have not acknowledged yet. */
  get streams(): ReadonlyMap<string, CopyStream> {
    return this.#streams;
  }

  get waitingBytes(): number {
    return this.#awaiting.bytes;
  }

  get handover(): Handover {
    return this.#handover;
  }

  /** Whether the current ring gives this channel to this broker. */
  owns(channel: string): boolean {
    return this.#options.ring.placement.owner(channel)?.instanceId === this.#options.instanceId;
  }

  /**
   * Whether a channel is served, or will be: its log is somewhere in the cluster, or there is room for a new one. While
   * others have not said yet what they hold, nobody can say that it is new.
   */
  admits(channel: string): boolean {
    return !this.#handover.isComplete || this.#handover.isOffered(channel) || this.#owned.hasRoomFor(channel);
  }

  /** The log of a channel, if there is one. */
  find(channel: string): OwnedLog | undefined {
    return this.#owned.find(channel);
  }

  /** The log of a channel that this broker owns if it is served now; a new one where there was none. */
  served(channel: string): OwnedLog | undefined {
    const known = this.servedNow(channel);
    if (known !== undefined) return known;
    if (!this.#handover.isComplete || this.#handover.hurry(channel)) return this.servedNow(channel);
    // Where nobody follows, a log that was handed over is served by now.
    if (this.#owned.find(channel) === undefined) this.#open(channel);
    return this.servedNow(channel);
  }

  /** The log of a channel, if there is one and it is served. */
  servedNow(channel: string): OwnedLog | undefined {
    const owned = this.#owned.find(channel);
    return owned?.isServed ? owned : undefined;
  }

  /** A subscriber does not want a log any more. With the last of them goes a log that holds nothing. */
  left(owned: OwnedLog, subscriber: LogSubscriber): void {
    owned.unsubscribe(subscriber);
    this.#letGo(owned);
  }

  /** The link of a subscriber has ended: it may come back for what it has not seen. */
  lost(owned: OwnedLog, subscriber: LogSubscriber): void {
    owned.unsubscribe(subscriber);
    owned.awaitedSince = this.#options.held.now;
  }

  /** Whether somebody waits for a log. */
  isAwaited(channel: string): boolean {
    return this.#awaiting.has(channel);
  }

  /**
   * Runs a task once a log is served, after those that came before. Under another ring it is forgotten: whoever
   * wants something says it again then.
   *
   * @returns false if too much waits already
   */
  whenServed(channel: string, bytes: number, task: () => void): boolean {
    return this.#awaiting.add(channel, bytes, task);
  }

  /**
   * Puts a message in its place, and hands it to the subscribed links once it is held twice.
   *
   * @param owned a log that is served
   * @param message its bytes are a view that is only valid during the call
   * @param publisher the link it came by, and its position there; absent if it came by none
   */
  append(
    owned: OwnedLog,
    message: { readonly origin: string; readonly sequence: number; readonly bytes: Buffer },
    publisher: Publisher | undefined,
    position: number,
  ): void {
    const { origin, sequence, bytes } = message;
    const entry = this.#options.held.append(owned.log, origin, sequence, bytes);
    const stream = owned.copiedTo === undefined ? undefined : this.#streams.get(owned.copiedTo);
    if (entry === undefined) {
      this.#repeats += 1;
      if (stream === undefined) publisher?.heldTwice(position);
      else if (publisher !== undefined) stream.after(owned, publisher, position);
      return;
    }
    this.#messages += 1;
    if (stream === undefined) this.#isHeld(owned, entry, publisher, position);
    else stream.copy(owned, entry, publisher, position);
  }

  /** To be called for each log of which nothing is left; see `HeldLogs.sweep`. */
  sweep({ log }: HeldLog): void {
    const owned = this.#owned.find(log.channel);
    if (owned !== undefined) this.#letGo(owned);
  }

  /** Ends a log that nobody would miss. */
  #letGo(owned: OwnedLog): void {
    // Under a ring that is not settled an old copy somewhere could bring it back.
    if (!owned.isServed || !owned.isIdle || !this.#handover.isSettled) return;
    // Who was subscribed over a link that broke comes back, and would find a log that it does not know.
    if (!this.#options.held.isOld(owned.awaitedSince)) return;
    const { copiedTo } = owned;
    if (copiedTo === undefined) {
      this.#close(owned, true);
      return;
    }
    // Whoever comes back meanwhile waits, and finds a new log.
    owned.isServed = false;
    owned.copiedTo = undefined;
    this.streamTo(copiedTo).tell("drop", owned);
  }

  // --- a change of the ring ---

  /** A ring was adopted here, and everybody was told: nothing is served until all have said what they hold. */
  adopted(ring: Ring): void {
    this.#awaiting.clear();
    this.#streams.clear();
    this.#pulled.clear();
    const { instanceId, held } = this.#options;
    for (const owned of this.#owned.all()) {
      owned.isServed = false;
      if (!this.owns(owned.channel) || held.find(owned.channel)?.log !== owned.log) this.#close(owned, false);
    }
    const isIn = hasMember(ring.brokers, instanceId);
    const members = isIn ? membersOf(ring).map((member) => member.instanceId) : [];
    const others = members.filter((id) => id !== instanceId);
    this.#handover = new Handover(others, this.#options.transferBytes, {
      allDone: () => this.#allDone(held),
      start: (channel, offer) => this.#start(channel, offer),
      sizeOf: (channel) => held.find(channel)?.log.bytes ?? 0,
      settled: () => this.#settled(),
    });
    if (isIn) this.#handover.begin();
  }

  /** A member can be reached on this connection from here on. */
  opened(port: Port): void {
    this.#streams.get(port.instanceId)?.opened(port);
    for (const [channel, from] of this.#pulled) {
      if (from === port.instanceId) port.link.entries.pull(port.names.numberOf(channel));
    }
    if (this.#handover.isSettled) port.link.entries.settled();
  }

  closed(port: Port): void {
    this.#streams.get(port.instanceId)?.closed(port);
  }

  offered(from: Port, channel: string, offer: Omit<Offer, "from">): void {
    if (!this.owns(channel)) throw new BadEntryError("a log is offered to a broker that does not own it");
    this.#handover.offered(channel, { ...offer, from: from.instanceId });
  }

  done(from: Port): void {
    this.#handover.done(from.instanceId);
  }

  /** A log that was pulled is here. */
  arrived(from: Port, log: ChannelLog): void {
    const { channel } = log;
    if (this.#pulled.get(channel) !== from.instanceId) return;
    this.#pulled.delete(channel);
    this.#options.held.put({ log, rank: this.#options.ring.version, ownerId: undefined });
    const known = this.#owned.find(channel);
    if (known !== undefined) {
      // Rare: this broker served under a ring that others did not know. Its subscribers may have seen what is gone.
      const subscribers = [...known.subscribers];
      this.#close(known, false);
      for (const subscriber of subscribers) subscriber.replaced();
    }
    this.#bringToFollower(this.#own(log), from.instanceId);
  }

  copied(from: Port, count: number): void {
    this.#streams.get(from.instanceId)?.acknowledged(from, count);
  }

  recopy(from: Port, channel: string): void {
    const owned = this.#owned.find(channel);
    const stream = this.#streams.get(from.instanceId);
    if (owned === undefined || stream === undefined) return;
    owned.isServed = false;
    owned.copiedTo = undefined;
    stream.again(owned);
  }

  #allDone(held: HeldLogs): void {
    for (const each of held.all()) {
      const { channel } = each.log;
      if (!this.owns(channel)) continue;
      const isBest = this.#handover.better(channel, each) === undefined;
      if (!isBest || !this.#goOn(each)) this.#handover.add(channel);
    }
    for (const channel of this.#handover.offeredChannels) {
      if (held.find(channel) === undefined) this.#handover.add(channel);
    }
    for (const channel of this.#awaiting.channels) {
      // Where there is no room for a new one, those who want it are to hear so: each asks for room itself.
      if (!this.admits(channel) || this.served(channel) !== undefined) this.#awaiting.run(channel);
    }
  }

  /** Goes on with a log whose owner and follower are the same as before. @returns whether they are */
  #goOn(held: HeldLog): boolean {
    const { log } = held;
    const owned = this.#owned.find(log.channel);
    const followerId = this.#followerOf(log.channel);
    if (followerId === undefined || owned?.copiedTo !== followerId) return false;
    // Under a ring that passed this broker by the follower may have let go of all.
    if (held.rank.counter < listedSince(this.#options.ring.ring, followerId)) return false;
    // Else it has what it acknowledged; what it did not is said again.
    const stream = this.streamTo(followerId);
    for (const entry of log.after(log.stable)) stream.copy(owned, entry, undefined, 0);
    held.rank = this.#options.ring.version;
    this.#serve(owned);
    return true;
  }

  /** Brings one log where it belongs: here, and to its follower. */
  #start(channel: string, offer: Offer | undefined): void {
    const held = this.#options.held.find(channel);
    const better = this.#handover.better(channel, held);
    if (better !== undefined) {
      this.#pulled.set(channel, better.from);
      const port = this.#options.portOf(better.from);
      port?.link.entries.pull(port.names.numberOf(channel));
      return;
    }
    if (held === undefined) throw new Error(`There is no copy of ${channel}`);
    const isSame = offer?.next === held.log.last + 1 && compareEpochs(offer.epoch, held.log.epoch) === 0;
    held.rank = this.#options.ring.version;
    held.ownerId = undefined;
    this.#bringToFollower(this.#owned.find(channel) ?? this.#own(held.log), isSame ? offer.from : undefined);
  }

  /** @param holderId who has the same log already */
  #bringToFollower(owned: OwnedLog, holderId: string | undefined): void {
    const followerId = this.#followerOf(owned.channel);
    owned.copiedTo = undefined;
    if (followerId === undefined) this.#isWhole(owned, owned.log.last);
    else this.streamTo(followerId).tell(followerId === holderId ? "keep" : "log", owned);
  }

  #open(channel: string): void {
    this.#opened += 1;
    const { version } = this.#options.ring;
    const log = new ChannelLog(channel, { ring: version, count: this.#opened });
    this.#options.held.put({ log, rank: version, ownerId: undefined });
    // It is new to everybody: nobody who was subscribed is on the way back.
    this.#bringToFollower(this.#own(log, -Infinity), undefined);
  }

  #own(log: ChannelLog, awaitedSince = this.#options.held.now): OwnedLog {
    const owned = new OwnedLog(log, awaitedSince);
    this.#owned.put(owned);
    return owned;
  }

  #settled(): void {
    for (const { instanceId } of membersOf(this.#options.ring.ring)) {
      this.#options.portOf(instanceId)?.link.entries.settled();
    }
    this.#events.settled();
  }

  // --- what followers hold ---

  #followerOf(channel: string): string | undefined {
    return this.#options.ring.placement.follower(channel)?.instanceId;
  }

  /** What this broker tells a follower, under the current ring. */
  streamTo(followerId: string): CopyStream {
    const known = this.#streams.get(followerId);
    if (known !== undefined) return known;
    const stream = new CopyStream(followerId, this.#options.transferBytes, (item) =>
      this.#followerHas(followerId, item),
    );
    this.#streams.set(followerId, stream);
    const port = this.#options.portOf(followerId);
    if (port !== undefined) stream.opened(port);
    return stream;
  }

  #followerHas(followerId: string, item: CopyItem): void {
    const { kind, owned, entry, publisher, position } = item;
    if (entry !== undefined) this.#isHeld(owned, entry, publisher, position);
    else if (kind === "after") publisher?.heldTwice(position);
    else if (kind === "drop") {
      this.#close(owned, true);
      if (this.#awaiting.has(owned.channel)) this.#open(owned.channel);
    } else {
      owned.copiedTo = followerId;
      this.#isWhole(owned, item.offset);
    }
  }

  /** A message is held as safely as it can be: it may be shown. */
  #isHeld(owned: OwnedLog, entry: LogEntry, publisher: Publisher | undefined, position: number): void {
    owned.log.advance(entry.offset);
    const { subscribers } = owned;
    for (const subscriber of subscribers) {
      try {
        subscriber.appended(owned, entry, subscriber === publisher ? position : undefined);
      } catch (error) {
        // The others get it; this one has to ask for what it missed.
        faults.contain("member", error);
        subscriber.replaced();
      }
    }
    if (publisher !== undefined && !subscribers.has(publisher)) publisher.heldTwice(position);
  }

  /** The follower holds all of a log, or there is none. */
  #isWhole(owned: OwnedLog, last: number): void {
    for (const entry of owned.log.after(owned.log.stable)) {
      if (entry.offset <= last) this.#isHeld(owned, entry, undefined, 0);
    }
    owned.log.advance(last);
    this.#serve(owned);
  }

  #serve(owned: OwnedLog): void {
    owned.isServed = true;
    this.#awaiting.run(owned.channel);
    this.#handover.finished(owned.channel);
  }

  /** @param forgotten whether nothing is left of it; else it is kept as an old copy */
  #close(owned: OwnedLog, forgotten: boolean): void {
    owned.closed = true;
    owned.isServed = false;
    owned.unsubscribeAll();
    this.#owned.delete(owned);
    if (forgotten) this.#options.held.remove(owned.channel);
  }
}

const NOTHING_TO_DO = { allDone: () => {}, start: () => {}, sizeOf: () => 0, settled: () => {} };
