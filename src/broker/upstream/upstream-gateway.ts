import { randomUUID } from "node:crypto";
import { InvalidActionError } from "../../protocol/wire-errors.ts";
import type { Broker, Deliver, Settle } from "../../pubsub/broker.ts";
import type { LogEntry } from "../../pubsub/channel-log.ts";
import { Publication } from "../../pubsub/publication.ts";
import type { Clock } from "../../runtime/clock.ts";
import { attempt, faults } from "../../runtime/contain.ts";
import type { OwnedLog, Publisher } from "../owner/owned-log.ts";
import type { BrokerService } from "../service.ts";
import { UnheldPackets } from "./unheld-packets.ts";
import { type ClusterPacket, clusterPacketOf, Senders } from "./upstream-packet.ts";

/** What the gateway needs of the broker that it is at. */
export type GatewayService = Pick<BrokerService, "owner" | "windows" | "onOwnerChanged" | "ring">;

export interface GatewayOptions {
  readonly service: GatewayService;
  /** Hands a publication to upstream's workers. */
  readonly deliver: Deliver;
  readonly clock: Clock;
  /** Resolves when the turn of the event loop is over. */
  readonly turnOver: () => Promise<void>;
}

interface Waiting {
  readonly packet: ClusterPacket;
  readonly settle: Settle;
  /** Its place among what no second broker holds. */
  position: number;
  /** When it is refused if the ring has not changed by then. */
  readonly until: number;
}

/** Messages that are put into logs in one turn; what is published beyond waits for the next. */
const MOST_A_TURN = 1000;
/**
 * How long a packet waits for the ring to place channels as upstream's workers do, ms. It does so soon after the first
 * of them has come; they give up after 10 s themselves.
 */
const SWITCH_MS = 8000;
/** Channels that upstream's workers may follow at one broker, and characters of their names. */
const MOST_CHANNELS = 100_000;
const MOST_NAMES = 16 * 2 ** 20;
/** After how long subscriptions are tried again that found no room to wait for their logs, ms. */
const AGAIN_MS = 1000;
/** What a message takes beside its bytes while no second broker holds it, about. */
const MESSAGE_SIZE = 100;

/**
 * Lets upstream's workers take part: what they publish goes into the logs of this broker, as if this process
 * had published it, and what comes into the logs goes out to them in packets as they know them. They get what
 * they get upstream; the promises hold between our own workers.
 */
export class UpstreamGateway implements Broker, Publisher {
  readonly #options: GatewayOptions;
  readonly #service: GatewayService;
  /** Origins must not repeat after a restart, since sequences do. */
  readonly #life = randomUUID();
  readonly #channels = new Map<string, OwnedLog | undefined>();
  /** Those of them whose log is not served yet, and is waited for. */
  readonly #attaching = new Set<string>();
  /** Characters of their names. */
  #names = 0;
  #sequence = 0;
  readonly #senders = new Senders();
  readonly #unheld: UnheldPackets;
  /** Packets whose log is not served yet. */
  readonly #waiting = new Set<Waiting>();
  /** Packets that wait for the ring to suit upstream's workers. */
  readonly #misplaced = new Set<Waiting>();
  #looksAtMisplaced = false;
  /** Messages that were put into logs in this turn. */
  #thisTurn = 0;
  #turnOver: Promise<void> | undefined;
  /** Whether subscriptions that found no room are about to be tried again. */
  #triesAgain = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#service = options.service;
    this.#unheld = new UnheldPackets(() => options.service.windows.share);
    options.service.onOwnerChanged(() => this.#ownerChanged());
  }

  /** @returns what to wait for before more is taken from whoever published, if not undefined */
  publish(publication: Publication, settle: Settle): Promise<void> | undefined {
    let packet: ClusterPacket;
    try {
      packet = clusterPacketOf(publication);
    } catch (error) {
      if (!(error instanceof InvalidActionError)) throw error;
      settle(error);
      return this.#pause(1);
    }
    if (!this.#senders.mayPublish(packet.sender, this.#options.clock.now())) {
      settle(refusal("too many workers publish here"));
      return this.#pause(1);
    }
    const position = this.#unheld.add(sizeOf(packet));
    this.#take({ packet, settle, position, until: this.#options.clock.now() + SWITCH_MS });
    const pause = this.#pause(packet.messages.length);
    return this.#unheld.room ?? pause;
  }

  /** The packet at this position is held by a second broker. */
  heldTwice(position: number): void {
    this.#unheld.remove(position);
  }

  subscribe(channel: string, settle: Settle): void {
    const { owner } = this.#service;
    const isFull = this.#channels.size >= MOST_CHANNELS || this.#names + channel.length > MOST_NAMES;
    if (isFull || (owner.owns(channel) && !owner.admits(channel))) {
      settle(new InvalidActionError("Cannot subscribe on this broker: it has as many channels as it may"));
      return;
    }
    this.#names += channel.length;
    this.#channels.set(channel, undefined);
    this.#attach(channel);
    settle();
  }

