import { expect } from "vitest";
import { type Client, connect, subscribe } from "./client.ts";
import { type Service, until } from "./processes.ts";

const TICK_MS = 10;

/** What one client published on a channel; each client counts its own. */
interface Message {
  readonly publisher: number;
  readonly count: number;
}

/**
 * Official clients that publish all the time, on many channels and two workers, and others that follow all of it on
 * both. Knows what was acknowledged, and finds whatever was lost, doubled or reordered.
 */
export class Traffic {
  readonly #channels: readonly string[];
  readonly #perTick: number;
  #publishers: Client[] = [];
  /** By subscriber, then channel. */
  #inboxes: unknown[][][] = [];
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #open = 0;
  readonly #acknowledged = new Map<string, Message[]>();
  readonly #rejected: unknown[] = [];
  /** Longest time between two acknowledgements, ms. */
  longestPause = 0;
  #lastAt = 0;

  constructor(channels = 40, perSecond = 400) {
    this.#channels = Array.from({ length: channels }, (_, n) => `channel-${n}`);
    this.#perTick = (perSecond * TICK_MS) / 1000;
  }

  /** Starts once every subscription was acknowledged. */
  async start(...workers: readonly Service[]): Promise<void> {
    const clients = await Promise.all(workers.flatMap(({ port }) => [connect(port), connect(port)]));
    this.#publishers = clients.filter((_, index) => index % 2 === 0);
    const subscribers = clients.filter((_, index) => index % 2 === 1);
    this.#inboxes = await Promise.all(
      subscribers.map((client) => Promise.all(this.#channels.map((channel) => subscribe(client, channel)))),
    );
    this.#timer = setInterval(() => this.#publish(), TICK_MS);
    await this.flows(100);
  }

  /** Waits until so many more publishes were acknowledged. */
  async flows(more: number): Promise<void> {
    const wanted = this.acknowledged + more;
    await until(`${more} more publishes are acknowledged`, () => this.acknowledged >= wanted);
  }

  get acknowledged(): number {
    let count = 0;
    for (const messages of this.#acknowledged.values()) count += messages.length;
    return count;
  }

  /** Stops to publish, waits for what is on its way, and proves that nothing was lost, doubled or reordered. */
  async proveWhole(): Promise<void> {
    clearInterval(this.#timer);
    await until("every publish has ended", () => this.#open === 0);
    expect(this.#rejected).toEqual([]);
    await until("all have arrived", () =>
      this.#inboxes.every((inboxes) =>
        inboxes.every(
          (inbox, n) => inbox.length >= (this.#acknowledged.get(this.#channels[n]!)?.length ?? 0),
        ),
      ),
    ).catch(() => undefined); // what is missing is told below
    for (const [n, channel] of this.#channels.entries()) {
      const [first, ...others] = this.#inboxes.map((inboxes) => inboxes[n] as Message[]);
      const wanted = this.#acknowledged.get(channel) ?? [];
      expect(first!.map(idOf).toSorted()).toEqual(wanted.map(idOf).toSorted());
      for (const other of others) expect(other).toEqual(first);
      for (const publisher of this.#publishers.keys()) {
        const counts = first!.filter((message) => message.publisher === publisher).map(({ count }) => count);
        expect(counts).toEqual(counts.toSorted((a, b) => a - b));
      }
    }
  }

  #publish(): void {
    for (let n = 0; n < this.#perTick; n++) {
      this.#count += 1;
      const count = this.#count;
      const publisher = count % this.#publishers.length;
      const channel = this.#channels[count % this.#channels.length]!;
      const message = { publisher, count };
      this.#open += 1;
      void this.#publishers[publisher]!.invokePublish(channel, message)
        .then(
          () => this.#acknowledge(channel, message),
          (error) => this.#rejected.push(error),
        )
        .finally(() => {
          this.#open -= 1;
        });
    }
  }

  #acknowledge(channel: string, message: Message): void {
    const now = performance.now();
    if (this.#lastAt > 0) this.longestPause = Math.max(this.longestPause, now - this.#lastAt);
    this.#lastAt = now;
    const messages = this.#acknowledged.get(channel);
    if (messages) messages.push(message);
    else this.#acknowledged.set(channel, [message]);
  }
}

function idOf({ publisher, count }: Message): string {
  return `${publisher}/${count}`;
}
