import { BrokerService } from "../../src/broker/service.ts";
import { ClusterBroker } from "../../src/broker-client/cluster-broker.ts";
import { HeldLogs } from "../../src/cluster/replica/held-logs.ts";
import { Holder } from "../../src/cluster/replica/holder.ts";
import { CurrentRing } from "../../src/cluster/ring/current-ring.ts";
import type { Keeper, Ring, RingMember } from "../../src/cluster/ring/ring.ts";
import type { DialFailure } from "../../src/link/dial-failure.ts";
import { EntryWriter } from "../../src/link/entries.ts";
import type { LinkEvents, NewLink } from "../../src/link/link.ts";
import { readEntries } from "../../src/link/read-entries.ts";
import { WHOLE_FRAMES } from "../../src/link/test-link.ts";
import { taken } from "../../src/link/test-taken.ts";
import type { Gap } from "../../src/pubsub/broker.ts";
import { Publication } from "../../src/pubsub/publication.ts";
import { silentLogger } from "../../src/runtime/log.ts";
import { Turn } from "../../src/runtime/turn.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** One end of a connection that exists in memory only. Frames arrive in order, after a delay. */
class VirtualLink implements NewLink {
  readonly entries: EntryWriter;
  readonly #clock: VirtualClock;
  readonly #delay: number;
  #events: LinkEvents | undefined;
  #other: VirtualLink | undefined;

  constructor(clock: VirtualClock, turn: Turn, delay: number) {
    this.#clock = clock;
    this.#delay = delay;
    const flush = (): void => this.#flush();
    this.entries = new EntryWriter(() => turn.write(flush), flush);
  }

  static pair(a: VirtualLink, b: VirtualLink): void {
    a.#other = b;
    b.#other = a;
  }

  start(events: LinkEvents): void {
    this.#events = events;
  }

  readonly partCount = 0;

  acknowledged(): void {}
  partsAcknowledged(): void {}
  saysParts(): void {}

  close(reason: string): void {
    this.#flush();
    this.lost(reason);
    const other = this.#other;
    this.#clock.after(this.#delay, () => other?.lost(reason));
  }

  /** The connection breaks: what is on its way is gone. */
  cut(): void {
    this.#other?.lost("cut");
    this.lost("cut");
  }

  /** The connection is gone on this side. */
  lost(reason: string): void {
    const events = this.#events;
    this.#events = undefined;
    events?.closed(reason);
  }

  /** A frame arrives. */
  read(frame: Buffer): void {
    if (this.#events) readEntries(frame, this.#events.handler);
  }

  #flush(): void {
    if (this.#events === undefined || this.entries.length === 0) return;
    const frame = taken(this.entries);
    const other = this.#other;
    this.#clock.after(this.#delay, () => other?.read(frame));
  }
}

export interface VirtualWorker {
  readonly name: string;
  readonly broker: ClusterBroker;
  readonly ring: CurrentRing;
  /** Texts delivered, by channel, in order. */
  readonly delivered: Map<string, string[]>;
  readonly gaps: Gap[];
  /** Publishes that failed after they were acknowledged. */
  readonly lost: { channel: string; error: Error }[];
}

/** Brokers and workers in one process, on one clock, with connections in memory that can be cut. */
export class VirtualCluster {
  readonly clock = new VirtualClock();
  readonly workers: VirtualWorker[] = [];
  readonly brokers: BrokerService[] = [];
  readonly #links = new Map<VirtualLink, { readonly from: string; readonly to: string }>();
  /** URIs of brokers that were killed. */
  readonly #dead = new Set<string>();
  readonly #delay: () => number;
  readonly #maxChannels: number;
  #version = 0;

  /**
   * @param delay ms that the next connection's frames take
   * @param maxChannels of each broker
   */
  constructor(delay: () => number, maxChannels = 100_000) {
    this.#delay = delay;
    this.#maxChannels = maxChannels;
  }

  addBroker(): BrokerService {
    const turn = this.#turn();
    const own = `ws://b${this.brokers.length}`;
    const broker = new BrokerService({
      ring: new CurrentRing(),
      clock: this.clock,
      turn,
      dial: (uri, events) => this.#dial(own, uri, turn, events),
      retryDelay: 1000,
      transferBytes: 2000,
      random: () => 0.5,
      log: silentLogger,
      bounds: { count: 1000, bytes: 1e6, age: 60_000, totalBytes: 1e7 },
      unconfirmedBytes: 2 ** 20,
      maxChannels: this.#maxChannels,
    });
    this.brokers.push(broker);
    return broker;
  }

