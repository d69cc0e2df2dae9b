import { followerOf, hasMember, membersOf } from "../../src/cluster/ring/ring.ts";
import { LINK_PROTOCOL } from "../../src/link/entries.ts";
import { compareVersions } from "../../src/pubsub/version.ts";
import { faults } from "../../src/runtime/contain.ts";
import { type Logger, silentLogger } from "../../src/runtime/log.ts";
import type { MakeChecker } from "./checker.ts";
import { comesToRest } from "./checkers/convergence.ts";
import { checkersOf } from "./checkers/index.ts";
import { FAULTS } from "./faults/index.ts";
import { type Finding, History } from "./history.ts";
import { Holdings } from "./holdings.ts";
import { Ledger } from "./ledger.ts";
import { BrokerMember } from "./members/broker-member.ts";
import type { MemberContext } from "./members/context.ts";
import { StateMember } from "./members/state-member.ts";
import { WorkerMember } from "./members/worker-member.ts";
import { tapLink } from "./network/link-tap.ts";
import { Network } from "./network/network.ts";
import { drawPlan, type Plan, type Profile } from "./plan.ts";
import { Process, type ProcessWorld } from "./process.ts";
import { Random } from "./random.ts";
import { RingExcuses } from "./ring-excuses.ts";
import { Scheduler } from "./scheduler.ts";
import type { Ending } from "./truth.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly profile: Profile;
  /** Checkers beside the usual ones. */
  readonly checkers?: readonly MakeChecker[];
  /** Gaps are no finding, whatever their reason: to see what else there is. */
  readonly allowGaps?: boolean;
  /** Takes readable lines about all that happens. */
  readonly trace?: (line: string) => void;
}

export interface Outcome {
  readonly seed: number;
  readonly profile: Profile;
  readonly finding: Finding | undefined;
  /** Things that happened, one after the other. */
  readonly steps: number;
  /** How long the world lasted, ms of its own time. */
  readonly lasted: number;
  readonly published: number;
  readonly confirmed: number;
  readonly faults: number;
}

/** Faults that no publish need fail of: they pass within its limit. */
const CALM: readonly Profile[] = ["none", "links", "state"];

/** Any of the members. */
export type Member = StateMember | BrokerMember | WorkerMember;

/** Who lives in a world, for checkers and faults that look into members. */
export interface Inspect {
  readonly states: readonly StateMember[];
  readonly brokers: readonly BrokerMember[];
  readonly workers: readonly WorkerMember[];
}

/** How long the members may take to find each other at first, ms. */
const START_MS = 20_000;
/** How long clients go on after the last fault, and how long everything may then take to come to rest, ms. */
const TAIL_MS = 2000;
const REST_MS = 25_000;
const SAMPLE_MS = 250;
/** A world that takes more steps than this goes round in circles. */
const MOST_STEPS = 3_000_000;

