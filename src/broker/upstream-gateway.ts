import { randomUUID } from "node:crypto";
import type { OwnedLog, Publisher } from "../cluster/owned-log.ts";
import { InvalidActionError } from "../protocol/wire-errors.ts";
import type { Broker, Deliver, Settle } from "../pubsub/broker.ts";
import type { LogEntry } from "../pubsub/channel-log.ts";
import { Publication } from "../pubsub/publication.ts";
import type { BrokerService } from "./service.ts";
import { UnheldPackets } from "./unheld-packets.ts";

/** What upstream's workers publish on a channel of a broker: one packet with the messages of a while. */
interface ClusterPacket {
  readonly sender?: string | null;
  readonly messages: readonly unknown[];
}

interface Waiting {
  readonly channel: string;
  readonly packet: ClusterPacket;
  /** Bytes. */
  readonly size: number;
  readonly settle: Settle;
}

/**
 * Lets upstream's workers take part: what they publish goes into the logs of this broker, as if this process
 * had published it, and what comes into the logs goes out to them in packets as they know them. They get what
 * they get upstream; the promises hold between our own workers.
 */
export class UpstreamGateway implements Broker, Publisher {
  readonly #service: BrokerService;
  readonly #deliver: Deliver;
  /** Origins must not repeat after a restart, since sequences do. */
  readonly #life = randomUUID();
  readonly #channels = new Map<string, OwnedLog | undefined>();
  #sequence = 0;
  readonly #unheld: UnheldPackets;
  /** Packets whose log is not served yet. */
  readonly #waiting = new Set<Waiting>();
  /** Whether there was no room for a subscription to wait for its log. */
  #isBehind = false;

  constructor(service: BrokerService, deliver: Deliver) {
    this.#service = service;
    this.#deliver = deliver;
    this.#unheld = new UnheldPackets(() => service.windows.share);
    service.onOwnerChanged(() => this.#ownerChanged());
  }

  publish(publication: Publication, settle: Settle): Promise<void> | undefined {
    const { channel } = publication;
    const packet = publication.data;
    if (!isClusterPacket(packet)) {
      settle(new InvalidActionError("Cannot publish on a broker: {sender, messages: [...]} is expected"));
      return undefined;
    }
    this.#take({ channel, packet, size: publication.bytes.length, settle });
    return this.#unheld.room;
  }

  /** The packet at this position is held by a second broker. */
  heldTwice(position: number): void {
    this.#unheld.remove(position);
  }

  subscribe(channel: string, settle: Settle): void {
    if (!this.#service.owner.admits(channel)) {
      settle(new InvalidActionError("Cannot subscribe on this broker: it has as many channels as it may"));
      return;
    }
    this.#channels.set(channel, undefined);
    this.#attach(channel);
    settle();
  }

  unsubscribe(channel: string): void {
    const owned = this.#channels.get(channel);
    this.#channels.delete(channel);
    if (owned !== undefined) this.#service.owner.left(owned, this);
  }

  /** A message in its place, as upstream's workers know it. They drop what they sent themselves. */
  appended({ channel }: OwnedLog, { origin, bytes }: LogEntry, cameHere: number | undefined): void {
    if (cameHere !== undefined) this.heldTwice(cameHere);
    const slash = origin.indexOf("/");
    const sender = origin.startsWith(this.#life) ? origin.slice(slash + 1) : origin;
    const data = bytes.length === 0 ? "null" : bytes.toString();
    const json = `{"sender":${JSON.stringify(sender)},"messages":[${data}]}`;
    this.#deliver(new Publication(channel, Buffer.from(json)));
  }

  replaced(): void {
    this.#reattach();
  }

  #ownerChanged(): void {
    // What was not acknowledged before nobody tells of any more; what waits is forgotten by the owner, not here.
    this.#unheld.clear();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const each of waiting) this.#take(each);
    this.#reattach();
  }

  #take(waiting: Waiting): void {
    const { channel, packet, size, settle } = waiting;
    if (!this.#service.owner.owns(channel)) {
      settle(new InvalidActionError("Cannot publish on this broker: the channel belongs to another"));
      return;
    }
    if (!this.#service.owner.admits(channel)) {
      settle(new InvalidActionError("Cannot publish on this broker: it has as many channels as it may"));
      return;
    }
    const position = this.#unheld.add(size);
    this.#waiting.add(waiting);
    const append = (owned: OwnedLog): void => {
      this.#waiting.delete(waiting);
      this.#append(owned, packet, position);
      settle();
      if (this.#isBehind) this.#reattach();
    };
    if (this.#whenServed(channel, size, append)) return;
    this.#waiting.delete(waiting);
    this.heldTwice(position);
    settle(new InvalidActionError("Cannot publish on this broker: too much waits for a change of the ring"));
  }

  #append(owned: OwnedLog, { sender, messages }: ClusterPacket, position: number): void {
    const origin = `${this.#life}/${sender ?? ""}`;
    for (const [index, message] of messages.entries()) {
      this.#sequence += 1;
      const { bytes } = Publication.of(owned.channel, message);
      // When its last message is held all of the packet is.
      const publisher = index === messages.length - 1 ? this : undefined;
      this.#service.owner.append(owned, { origin, sequence: this.#sequence, bytes }, publisher, position);
    }
    if (messages.length === 0) this.heldTwice(position);
  }

  #attach(channel: string): void {
    // Whoever asks the wrong broker has not heard of the newest ring yet; it is kept in case this one gets it.
    if (!this.#service.owner.owns(channel)) return;
    const waits = this.#whenServed(channel, 0, (owned) => {
      if (!this.#channels.has(channel)) return;
      owned.subscribe(this);
      this.#channels.set(channel, owned);
    });
    if (!waits) this.#isBehind = true;
  }

  #reattach(): void {
    this.#isBehind = false;
    for (const [channel, owned] of this.#channels) {
      if (owned === undefined || owned.closed) this.#attach(channel);
    }
  }

  /**
   * @param size what the task keeps, bytes
   * @returns false if too much waits already
   */
  #whenServed(channel: string, size: number, task: (owned: OwnedLog) => void): boolean {
    const { owner } = this.#service;
    const served = owner.served(channel);
    if (served === undefined)
      return owner.whenServed(channel, size, () => this.#whenServed(channel, size, task));
    task(served);
    return true;
  }
}

function isClusterPacket(data: unknown): data is ClusterPacket {
  if (typeof data !== "object" || data === null) return false;
  const { sender, messages } = data as { sender?: unknown; messages?: unknown };
  return Array.isArray(messages) && (sender === undefined || sender === null || typeof sender === "string");
}
