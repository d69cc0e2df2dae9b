import { setTimeout as after } from "node:timers/promises";
import { systemClock } from "../../../runtime/clock.ts";
import { Client, type ClientPlan, type ClientWorld } from "../client/client.ts";
import { Crowd } from "../client/crowd.ts";
import { Deliveries } from "../client/deliveries.ts";
import { frame } from "../client/frames.ts";
import { Publications } from "../client/publications.ts";
import { PublisherWire } from "../client/publisher-wire.ts";
import { resolveTarget, type Target } from "../client/target.ts";
import { FIRST_CALL } from "../dialect/calls.ts";
import type { Dialect, Heard } from "../dialect/dialect.ts";
import { dialectOf } from "../dialect/dialects.ts";
import { LoadError } from "../load-error.ts";
import { Layout } from "../measure/layout.ts";
import { Meter } from "../measure/meter.ts";
import type { Outcome } from "../measure/outcome.ts";
import { ClosedLoop, OpenLoop, type Pacer } from "../measure/pace.ts";
import { Payload } from "../measure/payload.ts";
import { Recorder } from "../measure/recorder.ts";
import { Tally } from "../measure/tally.ts";
import { Traffic } from "../measure/traffic.ts";
import { Metronome } from "./metronome.ts";
import type { Part } from "./part.ts";

const HOUSEKEEPING_MS = 50;
/** After the last delivery one waits so long for repeats. */
const REPEATS_WITHIN_MS = 100;
const GOODBYE_MS = 1000;
/**
 * What is due sooner is not slept for but waited for turn by turn, and sleep ends early by as much as it may
 * take to wake up: the generator's own lateness would show as latency of the server.
 */
const TOO_SHORT_TO_SLEEP_US = 400;
const WAKE_EARLY_US = 250;

/** Where a generator stands. */
export interface GeneratorProgress {
  readonly connections: number;
  readonly published: number;
  readonly delivered: number;
  /** Why it cannot go on. */
  readonly failure: string | undefined;
}

/** The part of a load that one process makes: its connections, its publications and what came of them. */
export class Generator {
  readonly #part: Part;
  readonly #dialect: Dialect;
  readonly #layout: Layout;
  readonly #tally = new Tally();
  readonly #meter: Meter;
  readonly #traffic: Traffic;
  readonly #deliveries: Deliveries;
  readonly #wire: PublisherWire;
  readonly #connectLatency = new Recorder();
  readonly #clients: (Client | undefined)[] = [];
  readonly #wasReady: Uint8Array;
  readonly #world: ClientWorld;
  readonly #origin = performance.now();
  #crowd: Crowd | undefined;
  #subscriberTargets: readonly Target[] = [];
  #publisherTargets: readonly Target[] = [];
  #connections = 0;
  #housekeeping: NodeJS.Timeout | undefined;
  #metronome: Metronome | undefined;
  #turn: NodeJS.Immediate | undefined;
  #ending = false;
  /** CPU time of this process when the window opened, and how much it took from then, µs. */
  #cpuAtOpening: NodeJS.CpuUsage | undefined;
  #cpuUs = 0;