  addWorker(name: string): VirtualWorker {
    const ring = new CurrentRing();
    const delivered = new Map<string, string[]>();
    const gaps: Gap[] = [];
    const lost: { channel: string; error: Error }[] = [];
    const turn = this.#turn();
    const broker = new ClusterBroker(
      {
        ring,
        dial: (uri, events) => this.#dial(name, uri, turn, events),
        clock: this.clock,
        random: () => 0.5,
        log: silentLogger,
        holder: new Holder({
          instanceId: () => name,
          ring,
          held: new HeldLogs({ count: 1000, bytes: 1e6, age: 60_000, totalBytes: 1e7 }, () =>
            this.clock.now(),
          ),
          atTurnEnd: (task) => turn.deliver(task),
        }),
        hello: () => ({ instanceId: name, role: "worker", release: "test", ring: ring.ring }),
        publishLevel: "replica",
        publishLimit: 10_000,
        subscribeLimit: 9000,
        unconfirmedBytes: 1e6,
        retryDelay: 1000,
        grace: 1000,
      },
      {
        deliver: ({ channel, bytes }) => {
          const texts = delivered.get(channel) ?? [];
          delivered.set(channel, texts);
          texts.push(bytes.toString());
        },
        gap: (gap) => gaps.push(gap),
        lost: (channel, error) => lost.push({ channel, error }),
        changed: () => {},
      },
    );
    const worker = { name, broker, ring, delivered, gaps, lost };
    this.workers.push(worker);
    return worker;
  }

  /** Tells one member of a ring of the brokers with these indexes; links tell the others. */
  ringOf(
    indexes: readonly number[],
    teller: { readonly ring: CurrentRing },
    keepers: readonly Keeper[] = [],
  ): void {
    this.#version += 1;
    const brokers = indexes.map((index) => this.memberOf(index));
    const ring: Ring = {
      version: { counter: this.#version, stateId: "test" },
      placement: "rendezvous",
      brokers,
      keepers,
    };
    teller.ring.offer(ring);
  }

  memberOf(index: number): RingMember {
    return { uri: `ws://b${index}`, instanceId: this.brokers[index]!.instanceId };
  }

  /** A broker is gone from one moment to the next. */
  kill(index: number): void {
    const uri = `ws://b${index}`;
    this.#dead.add(uri);
    for (const [link, { from, to }] of this.#links) if (from === uri || to === uri) link.cut();
  }

  cutLink(which: number): void {
    const links = [...this.#links.keys()];
    links[which % links.length]?.cut();
  }

  /** Publishes, and notes how it ended. */
  publish(worker: VirtualWorker, channel: string, text: string, settled: (error?: Error) => void): void {
    worker.broker.publish(new Publication(channel, Buffer.from(text)), settled);
  }

  #turn(): Turn {
    return new Turn((run) => this.clock.after(0, run));
  }

  #dial(
    from: string,
    uri: string,
    turn: Turn,
    events: { opened(link: NewLink): void; failed(failure: DialFailure): void },
  ): () => void {
    const broker = this.brokers[Number(uri.slice("ws://b".length))]!;
    const delay = this.#delay();
    let cancelled = false;
    this.clock.after(delay, () => {
      if (cancelled) return;
      if (this.#dead.has(uri) || this.#dead.has(from)) {
        events.failed({ kind: "refused", reason: "nobody listens" });
        return;
      }
      const [near, far] = [
        new VirtualLink(this.clock, turn, delay),
        new VirtualLink(this.clock, this.#turn(), delay),
      ];
      VirtualLink.pair(near, far);
      this.#links.set(near, { from, to: uri });
      const forget = (link: NewLink): NewLink => ({
        entries: link.entries,
        ...WHOLE_FRAMES,
        close: (reason) => link.close(reason),
        start: ({ handler, closed }) =>
          link.start({
            handler,
            closed: (reason) => {
              this.#links.delete(near);
              closed(reason);
            },
          }),
      });
      broker.accept(far);
      events.opened(forget(near));
    });
    return () => {
      cancelled = true;
    };
  }
}
