import { ClusterBroker } from "../../../src/broker-client/cluster-broker.ts";
import { partingOf } from "../../../src/broker-client/parting.ts";
import { sizeOf } from "../../../src/broker-client/pending.ts";
import type { StateLink } from "../../../src/cluster/registration/state-link.ts";
import { HeldLogs } from "../../../src/cluster/replica/held-logs.ts";
import { Holder } from "../../../src/cluster/replica/holder.ts";
import { CurrentRing } from "../../../src/cluster/ring/current-ring.ts";
import { Hub } from "../../../src/pubsub/hub.ts";
import { Publication } from "../../../src/pubsub/publication.ts";
import { PubSub } from "../../../src/pubsub/pubsub.ts";
import type { Plan } from "../plan.ts";
import type { Process } from "../process.ts";
import type { Amount, MemberEnding } from "../truth.ts";
import { Clients } from "./clients.ts";
import { linkDialer, type MemberContext, promising, stateLinkOf } from "./context.ts";

/** As in `WorkerCluster`. */
const LIMIT_MS = 10_000;
/** How long a leaving worker waits for what its clients published, ms. */
const FINISH_MS = 500;
const LARGEST = sizeOf(new Publication("", Buffer.alloc(21_000)));

/** scc-worker as a process of a world, with its clients: what `worker/main.ts` is in a real one. */
export class WorkerMember {
  readonly process: Process;
  readonly uri: string;
  readonly ring = new CurrentRing();
  readonly instanceId: string;
  readonly broker: ClusterBroker;
  readonly clients: Clients;
  /** Copies that it keeps. */
  readonly held: HeldLogs;
  /** Whether it went because its grace period was over, with copies that others may have needed. */
  outOfTime = false;
  readonly #state: StateLink;
  readonly #holder: Holder;
  readonly #context: MemberContext;

  constructor(context: MemberContext, plan: Plan) {
    const { process, log, uri, history, settings } = context;
    this.#context = context;
    this.process = process;
    this.uri = uri;
    this.instanceId = process.random.uuid();
    const { instanceId, ring } = this;
    ring.onAdopted((adopted) => history.ringHeld(this.life, adopted));
    this.#state = stateLinkOf(context, ring, "scc-worker", () => instanceId);
    this.held = new HeldLogs(settings.tails, () => process.clock.now());
    this.#holder = new Holder({
      instanceId: () => instanceId,
      ring,
      held: this.held,
      atTurnEnd: (task) => process.turn.deliver(task),
    });
    const hub = new Hub(process.turn);
    this.broker = new ClusterBroker(
      {
        ...settings,
        ring,
        dial: linkDialer(context),
        clock: process.clock,
        random: () => process.random.unit(),
        log,
        holder: this.#holder,
        hello: () => ({ instanceId, role: "worker", release: "simulation", ring: ring.ring }),
        publishLevel: "replica",
        retryDelay: settings.brokerRetryDelay,
      },
      {
        deliver: (publication) => hub.deliver(publication),
        gap: ({ channel, reason }) => this.clients.gap(channel, reason),
        lost: () => {}, // only at level `worker`, which is not used here
        changed: () => this.#state.accuse(this.broker.accused),
      },
    );
    this.clients = new Clients(process, new PubSub(hub, this.broker), history, plan);
    // Somebody listens at its address, so that its host is known; members will dial workers, too.
    context.network.listen(process, uri, {});
    this.#state.start();
  }

  get life(): string {
    return this.process.name;
  }

  /** SIGTERM: parts with its clients, finishes, leaves, exits. */
  leave(): void {
    this.process.read(() => {
      this.clients.leave();
      this.process.clock.after(FINISH_MS, () => {
        const parting = partingOf({
          holder: this.#holder,
          clock: this.process.clock,
          ownerBeats: () => this.broker.beats,
        });
        const since = this.process.clock.now();
        void this.#state.leave(promising(this.process, parting, LIMIT_MS), LIMIT_MS).then(() => {
          this.outOfTime = this.process.clock.now() - since >= LIMIT_MS;
          this.broker.close();
          this.process.clock.after(10, () => this.process.kill());
        });
        this.process.promised();
      });
    });
  }

  amounts(): Amount[] {
    const member = this.life;
    // As much again as may be on its way may wait, and the last one of each broker need not fit.
    const { brokers } = this.ring.ring;
    const unconfirmedBytes = 2 * this.#context.settings.unconfirmedBytes + brokers.length * LARGEST;
    return [
      {
        member,
        what: "unconfirmed bytes",
        value: this.broker.unconfirmedBytes,
        bound: Math.max(unconfirmedBytes, LARGEST),
      },
    ];
  }

  ending(): MemberEnding {
    const { broker } = this;
    return {
      name: this.life,
      role: "worker",
      instanceId: this.instanceId,
      ring: this.ring.ring,
      trouble: broker.trouble,
      pending: {
        "unconfirmed messages": broker.unconfirmedCount,
        "sent positions": broker.sentPositions,
        "open publishes": this.clients.openCount,
        accusations: broker.accused.length,
      },
      logs: [],
    };
  }
}
