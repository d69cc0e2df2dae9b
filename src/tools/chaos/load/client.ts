import { setTimeout as after } from "node:timers/promises";
import { type OfficialClient, officialClient } from "./official-client.ts";

const HOST = "127.0.0.1";
/** Before a connection that ended is made again, ms; half of it is chance, so that not all come at once. */
const AGAIN_AFTER_MS = 200;
/** Before a subscription that was refused is asked for again, ms. */
const SUBSCRIBE_AGAIN_MS = 500;

/** Who hears what happens with one subscription. */
export interface Listener {
  /** The server acknowledged it: at first, and after each new connection. */
  opened(): void;
  /** The connection ended, and the subscription with it until it is opened again. */
  interrupted(): void;
  delivered(data: unknown): void;
}

/** Where a client is to connect now. */
export type Place = () => Promise<number>;

/**
 * An application's client: the official one, kept connected and subscribed. When its connection ends it asks anew
 * where to go, as a load balancer would decide.
 */
export class Client {
  readonly #official: OfficialClient;
  readonly #place: Place;
  readonly #listeners = new Map<string, Listener>();
  readonly #isOver = new AbortController();
  #disconnects = 0;
  #refusedSubscriptions = 0;

  constructor(place: Place) {
    this.#place = place;
    this.#official = officialClient(HOST, 0);
    void this.#watchConnection();
    void this.#watchAborts();
    void this.#watchSubscriptions();
    void this.#watchRefusals();
  }

  /** Whether what is published now goes out at once. */
  get isConnected(): boolean {
    return this.#official.state === "open";
  }

  /** How often its connection ended without its wish. */
  get disconnects(): number {
    return this.#disconnects;
  }

  get refusedSubscriptions(): number {
    return this.#refusedSubscriptions;
  }

  /** Connects, and keeps trying. Resolves when the first try has begun. */
  async connect(): Promise<void> {
    if (this.#isOver.signal.aborted) return;
    this.#official.options.port = await this.#place();
    if (!this.#isOver.signal.aborted) this.#official.connect();
  }

  /** Resolves when the server has acknowledged it; rejects with its error. */
  publish(channel: string, data: unknown): Promise<void> {
    return this.#official.invokePublish(channel, data);
  }

  subscribe(channel: string, listener: Listener): void {
    this.#listeners.set(channel, listener);
    void this.#listen(channel, listener);
  }

  /** Ends it for good, without a word to its listeners. */
  close(): void {
    this.#isOver.abort();
    this.#listeners.clear();
    this.#official.disconnect();
    this.#official.closeAllListeners();
  }

  async #listen(channel: string, listener: Listener): Promise<void> {
    const stream = this.#official.subscribe(channel);
    for await (const data of stream) {
      if (this.#isOver.signal.aborted) return;
      listener.delivered(data);
    }
  }

  async #watchConnection(): Promise<void> {
    for await (const _ of this.#official.listener("disconnect")) {
      if (this.#isOver.signal.aborted) return;
      this.#disconnects += 1;
      for (const listener of this.#listeners.values()) listener.interrupted();
      await this.#connectAgain();
    }
  }

  async #watchAborts(): Promise<void> {
    for await (const _ of this.#official.listener("connectAbort")) await this.#connectAgain();
  }

  async #watchSubscriptions(): Promise<void> {
    for await (const { channel } of this.#official.listener("subscribe"))
      this.#listeners.get(channel)?.opened();
  }

  async #watchRefusals(): Promise<void> {
    for await (const { channel } of this.#official.listener("subscribeFail")) {
      this.#refusedSubscriptions += 1;
      void this.#subscribeAgain(channel);
    }
  }

  async #connectAgain(): Promise<void> {
    if (await this.#rest(AGAIN_AFTER_MS * (0.5 + Math.random() / 2))) await this.connect();
  }

  async #subscribeAgain(channel: string): Promise<void> {
    // Its stream is still there: the official client knows channels by their names.
    if ((await this.#rest(SUBSCRIBE_AGAIN_MS)) && this.#listeners.has(channel))
      this.#official.subscribe(channel);
  }

  /** @returns false if it is over */
  async #rest(ms: number): Promise<boolean> {
    await after(ms);
    return !this.#isOver.signal.aborted;
  }
}
