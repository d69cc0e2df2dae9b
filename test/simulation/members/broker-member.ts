import { BrokerService } from "../../../src/broker/service.ts";
import type { StateLink } from "../../../src/cluster/registration/state-link.ts";
import { CurrentRing } from "../../../src/cluster/ring/current-ring.ts";
import { LINK_PROTOCOL } from "../../../src/link/entries.ts";
import { ENTRY_SIZE } from "../../../src/pubsub/channel-log.ts";
import type { Process } from "../process.ts";
import type { Amount, MemberEnding } from "../truth.ts";
import { linkDialer, linkOver, type MemberContext, promising, stateLinkOf } from "./context.ts";
import { answerIdentity, IDENTITY_PROTOCOL } from "./state-member.ts";

const LEAVE_MS = 20_000;
/** More than any message of a world takes in a log, bytes. */
const LARGEST_MESSAGE = 22_000;

/** scc-broker as a process of a world: what `broker/main.ts` is in a real one. */
export class BrokerMember {
  readonly process: Process;
  readonly uri: string;
  readonly ring = new CurrentRing();
  readonly service: BrokerService;
  /** Whether it was told to leave. */
  isLeaving = false;
  /** Whether it went because its grace period was over, with copies that others may have needed. */
  outOfTime = false;
  readonly #state: StateLink;
  readonly #context: MemberContext;
  readonly #channels: readonly string[];

  /** @param channels all channels of the world */
  constructor(context: MemberContext, channels: readonly string[]) {
    const { process, network, settings, log, uri, history } = context;
    this.#context = context;
    this.#channels = channels;
    this.process = process;
    this.uri = uri;
    this.ring.onAdopted((ring) => history.ringHeld(this.life, ring));
    this.service = new BrokerService({
      ring: this.ring,
      clock: process.clock,
      turn: process.turn,
      log,
      bounds: settings.tails,
      unconfirmedBytes: settings.unconfirmedBytes,
      maxChannels: settings.maxChannels,
      newId: () => process.random.uuid(),
      dial: linkDialer(context),
      transferBytes: settings.linkBufferBytes / 16,
      retryDelay: settings.brokerRetryDelay,
      random: () => process.random.unit(),
    });
    this.#state = stateLinkOf(context, this.ring, "scc-broker", () => this.service.instanceId);
    this.service.registersWith(this.#state);
    network.listen(process, uri, {
      [LINK_PROTOCOL]: (socket) => this.service.accept(linkOver(socket, context)),
      [IDENTITY_PROTOCOL]: (socket) => answerIdentity(socket, this.service.instanceId),
    });
    this.#state.start();
  }

  get life(): string {
    return this.process.name;
  }

  /** Whether a log of this channel has no room for one more message of any size. */
  isTailFull(channel: string): boolean {
    const { tails } = this.#context.settings;
    const { held } = this.service;
    const log = held.find(channel)?.log;
    if (log === undefined) return false;
    const isFull = log.length >= tails.count || log.bytes + LARGEST_MESSAGE > tails.bytes;
    return isFull || held.tailBytes + LARGEST_MESSAGE > tails.totalBytes;
  }

  /** SIGTERM: leaves the ring, then exits. */
  leave(): void {
    this.isLeaving = true;
    this.process.read(() => {
      const since = this.process.clock.now();
      this.service.leaves();
      void this.#state
        .leave(
          promising(this.process, (done) => this.service.onReleased(done), LEAVE_MS),
          LEAVE_MS,
        )
        .then(() => {
          this.outOfTime = this.process.clock.now() - since >= LEAVE_MS;
          this.service.close();
          // What was said last is still on its way when the process ends.
          this.process.clock.after(10, () => this.process.kill());
        });
      this.process.promised();
    });
  }

  amounts(): Amount[] {
    const { tails, maxChannels } = this.#context.settings;
    const { owner } = this.service;
    const member = this.life;
    return [
      {
        member,
        what: "bytes of tails",
        value: this.service.held.tailBytes,
        bound: tails.totalBytes + 1e6 + ENTRY_SIZE,
      },
      { member, what: "channels", value: owner.channelCount, bound: maxChannels },
    ];
  }

  ending(): MemberEnding {
    const { instanceId, owner, trouble } = this.service;
    const logs = this.#channels.flatMap((channel) => {
      const log = owner.find(channel)?.log;
      return log && owner.owns(channel) ? [{ channel, epoch: log.epoch, stable: log.stable }] : [];
    });
    return { name: this.life, role: "broker", instanceId, ring: this.ring.ring, trouble, pending: {}, logs };
  }
}
