import { randomUUID } from "node:crypto";
import { boundsFor } from "../cluster/memory-shares.ts";
import { linkDialer } from "../cluster/peer/transport.ts";
import { createStateLink, type MemberConfig } from "../cluster/registration/member.ts";
import type { StateLink } from "../cluster/registration/state-link.ts";
import { HeldLogs } from "../cluster/replica/held-logs.ts";
import { Holder } from "../cluster/replica/holder.ts";
import { type ReportSource, reportWhileWatched } from "../cluster/report/reporter.ts";
import { CurrentRing } from "../cluster/ring/current-ring.ts";
import type { commonSettings, memberSettings, workerMemberSettings } from "../cluster/settings.ts";
import type { Deliver } from "../pubsub/broker.ts";
import { systemClock, type Timer } from "../runtime/clock.ts";
import type { Config } from "../runtime/config/config.ts";
import type { Logger } from "../runtime/log.ts";
import { memoryLimits } from "../runtime/memory.ts";
import { RELEASE } from "../runtime/release.ts";
import { Certificates } from "../runtime/tls/certificates.ts";
import type { Turn } from "../runtime/turn.ts";
import { ClusterBroker } from "./cluster-broker.ts";
import { GapLog } from "./gap-log.ts";
import { LostLog } from "./lost-log.ts";
import { partingOf } from "./parting.ts";

/** How long a subscription may wait for its owner: a client waits for 10 s and should hear the reason. */
const SUBSCRIBE_LIMIT_MS = 9000;
/** How long a lost connection to a broker may take to come back before the broker counts as unusable. */
const GRACE_MS = 1000;
const LEAVE_MS = 1000;

/** What a worker keeps of the channels where there is one broker only: what brokers keep by default. */
const KEPT = {
  count: 10_000,
  bytes: 8 * 2 ** 20,
  age: 60_000,
  totalBytes: boundsFor(memoryLimits().heap).tails,
};

/** The part of a worker's configuration that says how it takes part in a cluster. */
export type WorkerClusterConfig = Config<
  typeof commonSettings & typeof memberSettings & typeof workerMemberSettings
> & {
  /** The port to announce, where `instancePort` does not say otherwise. */
  readonly port: number;
};

/** A worker's place in a cluster: its talk with scc-state and its links to the brokers. */
export class WorkerCluster {
  readonly instanceId: string;
  readonly ring = new CurrentRing();
  /** What subscribers here may have missed. */
  readonly gaps: GapLog;
  readonly #state: StateLink;
  readonly #holder: Holder;
  readonly #watch: Timer;
  readonly #publishLimit: number;
  readonly #createBroker: (deliver: Deliver) => ClusterBroker;
  #broker: ClusterBroker | undefined;

  constructor(
    config: WorkerClusterConfig,
    stateServerHost: string,
    turn: Turn,
    log: Logger,
    instanceId: string = randomUUID(),
  ) {
    this.instanceId = instanceId;
    const certificates = new Certificates(config);
    this.#watch = certificates.watch(systemClock, log);
    const transport = { clock: systemClock, turn, authKey: config.authKey, certificates };
    const { ring } = this;
    const memberConfig: MemberConfig = { ...config, stateServerHost };
    const {
      brokerRetryDelay,
      reconnectRandomness,
      publishLevel,
      publishLimit,
      unconfirmedBytes,
      canaryLimit,
    } = config;
    this.#state = createStateLink(memberConfig, {
      ring,
      log,
      transport,
      instanceType: "scc-worker",
      secure: false,
      retryDelay: brokerRetryDelay + reconnectRandomness,
      instanceId: () => instanceId,
    });
    this.#holder = new Holder({
      instanceId: () => instanceId,
      ring,
      held: new HeldLogs(KEPT, () => systemClock.now()),
      atTurnEnd: (task) => turn.deliver(task),
    });
    const options = {
      ring,
      clock: systemClock,
      random: Math.random,
      log,
      dial: linkDialer(transport, config.brokerConnectTimeout),
      hello: () => ({ instanceId, role: "worker" as const, release: RELEASE, ring: ring.ring }),
      publishLevel,
      publishLimit,
      unconfirmedBytes,
      canaryLimit,
      subscribeLimit: SUBSCRIBE_LIMIT_MS,
      retryDelay: brokerRetryDelay,
      grace: GRACE_MS,
      holder: this.#holder,
    };
    this.gaps = new GapLog(log, systemClock);
    const losses = new LostLog(log, systemClock);
    this.#publishLimit = publishLimit;
    this.#createBroker = (deliver) =>
      new ClusterBroker(options, {
        deliver,
        gap: (gap) => this.gaps.note(gap),
        lost: (_channel, error) => losses.note(error),
        changed: () => this.#state.accuse(this.broker.accused),
      });
  }

  /** Whether scc-state has registered this worker, and the talk lasts. */
  get registered(): boolean {
    return this.#state.registered;
  }

  /** What carries publications. Made by `connect`. */
  get broker(): ClusterBroker {
    if (this.#broker === undefined) throw new Error("The worker is not connected to its cluster yet");
    return this.#broker;
  }

  /** Makes what carries publications between this worker and the others. */
  connect(deliver: Deliver): ClusterBroker {
    this.#broker = this.#createBroker(deliver);
    return this.#broker;
  }

  /** Wants to be told of the cluster's workers, by URI, and of its own; to be called before `join`. */
  onWorkers(listener: (uris: readonly string[], own: string) => void): void {
    this.#state.onWorkers(listener);
  }

  /**
   * Wants to be told of the brokers that this worker cannot use and everybody else can, by instance, whenever that
   * changes; to be called before `join`.
   */
  onAlone(listener: (brokers: readonly string[]) => void): void {
    this.#state.onAlone(listener);
  }

  /** Tells scc-state how this worker is while somebody looks; to be called before `join`. */
  reports(source: ReportSource): void {
    reportWhileWatched(this.#state, source, systemClock);
  }

  /** Registers, now that this worker can be reached. */
  join(): void {
    this.#state.start();
  }

  /**
   * Waits until all that was published until now is confirmed or rejected, says goodbye, waits until the copies it
   * may keep are elsewhere, and ends the links.
   *
   * @param limitMs how long that may take; what is unconfirmed by then is rejected
   */
  async leave(limitMs: number = this.#publishLimit + LEAVE_MS): Promise<void> {
    const end = systemClock.now() + limitMs;
    await this.#settled(limitMs - Math.min(LEAVE_MS, limitMs / 2));
    const parting = partingOf({
      holder: this.#holder,
      clock: systemClock,
      ownerBeats: () => this.broker.beats,
    });
    await this.#state.leave(parting, end - systemClock.now());
    this.broker.close();
    this.#watch.cancel();
  }

  async #settled(limitMs: number): Promise<void> {
    const { broker } = this;
    if (broker.unconfirmedCount === 0) return;
    let timer: NodeJS.Timeout | undefined;
    // It keeps the process alive, too.
    const tooLate = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([broker.settled(), tooLate]);
    clearTimeout(timer);
  }
}