  unsubscribe(channel: string): void {
    const owned = this.#channels.get(channel);
    if (this.#channels.delete(channel)) this.#names -= channel.length;
    if (owned !== undefined) this.#service.owner.left(owned, this);
  }

  /** A message in its place, as upstream's workers know it. They drop what they sent themselves. */
  appended({ channel }: OwnedLog, { origin, bytes }: LogEntry, cameHere: number | undefined): void {
    if (cameHere !== undefined) this.heldTwice(cameHere);
    try {
      const slash = origin.indexOf("/");
      const sender = origin.startsWith(this.#life) ? origin.slice(slash + 1) : origin;
      const data = bytes.length === 0 ? "null" : bytes.toString();
      const json = `{"sender":${JSON.stringify(sender)},"messages":[${data}]}`;
      this.#options.deliver(new Publication(channel, Buffer.from(json)));
    } catch (error) {
      // Others are told of the message behind this.
      faults.contain("upstream", error);
    }
  }

  replaced(): void {
    this.#reattach();
  }

  /** A packet may hold many messages, and a batch many packets: what is much is done in slices, one a turn. */
  #pause(messages: number): Promise<void> | undefined {
    if (this.#thisTurn === 0) {
      this.#turnOver = this.#options.turnOver().then(() => {
        this.#thisTurn = 0;
      });
    }
    this.#thisTurn += Math.max(1, messages);
    return this.#thisTurn < MOST_A_TURN ? undefined : this.#turnOver;
  }

  #ownerChanged(): void {
    const waiting = [...this.#waiting, ...this.#misplaced];
    // What was not acknowledged before nobody tells of any more; what waits is forgotten by the owner, not here.
    this.#unheld.clear();
    this.#waiting.clear();
    this.#attaching.clear();
    this.#misplaced.clear();
    for (const each of waiting) {
      each.position = this.#unheld.add(sizeOf(each.packet));
      this.#take(each);
    }
    this.#reattach();
  }

  #take(waiting: Waiting): void {
    const { packet, position, settle } = waiting;
    const refuse = (reason: string): void => {
      this.heldTwice(position);
      settle(refusal(reason));
    };
    const { owner } = this.#service;
    if (!owner.owns(packet.channel)) {
      if (!this.#awaitSwitch(waiting)) refuse("the channel belongs to another");
      return;
    }
    if (!owner.admits(packet.channel)) return refuse("it has as many channels as it may");
    const owned = owner.served(packet.channel);
    if (owned !== undefined) {
      this.#append(owned, packet, position);
      settle();
      return;
    }
    const again = (): void => {
      if (this.#waiting.delete(waiting)) this.#take(waiting);
    };
    if (owner.whenServed(packet.channel, sizeOf(packet), again)) this.#waiting.add(waiting);
    else refuse("too much waits for a change of the ring");
  }

  /** Whoever publishes here by upstream's placement while the ring has ours is early: the ring will follow. */
  #awaitSwitch(waiting: Waiting): boolean {
    const { clock } = this.#options;
    const { ring } = this.#service.ring;
    if (ring.placement !== "rendezvous" || ring.brokers.length === 0 || clock.now() >= waiting.until)
      return false;
    this.#misplaced.add(waiting);
    if (!this.#looksAtMisplaced) clock.after(waiting.until - clock.now(), () => this.#giveUp());
    this.#looksAtMisplaced = true;
    return true;
  }

  /** Refuses what waited for too long, and looks again when the next one has. */
  #giveUp(): void {
    this.#looksAtMisplaced = false;
    const waiting = [...this.#misplaced];
    this.#misplaced.clear();
    for (const each of waiting) attempt("upstream", () => this.#take(each));
  }

  #append(owned: OwnedLog, { sender, messages }: ClusterPacket, position: number): void {
    const origin = `${this.#life}/${sender}`;
    for (const [index, bytes] of messages.entries()) {
      this.#sequence += 1;
      // When its last message is held all of the packet is.
      const publisher = index === messages.length - 1 ? this : undefined;
      this.#service.owner.append(owned, { origin, sequence: this.#sequence, bytes }, publisher, position);
    }
    if (messages.length === 0) this.heldTwice(position);
  }

  #attach(channel: string): void {
    const { owner } = this.#service;
    // Whoever asks the wrong broker has not heard of the newest ring yet; it is kept in case this one gets it.
    if (!owner.owns(channel) || !this.#channels.has(channel) || this.#attaching.has(channel)) return;
    const owned = owner.admits(channel) ? owner.served(channel) : undefined;
    if (owned !== undefined) {
      owned.subscribe(this);
      this.#channels.set(channel, owned);
      return;
    }
    const again = (): void => {
      this.#attaching.delete(channel);
      this.#attach(channel);
    };
    if (owner.admits(channel) && owner.whenServed(channel, 0, again)) this.#attaching.add(channel);
    else this.#tryAgain();
  }

  #tryAgain(): void {
    if (this.#triesAgain) return;
    this.#triesAgain = true;
    this.#options.clock.after(AGAIN_MS, () => {
      this.#triesAgain = false;
      this.#reattach();
    });
  }

  #reattach(): void {
    for (const [channel, owned] of this.#channels) {
      if (owned === undefined || owned.closed) this.#attach(channel);
    }
  }
}

/** Bytes that it takes here, about. */
function sizeOf({ size, messages }: ClusterPacket): number {
  return size + messages.length * MESSAGE_SIZE;
}

function refusal(reason: string): Error {
  return new InvalidActionError(`Cannot publish on this broker: ${reason}`);
}
