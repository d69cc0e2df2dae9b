import { setTimeout as after } from "node:timers/promises";
import socketClusterClient from "socketcluster-client";
import { Checker } from "../../src/chaos/check/checker.ts";
import type { Tally } from "../../src/chaos/check/tally.ts";
import { dataOf, nameOf, readData } from "../../src/chaos/load/message.ts";
import type { OfficialClient } from "../../src/chaos/load/official-client.ts";
import { Pace } from "../../src/chaos/load/pace.ts";
import { Returns, type ReturnsTally } from "./returns.ts";

export interface CrowdOptions {
  /** Where the ingress listens. */
  readonly port: number;
  readonly clients: number;
  /** Each client is subscribed to one of them. */
  readonly channels: number;
  /** Messages a second, over all publishers. */
  readonly rate: number;
}

export interface CrowdTally {
  readonly messages: Tally;
  readonly returns: ReturnsTally;
}

/** Of the clients these publish, too. */
const PUBLISHERS = 40;
/** So many connect at a time at first. */
const FIRST_AT_A_TIME = 50;
const TICK_MS = 4;
const POLL_MS = 50;
const WAIT_MS = 60_000;

/** Official clients with their default options, which all come through the ingress. */
export class Crowd {
  readonly #options: CrowdOptions;
  readonly #checker: Checker;
  readonly #returns = new Returns();
  readonly #clients: OfficialClient[] = [];
  #subscribed = 0;
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#checker = new Checker(options.channels, PUBLISHERS);
  }

  /** Resolves when all are connected and subscribed. */
  async gather(): Promise<void> {
    const { clients } = this.#options;
    for (let number = 0; number < clients; number++) {
      this.#join(number);
      if ((number + 1) % FIRST_AT_A_TIME === 0)
        await this.#until(() => this.#subscribed > number - FIRST_AT_A_TIME);
    }
    await this.#until(() => this.#subscribed === clients);
  }

  start(): void {
    const pace = new Pace(this.#options.rate, performance.now());
    this.#timer = setInterval(() => {
      for (let due = pace.due(performance.now()); due > 0; due--) this.#publishNext();
    }, TICK_MS);
  }

  /** Waits until everybody is back, and all that can come has come; then adds up and disconnects all. */
  async finish(): Promise<CrowdTally> {
    clearInterval(this.#timer);
    this.#checker.quiet(performance.now());
    await this.#until(() => this.#returns.tally.missing === 0 && this.#checker.isSettled).catch(() => {});
    // A message that comes once more would come about now.
    await after(500);
    this.#isOver = true;
    const tally = { messages: this.#checker.finish(performance.now()), returns: this.#returns.tally };
    for (const client of this.#clients) client.disconnect();
    return tally;
  }

  #join(number: number): void {
    const { port, channels } = this.#options;
    const client = socketClusterClient.create({ hostname: "127.0.0.1", port }) as OfficialClient;
    this.#clients.push(client);
    const channel = number % channels;
    const subscription = this.#checker.subscribe(channel, "clients");
    void (async () => {
      for await (const _ of client.listener("connect")) this.#returns.connected(number, performance.now());
    })();
    void (async () => {
      for await (const _ of client.listener("disconnect")) {
        if (this.#isOver) return;
        this.#checker.interrupted(subscription);
        this.#returns.left(number, performance.now());
      }
    })();
    void (async () => {
      for await (const _ of client.listener("subscribe")) {
        this.#subscribed += 1;
        this.#checker.opened(subscription);
        this.#returns.back(number, performance.now());
      }
    })();
    void (async () => {
      for await (const data of client.subscribe(`channel-${channel}`)) {
        const message = readData(data);
        if (message === "probe" || this.#isOver) continue;
        const unknown = { publisher: -1, sequence: 0, position: 0 };
        this.#checker.delivered(subscription, message ?? unknown, performance.now());
      }
    })();
  }

  /** On each channel in turn, by the next publisher that is connected. */
  #publishNext(): void {
    const turn = this.#turn++;
    for (let tried = 0; tried < PUBLISHERS; tried++) {
      const publisher = (turn + tried) % PUBLISHERS;
      if (this.#clients[publisher]?.state !== "open") continue;
      void this.#publish(turn % this.#options.channels, publisher);
      return;
    }
  }

  async #publish(channel: number, publisher: number): Promise<void> {
    const message = this.#checker.publish(channel, publisher, performance.now());
    try {
      await this.#clients[publisher]?.invokePublish(`channel-${channel}`, dataOf(message));
      this.#checker.acknowledge(message);
    } catch (error) {
      this.#checker.reject(message, nameOf(error));
    }
  }

  async #until(holds: () => boolean): Promise<void> {
    const until = performance.now() + WAIT_MS;
    while (!holds()) {
      if (performance.now() > until)
        throw new Error(`${this.#subscribed} of ${this.#options.clients} clients are there`);
      await after(POLL_MS);
    }
  }
}
