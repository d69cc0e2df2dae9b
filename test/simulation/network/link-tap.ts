import { NO_RING, type Ring } from "../../../src/cluster/ring/ring.ts";
import type { GapReason } from "../../../src/link/entries.ts";
import { Kind } from "../../../src/link/kinds.ts";
import { type EntryHandler, readEntries } from "../../../src/link/read-entries.ts";
import type { Epoch, RingVersion } from "../../../src/pubsub/version.ts";
import type { DoneSaid, OwnerSaid } from "../truth.ts";
import type { Tap } from "./socket.ts";

/** What is understood of what one side of a link says. `by` and `to` name the two processes. */
export interface LinkTalk {
  record(
    by: string,
    to: string,
    record: {
      channel: string;
      epoch: Epoch;
      offset: number;
      origin: string;
      sequence: number;
      bytes: Buffer;
    },
  ): void;
  confirm(by: string, to: string, publish: { channel: string; bytes: Buffer }): void;
  answer(
    by: string,
    to: string,
    answer: { channel: string; epoch: Epoch; stable: number; gap: GapReason },
  ): void;
  ask(by: string, to: string, channel: string): void;
  ownerSaid(said: OwnerSaid): void;
  doneSaid(said: DoneSaid): void;
}

interface Published {
  readonly channel: string;
  readonly sequence: number;
  readonly bytes: Buffer;
}

/** One direction of a link: the tables of its sender, and what it published. */
class Side {
  readonly name: string;
  readonly channels: string[] = [];
  readonly origins: string[] = [];
  readonly epochs: (Epoch | undefined)[] = [];
  readonly published: Published[] = [];
  instanceId = "";
  version: RingVersion = NO_RING.version;

  constructor(name: string) {
    this.name = name;
  }
}

/** Listens to both directions of a link, from its first frame on, as an observer who forgets nothing. */
export function tapLink(client: string, server: string, talk: LinkTalk): { client: Tap; server: Tap } {
  const [a, b] = [new Side(client), new Side(server)];
  return { client: listener(a, b, talk), server: listener(b, a, talk) };
}

/** Understands the entries below, and passes over the others, also those that are added to the protocol later. */
class Listener {
  readonly #own: Side;
  readonly #other: Side;
  readonly #talk: LinkTalk;

  constructor(own: Side, other: Side, talk: LinkTalk) {
    this.#own = own;
    this.#other = other;
    this.#talk = talk;
  }

  hello(json: string): void {
    const { instanceId, ring } = JSON.parse(json) as { instanceId: string; ring: Ring };
    this.#own.instanceId = instanceId;
    this.#own.version = ring.version;
  }

  ring(json: string): void {
    this.#own.version = (JSON.parse(json) as Ring).version;
  }

  version(version: RingVersion): void {
    this.#own.version = version;
  }

  done(): void {
    const { name, instanceId, version } = this.#own;
    this.#talk.doneSaid({ by: name, instanceId, to: this.#other.instanceId, version });
  }

  name(number: number, channel: string): void {
    this.#own.channels[number] = channel;
    this.#own.epochs[number] = undefined;
  }

  origin(number: number, instanceId: string): void {
    this.#own.origins[number] = instanceId;
  }

  epoch(number: number, epoch: Epoch): void {
    this.#own.epochs[number] = epoch;
  }

  publish(number: number, sequence: number, bytes: Buffer): void {
    this.#own.published.push({ channel: channelOf(this.#own, number), sequence, bytes });
  }

  subscribe(number: number): void {
    this.#talk.ask(this.#own.name, this.#other.name, channelOf(this.#own, number));
  }

  subscribed(number: number, _ask: number, stable: number, gap: GapReason): void {
    const own = this.#own;
    const [channel, epoch] = [channelOf(own, number), epochOf(own, number)];
    this.#talk.answer(own.name, this.#other.name, { channel, epoch, stable, gap });
    this.#says(channel, { epoch, offset: stable }, undefined);
  }

  confirm(first: number, count: number): void {
    for (let position = first; position < first + count; position++) {
      const publish = this.#other.published[position - 1];
      if (publish) this.#confirm(publish);
    }
  }

  record(number: number, offset: number, origin: number, sequence: number, bytes: Buffer): void {
    this.#record(number, offset, this.#own.origins[origin] ?? "", sequence, bytes);
  }

  own(number: number, offset: number, position: number): void {
    const publish = this.#other.published[position - 1];
    if (publish === undefined) throw new Error(`"own" names position ${position}, which was never sent`);
    this.#record(number, offset, this.#other.instanceId, publish.sequence, publish.bytes);
    this.#confirm(publish);
  }

  #confirm(publish: Published): void {
    const { name, instanceId } = this.#other;
    this.#talk.confirm(this.#own.name, name, publish);
    this.#says(publish.channel, undefined, { origin: instanceId, sequence: publish.sequence });
  }

  #says(channel: string, place: OwnerSaid["place"], publication: OwnerSaid["publication"]): void {
    const { name: by, instanceId, version } = this.#own;
    this.#talk.ownerSaid({ by, instanceId, version, channel, place, publication });
  }

  #record(number: number, offset: number, origin: string, sequence: number, bytes: Buffer): void {
    const own = this.#own;
    const record = {
      channel: channelOf(own, number),
      epoch: epochOf(own, number),
      offset,
      origin,
      sequence,
      bytes,
    };
    this.#talk.record(own.name, this.#other.name, record);
    this.#says(record.channel, { epoch: record.epoch, offset }, { origin, sequence });
  }
}

const IGNORE = Object.fromEntries(Object.keys(Kind).map((kind) => [kind, () => {}]));
Object.setPrototypeOf(Listener.prototype, IGNORE);

function listener(own: Side, other: Side, talk: LinkTalk): Tap {
  const handler = new Listener(own, other, talk) as unknown as EntryHandler;
  return (frame) => readEntries(frame, handler);
}

function channelOf(side: Side, number: number): string {
  const channel = side.channels[number];
  if (channel === undefined)
    throw new Error(`${side.name} says channel number ${number}, which it never named`);
  return channel;
}

function epochOf(side: Side, number: number): Epoch {
  const epoch = side.epochs[number];
  if (epoch === undefined)
    throw new Error(`${side.name} speaks of ${side.channels[number]} without an epoch`);
  return epoch;
}
