import { setTimeout as after } from "node:timers/promises";
import socketClusterClient from "socketcluster-client";

/** What an honest pair of clients saw. Times in ms. */
export interface Seen {
  readonly acknowledged: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  readonly disconnects: number;
  /** From a publish to its delivery. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

interface OfficialClient {
  readonly state: string;
  listener(event: string): { once(timeoutMs?: number): Promise<unknown> } & AsyncIterable<unknown>;
  subscribe(channel: string): AsyncIterable<unknown> & {
    readonly state: string;
    listener(event: string): { once(timeoutMs?: number): Promise<unknown> };
  };
  invokePublish(channel: string, data: unknown): Promise<void>;
  disconnect(): void;
}

interface Sent {
  readonly at: number;
  acknowledged: boolean;
  deliveries: number;
}

const DEADLINE_MS = 20_000;
const CHANNELS = 20;
const SETTLE_MS = 5000;

/** A publisher and a subscriber, official clients, which publish at a steady rate and follow every message. */
export class Honest {
  readonly #publisher: OfficialClient;
  readonly #subscriber: OfficialClient;
  readonly #sent: Sent[] = [];
  readonly #latencies: number[] = [];
  readonly #highest = new Map<string, number>();
  readonly #rejected = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #open = 0;
  #reordered = 0;
  #disconnects = 0;

  private constructor(publisher: OfficialClient, subscriber: OfficialClient) {
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    for (const client of [publisher, subscriber]) void this.#watch(client);
  }

  /** Connects and subscribes to all channels at a worker. */
  static async join(port: number): Promise<Honest> {
    const clients = [0, 1].map(
      () =>
        socketClusterClient.create({
          hostname: "127.0.0.1",
          port,
          ackTimeout: 15_000,
        }) as unknown as OfficialClient,
    );
    await Promise.all(clients.map((client) => client.listener("connect").once(DEADLINE_MS)));
    const [publisher, subscriber] = clients as [OfficialClient, OfficialClient];
    const honest = new Honest(publisher, subscriber);
    await Promise.all(Array.from({ length: CHANNELS }, (_, n) => honest.#follow(`honest-${n}`)));
    return honest;
  }

  start(perSecond: number): void {
    this.#timer = setInterval(() => this.#publish(), 1000 / perSecond);
  }

  /** Stops, waits for what is on its way, and adds up. */
  async end(): Promise<Seen> {
    clearInterval(this.#timer);
    const until = performance.now() + DEADLINE_MS;
    while (this.#open > 0 && performance.now() < until) await after(50);
    const settled = performance.now() + SETTLE_MS;
    while (this.#lost > 0 && performance.now() < settled) await after(50);
    this.#publisher.disconnect();
    this.#subscriber.disconnect();
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
    return {
      acknowledged: this.#sent.filter(({ acknowledged }) => acknowledged).length,
      rejected: Object.fromEntries(this.#rejected),
      lost: this.#lost,
      doubled: this.#sent.filter(({ deliveries }) => deliveries > 1).length,
      reordered: this.#reordered,
      disconnects: this.#disconnects,
      p50: at(0.5),
      p99: at(0.99),
      longest: at(1),
    };
  }

  get #lost(): number {
    return this.#sent.filter(({ acknowledged, deliveries }) => acknowledged && deliveries === 0).length;
  }

  async #watch(client: OfficialClient): Promise<void> {
    for await (const _ of client.listener("disconnect")) this.#disconnects += 1;
  }

  async #follow(channel: string): Promise<void> {
    const stream = this.#subscriber.subscribe(channel);
    void (async () => {
      for await (const data of stream) this.#deliver(channel, data as number);
    })();
    if (stream.state !== "subscribed") await stream.listener("subscribe").once(DEADLINE_MS);
  }

  #publish(): void {
    const number = this.#sent.length;
    const sent: Sent = { at: performance.now(), acknowledged: false, deliveries: 0 };
    this.#sent.push(sent);
    this.#open += 1;
    this.#publisher.invokePublish(`honest-${number % CHANNELS}`, number).then(
      () => {
        sent.acknowledged = true;
        this.#open -= 1;
      },
      (error: Error) => {
        this.#rejected.set(error.name, (this.#rejected.get(error.name) ?? 0) + 1);
        this.#open -= 1;
      },
    );
  }

  #deliver(channel: string, number: number): void {
    const sent = this.#sent[number];
    if (sent === undefined) return;
    sent.deliveries += 1;
    if (sent.deliveries === 1) this.#latencies.push(performance.now() - sent.at);
    if (number < (this.#highest.get(channel) ?? -1)) this.#reordered += 1;
    else this.#highest.set(channel, number);
  }
}