/** A whole cluster with its clients in one process, in which everything follows from a seed. */
export class World implements ProcessWorld, Inspect {
  readonly plan: Plan;
  readonly random: Random;
  readonly scheduler = new Scheduler();
  readonly network: Network;
  readonly history: History;
  readonly ledger = new Ledger(
    () => this.scheduler.now,
    (line) => this.trace(line),
  );
  readonly #options: WorldOptions;
  readonly #members = new Map<Process, Member>();
  readonly #lives = new Map<string, number>();
  readonly #rings: RingExcuses;
  readonly #holdings = new Holdings(this);
  readonly #undos = new Set<() => void>();
  #promised = new Set<Process>();
  /** Members that the world begins with. */
  #started = 0;
  #steps = 0;
  #faults = 0;
  #running: Process | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
    // What is contained where users are, and only counted, is what is looked for here.
    faults.told = (_reader, error) => {
      throw error;
    };
    const root = new Random(options.seed);
    this.#rings = new RingExcuses(this, !CALM.includes(options.profile));
    this.plan = drawPlan(root.fork(), options.profile);
    this.random = root.fork();
    this.history = new History({
      checkers: [
        ...checkersOf({
          rings: this.#rings,
          holdings: this.#holdings,
          mayTimeOut: !CALM.includes(options.profile),
          allowGaps: options.allowGaps === true,
          isTailFull: (channel) => this.brokers.some((broker) => broker.isTailFull(channel)),
        }),
        ...(options.checkers ?? []),
      ],
      isExcused: (invariant) => this.#rings.excuses(invariant),
      isBlameless: (broker) =>
        this.brokers.some(({ service }) => service.instanceId === broker.instanceId) &&
        this.ledger.isBlameless(broker),
      ...(options.trace && { trace: (line) => this.trace(line) }),
    });
    this.network = new Network({
      scheduler: this.scheduler,
      random: root.fork(),
      tap: ({ protocol, client, server }) =>
        protocol === LINK_PROTOCOL ? tapLink(client.name, server.name, this.history) : undefined,
    });
  }

  // --- who lives ---

  get states(): StateMember[] {
    return this.#live(StateMember);
  }

  get brokers(): BrokerMember[] {
    return this.#live(BrokerMember);
  }

  get workers(): WorkerMember[] {
    return this.#live(WorkerMember);
  }

  startState(index: number): StateMember {
    return this.#start("s", index, (context) => new StateMember(context));
  }

  startBroker(index: number): BrokerMember {
    return this.#start("b", index, (context) => new BrokerMember(context, this.plan.channels));
  }

  startWorker(index: number): WorkerMember {
    return this.#start("w", index, (context) => new WorkerMember(context, this.plan));
  }

  // --- what processes tell ---

  ran(process: Process): void {
    this.#running = process;
  }

  threw(process: Process, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.history.find(0, `${process.name} died of an error of its own: ${text}`);
  }

  promised(process: Process): void {
    this.#promised.add(process);
  }

  // --- faults ---

  /** Does something later, or when the faults end. */
  later(ms: number, undo: () => void): void {
    const once = (): void => {
      if (this.#undos.delete(once)) undo();
    };
    this.#undos.add(once);
    this.scheduler.after(ms, once);
  }

  trace(line: string): void {
    this.#options.trace?.(`${(this.scheduler.now / 1000).toFixed(4).padStart(8)} ${line}`);
  }

  // --- its course ---

  async run(): Promise<Outcome> {
    this.trace(`seed ${this.#options.seed}: ${JSON.stringify(this.plan)}`);
    this.#startAll();
    await this.#until(
      START_MS,
      () => this.#members.size === this.#started && this.#complaint() === undefined,
    );
    const complaint = this.#complaint();
    if (complaint !== undefined) this.history.find(11, `did not come up: ${complaint}`);
    this.#sampleOn();
    for (const { clients } of this.workers) clients.start();
    this.#strikeOn(this.scheduler.now + this.plan.activeFor);
    await this.#until(this.plan.activeFor);
    this.#heal();
    await this.#until(TAIL_MS);
    for (const { clients } of this.workers) clients.rest();
    await this.#until(REST_MS, () => this.#complaint() === undefined);
    // What is still on its way could yet break the peace.
    await this.#until(1500);
    if (this.history.finding === undefined) this.history.ending(this.#ending());
    return this.#outcome();
  }

  #startAll(): void {
    const { brokers, workers } = this.plan;
    const start = (count: number, create: (index: number) => unknown): void => {
      for (let index = 1; index <= count; index++)
        this.scheduler.after(this.random.between(0, 500), () => create(index));
    };
    this.#started = 1 + brokers + workers;
    start(1, (index) => this.startState(index));
    start(brokers, (index) => this.startBroker(index));
    start(workers, (index) => this.startWorker(index));
  }

  /** Lets time go by, until something holds if that is given. */
  async #until(ms: number, holds?: () => boolean): Promise<void> {
    const end = this.scheduler.now + ms;
    for (let look = this.scheduler.now; look < end && this.history.finding === undefined; ) {
      look = Math.min(end, look + (holds ? SAMPLE_MS : ms));
      while (this.history.finding === undefined && this.scheduler.step(look)) {
        this.#steps += 1;
        this.#after();
        if (this.#promised.size > 0) await this.#settlePromises();
      }
      if (holds?.()) return;
    }
  }

  /** What has to be looked at after each step. */
  #after(): void {
    if (this.#steps > MOST_STEPS) this.history.find(11, `after ${MOST_STEPS} steps no end is in sight`);
    const process = this.#running;
    if (process === undefined) return;
    this.#running = undefined;
    const member = this.#members.get(process);
    if (member === undefined) return;
    if (member instanceof StateMember) member.ran();
    this.history.stepped(member, this);
  }

  async #settlePromises(): Promise<void> {
    while (this.#promised.size > 0) {
      const processes = this.#promised;
      this.#promised = new Set();
      await new Promise(setImmediate);
      // What ran now belongs to a turn that ends.
      for (const process of processes) process.read(() => {});
      this.#after();
    }
    for (const state of this.states) state.ran();
  }

  #sampleOn(): void {
    this.scheduler.after(SAMPLE_MS, () => {
      for (const member of [...this.brokers, ...this.workers]) this.history.measured(member.amounts());
      for (const { clients } of this.workers) clients.review();
      if (this.#isSettled()) {
        this.ledger.settled();
        this.#rings.settled();
      }
      this.#sampleOn();
    });
  }

  #strikeOn(end: number): void {
    const faults = FAULTS.filter(({ profiles }) => profiles.includes(this.plan.profile));
    if (faults.length === 0) return;
    const weighted = faults.flatMap((fault) => Array.from({ length: fault.weight }, () => fault));
    const next = this.scheduler.now + this.random.around(this.plan.faultEvery);
    if (next >= end) return;
    this.scheduler.at(next, () => {
      const fault = this.random.pick(weighted);
      const what = fault.strike(this);
      if (what !== undefined) {
        this.#faults += 1;
        this.trace(`FAULT ${fault.name}: ${what}`);
      }
      this.#strikeOn(end);
    });
  }

  /** The faults are over: whatever they still hold is let go, and what a cluster cannot do without is started. */
  #heal(): void {
    this.trace("the faults are over");
    for (const undo of [...this.#undos]) undo();
    for (const { process } of this.#members.values()) process.wake();
    if (this.states.length === 0) this.startState(1);
    // Those that leave do so, and what they hold needs somebody to go to.
    const staying = this.brokers.filter(({ isLeaving }) => !isLeaving);
    if (staying.length === 0) this.startBroker(this.#freeBrokerPlace());
    for (const state of this.states.slice(1)) state.process.kill();
  }

  #freeBrokerPlace(): number {
    const taken = new Set(this.brokers.map(({ process }) => process.place));
    let place = 1;
    while (taken.has(place)) place += 1;
    return place;
  }

  // --- what there is to see ---

  /** The first thing that keeps this world from being at rest. */
  #complaint(): string | undefined {
    let first: string | undefined;
    comesToRest((sentence) => {
      first ??= sentence;
    }).ending?.(this.#ending());
    return first;
  }

  #ending(): Ending {
    return {
      members: [...this.states, ...this.brokers, ...this.workers].map((member) => member.ending()),
      messages: [...this.history.messages.values()],
      // Of those that followed one of two clusters only their workers know where they are.
      subscriptions: this.#rings.excuses(6) ? [] : this.history.subscriptions,
      liveWorkers: new Set(this.workers.map(({ life }) => life)),
    };
  }

  /** Whether all who live are at one ring that is settled, and everything is held twice: what failed before is made good. */
  #isSettled(): boolean {
    const { brokers, workers } = this;
    const [first, ...others] = [...brokers, ...workers];
    // Where nobody lives nothing is held.
    if (first === undefined) return false;
    const { ring } = first.ring;
    const isListed = (id: string): boolean => hasMember(membersOf(ring), id);
    const live = new Set([
      ...brokers.map(({ service }) => service.instanceId),
      ...workers.map(({ instanceId }) => instanceId),
    ]);
    return (
      [first, ...others].every(({ process }) => process.isRunning) &&
      [
        ...others.map((other) => other.ring.version),
        ...this.states.map(({ service }) => service.ring.version),
      ].every((version) => compareVersions(version, ring.version) === 0) &&
      membersOf(ring).every(({ instanceId }) => live.has(instanceId)) &&
      (ring.brokers.length > 1 || followerOf(ring) !== undefined) &&
      brokers.every(({ service }) => !isListed(service.instanceId) || service.owner.handover.isSettled)
    );
  }

  #outcome(): Outcome {
    const messages = [...this.history.messages.values()];
    return {
      seed: this.#options.seed,
      profile: this.plan.profile,
      finding: this.history.finding,
      steps: this.#steps,
      lasted: this.scheduler.now,
      published: messages.length,
      confirmed: messages.filter(({ confirmedAt }) => confirmedAt !== undefined).length,
      faults: this.#faults,
    };
  }

  #start<T extends Member>(kind: "s" | "b" | "w", index: number, create: (context: MemberContext) => T): T {
    const place = `${kind}${index}`;
    const life = (this.#lives.get(place) ?? 0) + 1;
    this.#lives.set(place, life);
    const net = { s: 1, b: 2, w: 3 }[kind];
    const host = `10.0.${net}.${index}`;
    const process = new Process(`${place}.${life}`, host, this, this.random.fork());
    this.trace(`${process.name} starts`);
    process.onEnd(() => this.#ended(process));
    const log = this.#options.trace ? this.#logOf(process) : silentLogger;
    const port = { s: 7777, b: 8888, w: 8000 }[kind];
    const { network, history, plan } = this;
    const member = create({
      process,
      uri: `ws://${host}:${port}`,
      network,
      history,
      settings: plan.settings,
      log,
    });
    this.#members.set(process, member);
    return member;
  }

  #ended(process: Process): void {
    this.trace(`${process.name} is no more`);
    const member = this.#members.get(process);
    this.#members.delete(process);
    if (!(member instanceof StateMember) && member?.outOfTime) this.ledger.failed(process.name);
    if (member instanceof BrokerMember) {
      this.ledger.gone(member.service.instanceId);
      this.#rings.memberEnded(member.service.instanceId, process.name);
    }
    if (member instanceof WorkerMember) {
      this.#rings.memberEnded(member.instanceId, process.name);
      for (const subscription of this.history.subscriptions) {
        if (subscription.worker === process.name) this.history.leaves(subscription);
      }
    }
  }

  #live<T extends Member>(kind: new (...args: never[]) => T): T[] {
    const members: T[] = [];
    for (const member of this.#members.values()) if (member instanceof kind) members.push(member);
    return members;
  }

  #logOf({ name }: Process): Logger {
    const write =
      (level: string) =>
      (message: string, fields: object = {}) =>
        this.trace(`${name} ${level}: ${message} ${JSON.stringify(fields)}`);
    return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  }
}
