import type { DialFailure } from "../../link/dial-failure.ts";
import type { TalkEvents } from "../../link/talk.ts";
import type { RingVersion } from "../../pubsub/version.ts";
import { compareVersions, NO_VERSION } from "../../pubsub/version.ts";
import { Backoff } from "../../runtime/backoff.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { News } from "../../runtime/news.ts";
import type { ReportMessage, TailMessage, WatchMessage } from "../report/report-messages.ts";
import type { CurrentRing } from "../ring/current-ring.ts";
import { type Ring, type RingMember, tooFarAhead } from "../ring/ring.ts";
import { type JoinMessage, parseStateMessage, type StateMessage } from "./state-messages.ts";

/** A talk that somebody opened and nobody handles yet. */
export interface NewTalk {
  send(message: unknown): void;
  close(reason: string): void;
  start(events: TalkEvents): void;
}

/** Connects to scc-state; one of the two is called, once, unless it is called off before. */
export type DialTalk = (events: {
  opened(talk: NewTalk): void;
  failed(failure: DialFailure): void;
}) => () => void;

export interface StateLinkOptions {
  readonly dial: DialTalk;
  readonly ring: CurrentRing;
  readonly clock: Clock;
  /** From 0 to 1, for pauses that differ from process to process. */
  readonly random: () => number;
  readonly log: Logger;
  /** Who this member is now: `instanceId`, and how to reach it. */
  readonly identity: () => Pick<
    JoinMessage,
    "instanceId" | "instanceIp" | "instanceIpFamily" | "instanceSecure"
  >;
  /** Longest pause between two attempts, ms. */
  readonly retryDelay: number;
  /** How long scc-state may take to answer a registration, ms. */
  readonly ackTimeout: number;
  /** scc-state does not accept the key. Called when that is news; it is tried again. */
  readonly authFailed: () => void;
}

const FIRST_RETRY_MS = 100;
/** How often at most scc-state is told how many connections of upstream's workers there are, ms. */
const UPSTREAM_EVERY_MS = 500;

/**
 * A member's lasting talk with scc-state: registers, hands in the ring and what it knows, takes new rings.
 * While scc-state is away nothing changes but that it tries again.
 */
export class StateLink {
  readonly #options: StateLinkOptions;
  readonly #backoff: Backoff;
  readonly #news: News;
  #talk: NewTalk | undefined;
  #registered = false;
  #ended = false;
  #isLeaving = false;
  #cancelDial: (() => void) | undefined;
  #timer: Timer | undefined;
  #accused: readonly string[] = [];
  #settled: RingVersion | undefined;
  #workers: ((uris: readonly string[], own: string) => void) | undefined;
  #alone: ((brokers: readonly string[]) => void) | undefined;
  #uri = "";
  #linked: readonly string[] = [];
  /** Connections of upstream's workers now; undefined: nobody counts them. */
  #upstream: number | undefined;
  #upstreamTimer: Timer | undefined;
  #peers: ((peers: readonly RingMember[]) => void) | undefined;
  #watch: ((watch: WatchMessage | undefined) => void) | undefined;
  /** The newest ring that scc-state is known to hold. */
  #known: RingVersion = NO_VERSION;

