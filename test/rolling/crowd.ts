import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as after } from "node:timers/promises";
import { Checker } from "../../src/tools/chaos/check/checker.ts";
import type { Subscription } from "../../src/tools/chaos/check/subscription.ts";
import { dataOf, nameOf, readData } from "../../src/tools/chaos/load/message.ts";
import { Pace } from "../../src/tools/chaos/load/pace.ts";
import { Client, type ClientObserver } from "./client.ts";
import type { CrowdOptions, CrowdOutcome, Progress } from "./crowd-messages.ts";
import { Partings } from "./partings.ts";

const TICK_MS = 4;
const POLL_MS = 50;
/** New clients a tick of `POLL_MS`, at the start. */
const COME_AT_A_TIME = 15;
const SUBSCRIBED_WITHIN_MS = 60_000;
/** How long all that is owed may take to come, and everybody to be back, when nobody publishes any more. */
const SETTLED_WITHIN_MS = 30_000;
/** A message that comes once more would come within that. */
const REPEATS_WITHIN_MS = 500;
/** A prime: clients are sent away in the order of their channels, which must not be the order of the messages. */
const STRIDE = 7919;
const NS_PER_MS = 1e6;

interface Member {
  readonly client: Client;
  readonly channel: number;
  readonly subscription: Subscription;
  /** When its connection ended, while it is away. */
  partedAt: number | undefined;
  moves: number;
}

