import { BadEntryError } from "../../link/entries.ts";
import { ChannelLog } from "../../pubsub/channel-log.ts";
import type { Epoch } from "../../pubsub/version.ts";
import type { Copy } from "../peer/log-transfer.ts";
import type { Port } from "../peer/port.ts";
import type { CurrentRing } from "../ring/current-ring.ts";
import { followerOf, hasMember, isKeeper, listedSince, type Ring } from "../ring/ring.ts";
import type { HeldLog, HeldLogs } from "./held-logs.ts";

export interface HolderOptions {
  /** Who this member is now. */
  readonly instanceId: () => string;
  readonly ring: CurrentRing;
  readonly held: HeldLogs;
  /** Runs a task once, at the end of the turn and before links are written. */
  readonly atTurnEnd: (task: () => void) => void;
  /** An owner has settled the current ring. */
  readonly settled?: () => void;
}

/**
 * What every member does that holds logs of others: broker or keeper.
 *
 * With each ring it offers every owner what it holds for it, and says that this was all; an owner serves when all
 * have said so, and takes the best copy there is. As a follower it takes copies, and acknowledges them by count. What
 * it neither owns nor follows it keeps until the owner says that its logs are at their followers. Pure.
 */
export class Holder {
  readonly #options: HolderOptions;
  /** Logs on their way here, by connection and channel. */
  readonly #arriving = new Map<Port, Map<string, ChannelLog>>();
  /** Connections on which copies are to be acknowledged at the end of this turn. */
  readonly #unacknowledged = new Set<Port>();
  /** Logs that were asked for as a whole and do not arrive yet, by connection: what comes of them is not taken. */
  readonly #askedFor = new Map<Port, Set<string>>();
  /** By owner under the current ring: what is held of its logs and not as its follower. */
  #toOffer = new Map<string, HeldLog[]>();
  /** Who waits until nobody counts on what is held here. */
  readonly #whenFree: (() => void)[] = [];
  /** Owners whose logs are where they belong under the current ring. */
  readonly #settledBy = new Set<string>();

  constructor(options: HolderOptions) {
    this.#options = options;
  }