  constructor(options: StateLinkOptions) {
    this.#options = options;
    this.#backoff = new Backoff(FIRST_RETRY_MS, options.retryDelay, options.random);
    this.#news = new News(options.clock);
    options.ring.onAdopted((ring) => this.#adopted(ring));
  }

  /** Whether scc-state has registered this member, and the talk lasts. */
  get registered(): boolean {
    return this.#registered;
  }

  /** Wants to be told of the cluster's workers, by URI, and of its own; to be called before `start`. */
  onWorkers(listener: (uris: readonly string[], own: string) => void): void {
    this.#workers = listener;
  }

  /** Wants to be told of the brokers that this member alone cannot use, by instance; to be called before `start`. */
  onAlone(listener: (brokers: readonly string[]) => void): void {
    this.#alone = listener;
  }

  /** Wants to be told of the brokers that are or may soon be in one ring; to be called before `start`. */
  onPeers(listener: (peers: readonly RingMember[]) => void): void {
    this.#peers = listener;
  }

  /** Wants to be told when reports are wanted, and (undefined) when no more; to be called before `start`. */
  onWatch(listener: (watch: WatchMessage | undefined) => void): void {
    this.#watch = listener;
  }

  /** Tells scc-state how this member is, if it is there. */
  report(message: ReportMessage | TailMessage): void {
    this.#say(message);
  }

  start(): void {
    this.#cancelDial = this.#options.dial({
      opened: (talk) => this.#opened(talk),
      failed: (failure) => this.#failed(failure),
    });
  }

  /** The brokers that this member cannot use now. */
  accuse(accused: readonly string[]): void {
    if (accused.join() === this.#accused.join()) return;
    this.#accused = accused;
    this.#say({ type: "accuse", accused });
  }

  /** The brokers that this member has links with. */
  linked(brokers: readonly string[]): void {
    this.#linked = brokers;
    this.#say({ type: "linked", brokers });
  }

  /** So many connections of upstream's workers this broker has: scc-state goes by them only while there are some. */
  upstreamHere(connections: number): void {
    if (connections === this.#upstream) return;
    this.#upstream = connections;
    // Where many come and go, what is so at the end of a while is enough.
    if (this.#upstreamTimer === undefined) this.#sayUpstream();
  }

  #sayUpstream(): void {
    const connections = this.#upstream;
    if (connections === undefined) return;
    this.#say({ type: "upstream", connections });
    this.#upstreamTimer = this.#options.clock.after(UPSTREAM_EVERY_MS, () => {
      this.#upstreamTimer = undefined;
      if (this.#upstream !== connections) this.#sayUpstream();
    });
  }

  /** What this member owns under this version is where it belongs. */
  settled(version: RingVersion): void {
    this.#settled = version;
    this.#say({ type: "settled", version });
  }

  /** Ends the talk and registers anew, under the identity that holds then. */
  rejoin(reason: string): void {
    this.#settled = undefined;
    this.#accused = [];
    this.#linked = [];
    // The end of the talk leads to the next attempt.
    this.#talk?.close(reason);
  }

  /**
   * Says goodbye, as soon as scc-state is there to hear it, and stops talking.
   *
   * @param released tells when nobody needs this member any more; undefined: nobody does
   * @param limitMs how long to wait for that at most
   */
  async leave(released: ((done: () => void) => void) | undefined, limitMs: number): Promise<void> {
    this.#isLeaving = true;
    this.#say({ type: "leave" });
    await new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel();
        resolve();
      };
      const timer = this.#options.clock.after(limitMs, done);
      if (released === undefined) done();
      else released(done);
    });
    this.end();
  }

  /** Stops talking without a word. */
  end(): void {
    this.#ended = true;
    this.#cancelDial?.();
    this.#timer?.cancel();
    this.#talk?.close("member stops");
  }

  #say(message: unknown): void {
    if (this.#registered) this.#talk?.send(message);
  }

  #adopted(ring: Ring): void {
    if (compareVersions(ring.version, this.#known) <= 0) return;
    this.#known = ring.version;
    this.#say({ type: "ring", ring });
  }

  #opened(talk: NewTalk): void {
    this.#cancelDial = undefined;
    this.#talk = talk;
    this.#known = this.#options.ring.version;
    talk.start({ message: (message) => this.#heard(message), closed: (reason) => this.#closed(reason) });
    talk.send({
      type: "join",
      ...this.#options.identity(),
      ring: this.#options.ring.ring,
      settled: this.#settled,
      workers: this.#workers !== undefined,
      accused: this.#accused,
    });
    this.#timer = this.#options.clock.after(this.#options.ackTimeout, () => talk.close("no answer in time"));
  }

  #heard(message: unknown): void {
    const parsed = parseStateMessage(message);
    if ((parsed?.type === "welcome" || parsed?.type === "ring") && this.#isTooFar(parsed.ring)) return;
    if (parsed?.type === "welcome") this.#welcomed(parsed);
    else if (parsed?.type === "ring") this.#learn(parsed.ring);
    else if (parsed?.type === "workers") this.#workers?.(parsed.uris, this.#uri);
    else if (parsed?.type === "alone") this.#alone?.(parsed.brokers);
    else if (parsed?.type === "peers") this.#peers?.(parsed.peers);
    else if (parsed?.type === "watch") this.#watch?.(parsed);
    else if (parsed?.type === "unwatch") this.#watch?.(undefined);
    else if (parsed?.type === "refused") this.#refused(parsed.reason);
  }

  #isTooFar(ring: Ring): boolean {
    const reason = tooFarAhead(ring, this.#options.ring.version);
    if (reason === undefined) return false;
    if (this.#news.is(reason)) this.#options.log.error("scc-state's ring is not taken", { reason });
    this.#talk?.close("its ring is too far ahead");
    return true;
  }

  #refused(reason: string): void {
    if (this.#news.is(reason)) this.#options.log.error("scc-state refused the registration", { reason });
  }

  #welcomed({ uri, ring, stateId }: Extract<StateMessage, { type: "welcome" }>): void {
    this.#timer?.cancel();
    this.#backoff.reset();
    this.#registered = true;
    this.#uri = uri;
    this.#news.reset();
    this.#options.log.info("registered with scc-state", { uri, stateId });
    this.#learn(ring);
    // What happened since the registration was sent could not be said until now.
    this.#say({ type: "accuse", accused: this.#accused });
    if (this.#linked.length > 0) this.#say({ type: "linked", brokers: this.#linked });
    if (this.#upstream !== undefined) this.#say({ type: "upstream", connections: this.#upstream });
    if (this.#settled) this.#say({ type: "settled", version: this.#settled });
    const own = this.#options.ring;
    if (compareVersions(own.version, ring.version) > 0) this.#say({ type: "ring", ring: own.ring });
    // To this scc-state it has not been said yet.
    if (this.#isLeaving) this.#say({ type: "leave" });
  }

  #learn(ring: Ring): void {
    if (compareVersions(ring.version, this.#known) > 0) this.#known = ring.version;
    this.#options.ring.offer(ring);
  }

  #closed(reason: string): void {
    if (this.#registered && !this.#ended)
      this.#options.log.warn("lost scc-state; carrying on without it", { reason });
    this.#talk = undefined;
    if (this.#registered) this.#alone?.([]); // nobody can say so any more
    this.#registered = false;
    this.#watch?.(undefined);
    this.#again();
  }

  #failed({ kind, reason }: DialFailure): void {
    this.#cancelDial = undefined;
    if (this.#news.is(reason)) {
      if (kind === "auth") this.#options.authFailed();
      else this.#options.log.warn("cannot reach scc-state; trying again", { reason });
    }
    this.#again();
  }

  #again(): void {
    this.#timer?.cancel();
    if (this.#ended) return;
    this.#timer = this.#options.clock.after(this.#backoff.next(), () => this.start());
  }
}