/** The clients of a deployment, each subscribed to one channel; some publish. Follows every message to everybody. */
export class Crowd {
  readonly #options: CrowdOptions;
  readonly #checker: Checker;
  readonly #partings = new Partings();
  readonly #members: Member[] = [];
  readonly #missedAtParting: number[] = [];
  readonly #partedAt: number[] = [];
  readonly #reconnectedAt: number[] = [];
  readonly #comebacks: number[] = [];
  readonly #closeCodes = new Map<number, number>();
  readonly #aborted = new Map<number, number>();
  readonly #delay = monitorEventLoopDelay({ resolution: 10 });
  #leftOut = 0;
  #refused = 0;
  #beganAt = 0;
  #turn = 0;
  #heldBack = 0;
  #pace: Pace | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#checker = new Checker(options.channels, options.publishers);
  }

  get progress(): Progress {
    const { sent, acknowledged, deliveries } = this.#checker;
    return { sent, acknowledged, delivered: deliveries, subscribed: this.#subscribed };
  }

  /** @throws {Error} if not everybody is subscribed in time */
  async connect(): Promise<void> {
    while (this.#members.length < this.#options.clients) {
      const some = Math.min(COME_AT_A_TIME, this.#options.clients - this.#members.length);
      for (let count = 0; count < some; count++) this.#add();
      await after(POLL_MS);
    }
    await this.#until(SUBSCRIBED_WITHIN_MS, () => this.#subscribed === this.#members.length);
    const missing = this.#members.length - this.#subscribed;
    if (missing > 0)
      throw new Error(`${missing} clients are not subscribed after ${SUBSCRIBED_WITHIN_MS} ms`);
  }

  publish(): void {
    this.#beganAt = performance.now();
    this.#delay.enable();
    const pace = new Pace(this.#options.rate, this.#beganAt);
    this.#pace = pace;
    this.#timer = setInterval(() => {
      for (let due = pace.due(performance.now()); due > 0; due--) this.#publishNext();
    }, TICK_MS);
  }

  /** Publishes no more, waits for what may still come, and adds up. */
  async finish(): Promise<CrowdOutcome> {
    clearInterval(this.#timer);
    this.#checker.quiet(performance.now());
    this.#delay.disable();
    await this.#until(
      SETTLED_WITHIN_MS,
      () => this.#subscribed === this.#members.length && this.#checker.isSettled,
    );
    await after(REPEATS_WITHIN_MS);
    const missing = this.#members.length - this.#subscribed;
    const tally = this.#checker.finish(performance.now());
    for (const { client } of this.#members) client.close();
    const sinceStart = (moments: readonly number[]): number[] => moments.map((at) => at - this.#beganAt);
    return {
      tally,
      missedAtParting: this.#missedAtParting,
      leftOutAtParting: this.#leftOut,
      missedAway: this.#partings.missedAway,
      partings: sinceStart(this.#partedAt),
      reconnects: sinceStart(this.#reconnectedAt),
      comebacks: this.#comebacks,
      closeCodes: Object.fromEntries(this.#closeCodes),
      aborted: Object.fromEntries(this.#aborted),
      refusedSubscriptions: this.#refused,
      missing,
      mostMoves: Math.max(...this.#members.map(({ moves }) => moves)),
      heldBack: this.#heldBack + (this.#pace?.skipped ?? 0),
      ownPauseMs: Math.round(this.#delay.max / NS_PER_MS),
    };
  }

  get #subscribed(): number {
    let count = 0;
    for (const { client, subscription } of this.#members)
      if (client.isSubscribed && subscription.isOpen) count += 1;
    return count;
  }

  #add(): void {
    const { host, port, channels } = this.#options;
    const channel = this.#members.length % channels;
    const observer: ClientObserver = {
      connected: () => this.#connected(member),
      subscribed: () => this.#subscribedAgain(member),
      delivered: (data) => this.#delivered(member, data),
      // What came with the same bytes as the end is heard first.
      disconnected: (code) => void setImmediate(() => this.#disconnected(member, code)),
      aborted: (code) => count(this.#aborted, code),
      refused: () => {
        this.#refused += 1;
      },
    };
    const member: Member = {
      client: new Client(host, port, nameOfChannel(channel), observer),
      channel,
      subscription: this.#checker.subscribe(channel, "clients"),
      partedAt: undefined,
      moves: 0,
    };
    this.#members.push(member);
  }

  #connected({ partedAt }: Member): void {
    if (partedAt !== undefined) this.#reconnectedAt.push(performance.now());
  }

  #subscribedAgain(member: Member): void {
    const { channel, subscription, partedAt } = member;
    if (partedAt !== undefined) {
      this.#comebacks.push(performance.now() - partedAt);
      this.#partings.back(channel);
      member.partedAt = undefined;
    }
    this.#partings.opened(member, channel);
    this.#checker.opened(subscription);
  }

  #delivered(member: Member, data: unknown): void {
    const message = readData(data);
    if (message !== undefined && message !== "probe") this.#partings.delivered(member, message.position);
    const unknown = { publisher: -1, sequence: 0, position: 0 };
    const known = message === undefined || message === "probe" ? unknown : message;
    this.#checker.delivered(member.subscription, known, performance.now());
  }

  #disconnected(member: Member, code: number): void {
    const now = performance.now();
    count(this.#closeCodes, code);
    this.#partedAt.push(now);
    for (const { ageMs, isLeftOut } of this.#partings.parted(member, now)) {
      if (isLeftOut) this.#leftOut += 1;
      else this.#missedAtParting.push(ageMs);
    }
    this.#checker.interrupted(member.subscription);
    // A connection that ended before it was subscribed: it is away since the one before.
    member.partedAt ??= now;
    member.moves += 1;
  }

  /** On each channel once in a round, far from its neighbours, and by another publisher in each. */
  #publishNext(): void {
    const { channels, publishers } = this.#options;
    const turn = this.#turn++;
    const first = turn + Math.floor(turn / channels);
    for (let tried = 0; tried < publishers; tried++) {
      const publisher = (first + tried) % publishers;
      if (this.#members[publisher]?.client.isConnected)
        return void this.#publish((turn * STRIDE) % channels, publisher);
    }
    this.#heldBack += 1;
  }

  async #publish(channel: number, publisher: number): Promise<void> {
    const message = this.#checker.publish(channel, publisher, performance.now());
    const { position } = message;
    this.#partings.published(channel, position);
    try {
      await this.#members[publisher]?.client.publish(nameOfChannel(channel), dataOf(message));
      this.#checker.acknowledge(message);
      this.#partings.acknowledged(channel, position, performance.now());
    } catch (error) {
      this.#checker.reject(message, nameOf(error));
      this.#partings.rejected(channel, position);
    }
  }

  async #until(withinMs: number, holds: () => boolean): Promise<void> {
    const end = performance.now() + withinMs;
    while (!holds() && performance.now() < end) await after(POLL_MS);
  }
}

function nameOfChannel(channel: number): string {
  return `rolling-${channel}`;
}

function count(counts: Map<number, number>, code: number): void {
  counts.set(code, (counts.get(code) ?? 0) + 1);
}