  /** Whether all owners of the current ring have settled it: nobody wants anything of this member any more. */
  get isReleased(): boolean {
    const { brokers } = this.#options.ring.ring;
    return brokers.every(({ instanceId }) => this.#settledBy.has(instanceId));
  }

  /** Whether the current ring has this member hold the second copy of what its only broker owns. */
  get follows(): boolean {
    return followerOf(this.#options.ring.ring)?.instanceId === this.#options.instanceId();
  }

  /** Tells once when nobody counts on the copies that are held here: at once if nobody does. */
  whenFree(done: () => void): void {
    this.#whenFree.push(done);
    this.#review();
  }

  #review(): void {
    if (this.#whenFree.length === 0) return;
    const isFree = !this.#isMember(this.#options.ring.ring) || (!this.follows && this.isReleased);
    if (isFree) for (const done of this.#whenFree.splice(0)) done();
  }

  /** A ring was adopted: whom is what is held now to be offered to? */
  adopted(): void {
    this.#arriving.clear();
    this.#askedFor.clear();
    this.#unacknowledged.clear();
    this.#settledBy.clear();
    this.#toOffer = new Map();
    const me = this.#options.instanceId();
    const { placement, past } = this.#options.ring;
    // Nobody asks who is no member for anything any more.
    if (!this.#isMember(this.#options.ring.ring)) this.#options.held.removeAll();
    const since = listedSince(this.#options.ring.ring, me);
    for (const held of this.#options.held.all()) {
      // A ring that did not list this member may have been served while it heard of nothing.
      if (held.rank.counter < since || past.mayLack(held.log.channel, held.rank, me)) {
        this.#options.held.remove(held.log.channel);
        continue;
      }
      const ownerId = placement.owner(held.log.channel)?.instanceId;
      // Who has copied it here holds all of it, and more.
      if (ownerId === undefined || ownerId === me) continue;
      const list = this.#toOffer.get(ownerId);
      if (list) list.push(held);
      else this.#toOffer.set(ownerId, [held]);
    }
    this.#review();
  }

  /** Tells an owner what is held for it; on every new connection, and under every new ring. */
  offerTo(port: Port): void {
    const { ring, past } = this.#options.ring;
    if (!this.#isMember(ring) || !hasMember(ring.brokers, port.instanceId)) return;
    const { entries } = port.link;
    for (const held of this.#toOffer.get(port.instanceId) ?? []) {
      if (held.ownerId === port.instanceId || this.#options.held.find(held.log.channel) !== held) continue;
      const { channel, epoch, last, bytes } = held.log;
      entries.offer(port.names.numberOf(channel), held.rank, epoch, last + 1, bytes);
    }
    entries.done();
    past.doneIsSaid(port.instanceId);
  }

  /** Takes away what is too old. To be called every second or so. */
  sweep(): void {
    // What owners have dropped they tell; until then a log that is empty still has its place.
    this.#options.held.sweep(() => {});
  }

  /** The connection has ended. */
  closed(port: Port): void {
    this.#arriving.delete(port);
    this.#askedFor.delete(port);
    this.#unacknowledged.delete(port);
  }

  /** An owner wants what was offered to it. */
  pulled(from: Port, channel: string): void {
    const held = this.#options.held.find(channel);
    if (held === undefined) throw new BadEntryError("a log is wanted that was not offered");
    from.sayLog(held.log);
  }

  // --- logs that arrive ---

  begun(from: Port, channel: string, epoch: Epoch, last: number): void {
    let logs = this.#arriving.get(from);
    if (logs === undefined) {
      logs = new Map();
      this.#arriving.set(from, logs);
    }
    this.#askedFor.get(from)?.delete(channel);
    logs.set(channel, new ChannelLog(channel, epoch, last));
  }

  sequence(from: Port, channel: string, origin: string, sequence: number): void {
    const log = this.#arriving.get(from)?.get(channel);
    if (log === undefined) throw new BadEntryError("a sequence comes without a log");
    this.#options.held.note(log, origin, sequence);
  }

  /** A message of a log that arrives, or one more of a log that this member follows. */
  copy(from: Port, channel: string, copy: Copy): void {
    const { held } = this.#options;
    const arriving = this.#arriving.get(from)?.get(channel);
    if (arriving !== undefined) {
      if (copy.offset !== arriving.last + 1) throw new BadEntryError("a log arrives with a hole");
      held.gather(arriving, copy);
      return;
    }
    const known = held.find(channel);
    if (known?.ownerId !== from.instanceId || copy.offset > known.log.last + 1) {
      this.#askForAll(from, channel);
      return;
    }
    if (copy.offset > known.log.last) held.place(known.log, copy);
    this.#acknowledge(from);
  }

  /** A log has arrived; taken out, so that its receiver decides what becomes of it. */
  arrived(from: Port, channel: string, next: number): ChannelLog {
    const logs = this.#arriving.get(from);
    const log = logs?.get(channel);
    if (logs === undefined || log?.last !== next - 1)
      throw new BadEntryError("a log ends that did not arrive");
    logs.delete(channel);
    // Also what an owner asked for is acknowledged: the other side counts all that it says together.
    this.#acknowledge(from);
    return log;
  }

  /** The owner has sent the whole log to its follower. */
  follow(from: Port, log: ChannelLog): void {
    log.advance(log.last);
    this.#options.held.put({ log, rank: this.#options.ring.version, ownerId: from.instanceId });
  }

  /** What is held here is what the owner has: it goes on from there. */
  keep(from: Port, channel: string, next: number): void {
    const held = this.#options.held.find(channel);
    // Said again on a new connection, it may have gone on since.
    const hasIt = held?.ownerId === from.instanceId ? held.log.last >= next - 1 : held?.log.last === next - 1;
    if (held === undefined || !hasIt) {
      this.#askForAll(from, channel);
      return;
    }
    held.ownerId = from.instanceId;
    held.rank = this.#options.ring.version;
    this.#acknowledge(from);
  }

  drop(from: Port, channel: string): void {
    this.#askedFor.get(from)?.delete(channel);
    if (this.#options.held.find(channel)?.ownerId === from.instanceId) this.#options.held.remove(channel);
    this.#acknowledge(from);
  }

  /** A canary came: it is acknowledged as copies are, with those that came before it. */
  canary(from: Port): void {
    this.#acknowledge(from);
  }

  /** An owner has settled: its logs are complete here where this member follows, and otherwise not needed. */
  settled(from: Port): void {
    this.#settledBy.add(from.instanceId);
    const { held, ring } = this.#options;
    const me = this.#options.instanceId();
    for (const each of this.#toOffer.get(from.instanceId) ?? []) {
      const { channel } = each.log;
      if (held.find(channel) !== each) continue;
      const isFollowed = ring.placement.follower(channel)?.instanceId === me;
      // What the owner has not said is here is no log of its own any more.
      if (isFollowed && each.ownerId === from.instanceId) each.rank = ring.version;
      else held.remove(channel);
    }
    this.#toOffer.delete(from.instanceId);
    this.#options.settled?.();
    this.#review();
  }

  /** Once: the owner sends all of it, and forgets what it had on its way. */
  #askForAll(from: Port, channel: string): void {
    let asked = this.#askedFor.get(from);
    if (asked === undefined) {
      asked = new Set();
      this.#askedFor.set(from, asked);
    }
    if (!asked.has(channel)) from.link.entries.recopy(from.names.numberOf(channel));
    asked.add(channel);
    // What follows of this log is not acknowledged either until all of it has come.
    this.#acknowledge(from);
  }

  /** Says at the end of the turn how much has come: one word for all of it. */
  #acknowledge(port: Port): void {
    if (this.#unacknowledged.size === 0) this.#options.atTurnEnd(this.#sayCopied);
    this.#unacknowledged.add(port);
  }

  readonly #sayCopied = (): void => {
    for (const port of this.#unacknowledged) port.link.entries.copied(port.copies.came);
    this.#unacknowledged.clear();
  };

  #isMember(ring: Ring): boolean {
    const me = this.#options.instanceId();
    return hasMember(ring.brokers, me) || isKeeper(ring, me);
  }
}
