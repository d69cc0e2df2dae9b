import type { Ring } from "../../src/cluster/ring/ring.ts";
import { type Epoch, formatVersion } from "../../src/pubsub/version.ts";
import type { Checker, MakeChecker, RingMade } from "./checker.ts";
import type { LinkTalk } from "./network/link-tap.ts";
import { ensure } from "./table.ts";
import {
  type Amount,
  comparePlaces,
  type DoneSaid,
  type Ending,
  formatEpoch,
  formatPlace,
  type LogTruth,
  type Message,
  type OwnerSaid,
  type Place,
  type Rejection,
  type Subscription,
} from "./truth.ts";
import type { Inspect, Member } from "./world.ts";

/** Something that must not be. */
export interface Finding {
  /** Of the design; 0 where a process died of an error of its own. */
  readonly invariant: number;
  readonly sentence: string;
}

export interface HistoryOptions {
  readonly checkers: readonly MakeChecker[];
  /** Takes a readable line about something that happened; absent: nothing is written. */
  readonly trace?: ((line: string) => void) | undefined;
  readonly isBlameless: RingMade["isBlameless"];
  /** Whether an invariant is not promised in what has become of this world. */
  readonly isExcused: (invariant: number) => boolean;
}

/** Something that came to a worker. */
export interface Arrival {
  readonly message: Message;
  /** Where it was said to be in the frame that brought it; a worker's own messages come without their bytes. */
  readonly place: Place | undefined;
}

/** How a message is told from what fills it up. */
const FILL = "|";

/**
 * All that happened in a world, as an observer who sees every process and every frame knows it; tells the
 * checkers of it as it happens.
 */
export class History implements LinkTalk {
  readonly messages = new Map<string, Message>();
  readonly subscriptions: Subscription[] = [];
  readonly #logs = new Map<string, Map<string, LogTruth>>();
  /** The place that stands at this byte of a frame: what is delivered is a view into the frame it came in. */
  readonly #frames = new WeakMap<ArrayBufferLike, Map<number, Place>>();
  readonly #epochKeys = new WeakMap<Epoch, LogTruth>();
  readonly #checkers: readonly Checker[];
  readonly #trace: ((line: string) => void) | undefined;
  readonly #isBlameless: RingMade["isBlameless"];
  readonly #isExcused: (invariant: number) => boolean;
  #moment = 0;
  #finding: Finding | undefined;