  constructor(part: Part) {
    this.#part = part;
    this.#dialect = dialectOf(part.protocol);
    const { subscribers, publishers, channels } = part;
    this.#layout = new Layout({
      subscribers: subscribers.count,
      publishers: publishers.count,
      channels: channels.count,
      channelsPerSubscriber: part.channelsPerSubscriber,
      fanOuts: part.fanOuts,
    });
    this.#wasReady = new Uint8Array(this.#count);
    this.#meter = new Meter(part.windowMs * 1000);
    const payload = new Payload(part.payloadBytes);
    const nameOf = (channel: number): string => `${part.channelPrefix}${channels.first + channel}`;
    const publications = new Publications(this.#dialect, payload, nameOf);
    this.#wire = new PublisherWire(publications, (publisher) => this.#clients[subscribers.count + publisher]);
    this.#traffic = new Traffic({
      layout: this.#layout,
      meter: this.#meter,
      tally: this.#tally,
      wire: this.#wire,
      awaitsDeliveries: part.pace !== undefined && "window" in part.pace,
      patienceUs: part.drainMs * 1000,
    });
    const { checkEvery } = part;
    const setup = { dialect: this.#dialect, payload, nameOf, traffic: this.#traffic, checkEvery };
    this.#deliveries = new Deliveries(setup);
    this.#world = {
      dialect: this.#dialect,
      pong: frame(this.#dialect.pong),
      nameOf,
      ready: (client) => this.#ready(client),
      message: (client, bytes, start, end) => this.#message(client, bytes, start, end),
      ended: (client, reason) => this.#ended(client, reason),
      complain: (reason) => this.#tally.add(reason),
    };
  }

  /**
   * Connects everybody, and subscribes them.
   *
   * @throws {LoadError} if nobody gets through
   */
  async connect(): Promise<void> {
    const { subscriberUrls, publisherUrls, connecting, ca, subscribers, publishers } = this.#part;
    const resolve = (url: string): Promise<Target> => resolveTarget(url, this.#dialect.path, ca);
    this.#subscriberTargets = await Promise.all(subscriberUrls.map(resolve));
    this.#publisherTargets = publishers.count === 0 ? [] : await Promise.all(publisherUrls.map(resolve));
    this.#crowd = new Crowd(this.#count, connecting, (number) => this.#dial(number), systemClock);
    await this.#crowd.connect();
    for (let number = 0; number < subscribers.count; number++)
      if (this.#wasReady[number] === 0) this.#traffic.subscriberIsGone(number);
    for (let number = 0; number < publishers.count; number++)
      if (this.#wasReady[subscribers.count + number] === 0) this.#traffic.publisherIsGone(number);
  }

  /** Begins to publish, if that is part of the load. */
  start(): void {
    const { pace } = this.#part;
    this.#housekeeping = setInterval(() => {
      this.#traffic.expire(this.#now());
      this.#wake();
    }, HOUSEKEEPING_MS);
    if (pace === undefined) return;
    if ("perSecond" in pace) this.#metronome = new Metronome(this.#publish);
    this.#traffic.start(this.#pacerOf(pace));
    this.#wake();
  }

  openWindow(): void {
    this.#cpuAtOpening = process.cpuUsage();
    this.#meter.open(this.#now());
  }

  /** Nothing is counted or published from here on. */
  closeWindow(): void {
    this.#crowd?.stop();
    this.#meter.close(this.#now());
    this.#traffic.stop();
    if (this.#cpuAtOpening === undefined) return;
    const { user, system } = process.cpuUsage(this.#cpuAtOpening);
    this.#cpuUs = user + system;
    this.#cpuAtOpening = undefined;
  }

  /** Waits until everything has arrived, at most as long as the part says, and tells what was measured. */
  async drain(): Promise<Outcome> {
    this.closeWindow();
    const end = this.#now() + this.#part.drainMs * 1000;
    while (!this.#traffic.complete && this.#now() < end) await after(HOUSEKEEPING_MS / 2);
    if (this.#traffic.complete && this.#layout.feeds > 0) await after(REPEATS_WITHIN_MS);
    return this.#outcome();
  }

  /** Closes all connections. */
  async end(): Promise<void> {
    this.#ending = true;
    this.#crowd?.stop();
    this.#traffic.stop();
    clearInterval(this.#housekeeping);
    clearImmediate(this.#turn);
    await this.#metronome?.end();
    for (const client of this.#clients) client?.connection.close();
    const late = performance.now() + GOODBYE_MS;
    while (this.#connections > 0 && performance.now() < late) await after(HOUSEKEEPING_MS / 5);
    for (const client of this.#clients) client?.connection.destroy();
  }

  get progress(): GeneratorProgress {
    return {
      connections: this.#connections,
      published: this.#meter.publishedInAll,
      delivered: this.#meter.deliveredInAll,
      failure: this.#traffic.failure,
    };
  }

  get #count(): number {
    return this.#part.subscribers.count + this.#part.publishers.count;
  }

  #now(): number {
    return Math.floor((performance.now() - this.#origin) * 1000);
  }

  #pacerOf(pace: NonNullable<Part["pace"]>): Pacer {
    if ("window" in pace) return new ClosedLoop(pace.window);
    return new OpenLoop(pace.perSecond, this.#now() + (this.#part.phase * 1_000_000) / pace.perSecond);
  }

  #dial(number: number): Client {
    const client = new Client(this.#planOf(number), this.#world, this.#now());
    this.#clients[number] = client;
    return client;
  }

  #planOf(number: number): ClientPlan {
    const { subscribers, publishers, subscribersInAll, tokens } = this.#part;
    const isSubscriber = number < subscribers.count;
    const place = isSubscriber ? subscribers.first + number : publishers.first + number - subscribers.count;
    const targets = isSubscriber ? this.#subscriberTargets : this.#publisherTargets;
    const target = targets[place % targets.length];
    if (target === undefined) throw new LoadError("There is no URL to connect to");
    return {
      number,
      globalNumber: isSubscriber ? place : subscribersInAll + place,
      target,
      token: tokens?.[number],
      channels: isSubscriber ? this.#layout.channelsOf(number) : new Uint32Array(0),
    };
  }

  #ready(client: Client): void {
    const { number } = client.plan;
    this.#connections++;
    this.#wasReady[number] = 1;
    this.#connectLatency.record(this.#now() - client.startedAt);
    this.#crowd?.ready(number);
  }

  #ended(client: Client, reason: string | undefined): void {
    const { number } = client.plan;
    if (client.isReady) this.#connections--;
    if (this.#ending) return;
    if (this.#crowd?.ended(number, reason)) {
      this.#tally.add(`not connected: ${reason ?? "closed"}`);
      return;
    }
    if (!client.isReady) return;
    this.#tally.add(`connection lost: ${reason ?? "closed"}`);
    const publisher = number - this.#part.subscribers.count;
    if (publisher >= 0) this.#traffic.publisherIsGone(publisher);
    else this.#traffic.subscriberIsGone(number);
  }

  #message(client: Client, bytes: Buffer, start: number, end: number): void {
    const { number } = client.plan;
    const now = this.#now();
    if (number < this.#part.subscribers.count) {
      if (!this.#deliveries.read(number, bytes, start, end, now)) this.#other(client, bytes, start, end);
    } else {
      const call = this.#dialect.acknowledged(bytes, start, end);
      if (call >= 0) this.#traffic.acknowledged(call - FIRST_CALL, now);
      else this.#other(client, bytes, start, end);
    }
    this.#wake();
  }

  /** Whatever is neither a delivery with a stamp nor a plain acknowledgement. */
  #other(client: Client, bytes: Buffer, start: number, end: number): void {
    for (const heard of client.hear(bytes.toString("utf8", start, end))) this.#heard(heard);
  }

  #heard(heard: Heard): void {
    if (heard.kind === "delivery") this.#traffic.wrong("a delivery without a stamp");
    if (heard.kind !== "answer") return;
    const number = heard.call - FIRST_CALL;
    if (heard.error === undefined) this.#traffic.acknowledged(number, this.#now());
    else this.#traffic.refused(number, heard.error);
  }

  /** Publishes what is due at the end of this turn, if that is not arranged for yet. */
  #wake(): void {
    if (this.#turn === undefined && this.#metronome?.isAsleep !== true)
      this.#turn = setImmediate(this.#publish);
  }

  readonly #publish = (): void => {
    this.#turn = undefined;
    const wait = this.#traffic.tick(this.#now());
    this.#wire.flush();
    if (wait === Number.POSITIVE_INFINITY || this.#ending) return;
    if (wait < TOO_SHORT_TO_SLEEP_US) this.#turn = setImmediate(this.#publish);
    else this.#metronome?.sleep(wait - WAKE_EARLY_US);
  };

  #outcome(): Outcome {
    const { subscribers } = this.#part;
    const isReady = (number: number): boolean => this.#wasReady[number] === 1;
    const ready = this.#wasReady.reduce((sum, each) => sum + each, 0);
    let subscriptions = 0;
    for (let number = 0; number < subscribers.count; number++)
      if (isReady(number)) subscriptions += this.#layout.channelsOf(number).length;
    // First, because it gives up what is not answered, which is an error.
    const lost = this.#traffic.lost(subscribers.count, isReady);
    const { duplicated, reordered, malformed } = this.#traffic;
    const { published, acknowledged, delivered, samples } = this.#meter;
    return {
      connections: ready,
      subscriptions,
      connectLatency: this.#connectLatency.encode(),
      windowUs: this.#meter.windowUs(this.#now()),
      cpuUs: this.#cpuUs,
      published,
      acknowledged,
      delivered,
      acknowledgeLatency: this.#meter.acknowledgements.encode(),
      deliveryLatency: this.#meter.deliveries.encode(),
      lost,
      duplicated,
      reordered,
      malformed,
      errors: [...this.#tally.counts],
      samples,
    };
  }
}