  constructor({ checkers, trace, isBlameless, isExcused }: HistoryOptions) {
    this.#isExcused = isExcused;
    this.#trace = trace;
    this.#isBlameless = isBlameless;
    this.#checkers = checkers.map((make) => {
      const checker: Checker = make((sentence) => this.find(checker.invariant, sentence));
      return checker;
    });
  }

  /** The first thing that was found. */
  get finding(): Finding | undefined {
    return this.#finding;
  }

  find(invariant: number, sentence: string): void {
    if (this.#isExcused(invariant)) return;
    this.#trace?.(`FINDING ${invariant}: ${sentence}`);
    this.#finding ??= { invariant, sentence };
  }

  // --- rings ---

  ringHeld(life: string, ring: Ring): void {
    this.#trace?.(
      `${life} is at ring ${formatVersion(ring.version)} [${ring.brokers.map(({ uri }) => uri)}] keepers [${ring.keepers.map(({ uri }) => uri)}]`,
    );
    for (const checker of this.#checkers) checker.ringHeld?.(life, ring);
  }

  /** scc-state made a ring out of the one that it held. */
  ringMade(ring: Ring, before: Ring): void {
    for (const checker of this.#checkers)
      checker.ringMade?.({ ring, before, isBlameless: this.#isBlameless });
  }

  // --- what links carry ---

  record(by: string, to: string, said: Parameters<LinkTalk["record"]>[2]): void {
    const log = this.#logOf(said.channel, said.epoch);
    const { offset, origin, sequence } = said;
    const text = textOf(said.bytes);
    const known = log.places[offset];
    const place =
      known?.text === text && known.origin === origin && known.sequence === sequence
        ? known
        : { log, offset, origin, sequence, text };
    this.#trace?.(`${by} says to ${to}: ${formatPlace(place)} is ${text} (${sequence})`);
    if (known === undefined) {
      log.places[offset] = place;
      this.messages.get(text)?.places.push(place);
    }
    this.#noteFrame(said.bytes, place);
    for (const checker of this.#checkers) checker.recordSaid?.({ by, to, place, known });
  }

  confirm(by: string, to: string, publish: Parameters<LinkTalk["confirm"]>[2]): void {
    const said = { by, to, channel: publish.channel, text: textOf(publish.bytes) };
    this.#trace?.(`${by} confirms to ${to}: ${said.text}`);
    for (const checker of this.#checkers) checker.confirmSaid?.(said);
  }

  answer(by: string, to: string, { channel, epoch, stable, gap }: Parameters<LinkTalk["answer"]>[2]): void {
    this.#trace?.(
      `${by} answers ${to}: ${channel}@${formatEpoch(epoch)} is stable up to ${stable}, gap: ${gap}`,
    );
    const log = this.#logOf(channel, epoch);
    for (const checker of this.#checkers) checker.answerSaid?.({ by, to, log, stable, gap });
  }

  ask(by: string, to: string, channel: string): void {
    this.#trace?.(`${by} asks ${to} for ${channel}`);
    for (const checker of this.#checkers) checker.asked?.(by, { channel });
  }

  ownerSaid(said: OwnerSaid): void {
    for (const checker of this.#checkers) checker.ownerSaid?.(said);
  }

  doneSaid(said: DoneSaid): void {
    for (const checker of this.#checkers) checker.doneSaid?.(said);
  }

  // --- what clients see ---

  published(
    publish: Pick<Message, "text" | "channel" | "origin" | "number"> & { readonly ranFor: number },
  ): Message {
    const { text, channel, origin, number, ranFor } = publish;
    const message: Message = {
      text,
      channel,
      origin,
      number,
      publishedAt: this.#next(),
      ranWhenPublished: ranFor,
      ranWhenEnded: undefined,
      confirmedAt: undefined,
      rejection: undefined,
      ends: 0,
      places: [],
    };
    this.messages.set(text, message);
    this.#trace?.(`${origin} publishes ${text}`);
    for (const checker of this.#checkers) checker.published?.(message);
    return message;
  }

  ended(message: Message, rejection: Rejection | undefined, ranFor: number): void {
    message.ends += 1;
    message.ranWhenEnded = ranFor;
    if (rejection) message.rejection = rejection;
    else message.confirmedAt ??= this.#next();
    this.#trace?.(
      `${message.origin}: ${message.text} ${rejection ? `is rejected: ${rejection.text}` : "is acknowledged"}`,
    );
    for (const checker of this.#checkers) checker.ended?.(message);
  }

  asks(worker: string, name: string, channel: string, ranFor: number): Subscription {
    const subscription: Subscription = {
      name,
      worker,
      channel,
      ranWhenAsked: ranFor,
      acknowledgedAt: undefined,
      error: undefined,
      endedAt: undefined,
      last: undefined,
      openGap: undefined,
      gaps: [],
      heard: new Map(),
    };
    this.subscriptions.push(subscription);
    this.#trace?.(`${name} subscribes to ${channel}`);
    return subscription;
  }

  acknowledged(subscription: Subscription, error: Error | undefined): void {
    this.#trace?.(`${subscription.name} ${error ? `cannot subscribe: ${error.message}` : "is subscribed"}`);
    if (error) {
      subscription.error = error.message;
      subscription.endedAt = this.#next();
      return;
    }
    subscription.acknowledgedAt = this.#next();
    for (const checker of this.#checkers) checker.acknowledged?.(subscription);
  }

  leaves(subscription: Subscription): void {
    subscription.endedAt ??= this.#next();
  }

  /** What the bytes say that came somewhere; undefined, and a finding, if nobody published it. */
  arrived(bytes: Buffer, who: string): Arrival | undefined {
    const text = textOf(bytes);
    const message = this.messages.get(text);
    if (message === undefined) this.find(3, `${who} got "${text}", which nobody published`);
    return message && { message, place: this.#frames.get(bytes.buffer)?.get(bytes.byteOffset) };
  }

  delivered(subscription: Subscription, arrival: Arrival): void {
    const { message } = arrival;
    const { text } = message;
    const place = arrival.place ?? placeFor(subscription, message);
    this.#trace?.(`${subscription.name} gets ${text}${place ? ` from ${formatPlace(place)}` : ""}`);
    for (const checker of this.#checkers) checker.delivered?.(subscription, message, place);
    if (subscription.openGap) subscription.openGap.before = place;
    subscription.openGap = undefined;
    subscription.last = place ?? subscription.last;
    subscription.heard.set(message, this.#next());
  }

  gap(subscription: Subscription, reason: string): void {
    this.#trace?.(`${subscription.name} is told of a gap: ${reason}`);
    const gap = { reason, at: this.#next(), after: subscription.last, before: undefined };
    subscription.gaps.push(gap);
    subscription.openGap = gap;
    for (const checker of this.#checkers) checker.gap?.(subscription, gap);
  }

  // --- what is measured ---

  stepped(member: Member, inspect: Inspect): void {
    for (const checker of this.#checkers) checker.stepped?.(member, inspect);
  }

  measured(amounts: readonly Amount[]): void {
    for (const checker of this.#checkers) checker.measured?.(amounts);
  }

  overdue(what: string, ranFor: number, limit: number): void {
    for (const checker of this.#checkers) checker.overdue?.(what, ranFor, limit);
  }

  ending(ending: Ending): void {
    for (const checker of this.#checkers) checker.ending?.(ending);
  }

  #next(): number {
    this.#moment += 1;
    return this.#moment;
  }

  #noteFrame({ buffer, byteOffset }: Buffer, place: Place): void {
    ensure(this.#frames, buffer, () => new Map<number, Place>()).set(byteOffset, place);
  }

  #logOf(channel: string, epoch: Epoch): LogTruth {
    // A link says an epoch once and then speaks of many records: mostly it is the very same object.
    const same = this.#epochKeys.get(epoch);
    if (same?.channel === channel) return same;
    const logs = ensure(this.#logs, channel, () => new Map<string, LogTruth>());
    const log = ensure(logs, formatEpoch(epoch), () => ({ channel, epoch, places: [] }));
    this.#epochKeys.set(epoch, log);
    return log;
  }
}

/** The text that a message carries, filled up to some length. */
export function bytesOf(text: string, length: number): Buffer {
  return Buffer.from(`"${text}${FILL}${"x".repeat(Math.max(0, length - text.length))}"`);
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(FILL);
  return bytes.toString("utf8", 1, end < 0 ? Math.max(1, bytes.length - 1) : end);
}

/** Where a message is that a worker published itself: right behind the last one, else in the newest log. */
function placeFor({ last, openGap }: Subscription, { places }: Message): Place | undefined {
  const isNext = ({ log, offset }: Place): boolean => log === last?.log && offset === last.offset + 1;
  const next = openGap === undefined ? places.find(isNext) : undefined;
  if (next !== undefined || places.length < 2) return next ?? places[0];
  return places.toSorted(comparePlaces).at(-1);
}
