import { RegistrationError } from "../cluster/address.ts";
import { type Delays, type Member, Membership } from "../cluster/membership.ts";
import { hasMember, type PlacementKind, type Ring, tooFarAhead } from "../cluster/ring.ts";
import type { NewTalk } from "../cluster/state-link.ts";
import type { MemberMessage, Overview } from "../cluster/state-messages.ts";
import { formatVersion } from "../pubsub/version.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { RELEASE } from "../runtime/release.ts";
import type { Connection } from "../server/connection.ts";
import type { MemberConnection } from "./member-connection.ts";
import { MemberTalk, type TalkRequest } from "./member-talk.ts";
import { NobodyThereError, ProbeError } from "./probe.ts";
import { ProbePace } from "./probe-pace.ts";
import { UpstreamMember } from "./upstream-member.ts";
import { BEAT_MS, Wakefulness } from "./wakefulness.ts";

export interface StateServiceOptions {
  readonly stateId: string;
  readonly delays: Delays;
  /** How upstream's workers place channels, should there be some. */
  readonly upstreamPlacement: PlacementKind;
  readonly retryDelay: number;
  readonly forwardedForHeader: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** See `probe`. */
  readonly probe: (uri: string) => Promise<string>;
  /** A ring was made, out of the one that was known before. */
  readonly ringMade?: (ring: Ring, before: Ring) => void;
}

/** Is told what happens at scc-state, for those who want to see it. Must not throw, nor change anything. */
export interface StateObserver {
  registered(member: MemberConnection): void;
  said(member: MemberConnection, message: MemberMessage): void;
  /** @param reason why the connection ended; undefined for a member that said goodbye before */
  gone(member: MemberConnection, reason: string | undefined): void;
  refused(member: MemberConnection, reason: string): void;
  /** Another ring is the current one. */
  ringChanged(ring: Ring): void;
}

/** How often the brokers of the ring that are not here are looked for, ms. */
const ABSENT_MS = 2000;
/** How often a broker's address is dialled before its registration is refused. */
const PROBES = 3;

/** scc-state without its server: members come and go, and rings are made and told to all of them. */
export class StateService {
  readonly #options: StateServiceOptions;
  readonly #membership: Membership;
  /** By instance: the newest connection of each. */
  readonly #members = new Map<string, MemberConnection>();
  readonly #startedAt: number;
  readonly #absentTimer: Timer;
  readonly #wakefulness: Wakefulness;
  readonly #beatTimer: Timer;
  readonly #pace: ProbePace;
  #observer: StateObserver | undefined;
  #isClosed = false;
  #time = 0;
  #peersTold = "[]";
  #timer: Timer | undefined;
  #ringsMade = 0;
  #refused = 0;

  constructor(options: StateServiceOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#pace = new ProbePace(options.clock);
    this.#absentTimer = options.clock.every(ABSENT_MS, () => this.#lookForAbsent());
    this.#wakefulness = new Wakefulness(this.#startedAt);
    this.#beatTimer = options.clock.every(BEAT_MS, () => {
      if (this.#wakefulness.beat(options.clock.now())) this.#review();
    });
    this.#membership = new Membership(
      options.stateId,
      options.delays,
      options.clock.now(),
      options.upstreamPlacement,
    );
  }

  get ring(): Ring {
    return this.#membership.ring;
  }

  /** There is one at most; to be called before members come. */
  observedBy(observer: StateObserver): void {
    this.#observer = observer;
  }

  get ringsMade(): number {
    return this.#ringsMade;
  }

  get refusedCount(): number {
    return this.#refused;
  }

  memberCount(role: Member["role"]): number {
    return this.#membership.members.filter((member) => member.role === role).length;
  }

  /** A member opened a talk. */
  accept(talk: NewTalk, request: TalkRequest): void {
    const member = new MemberTalk(talk, request, this.#options, {
      joined: (join) => this.#joined(member, join),
      said: (message) => this.#said(member, message),
      closed: (reason) => this.#closed(member, reason),
      observed: () => this.#overview(),
    });
  }

  /** One of upstream's processes connected; what it calls is to be handed to the result. */
  acceptUpstream(connection: Connection): UpstreamMember {
    return new UpstreamMember(connection, this, {
      registered: (member) => this.#registered(member),
      refused: (_member, reason) => this.#options.log.warn("member refused", { reason }),
    });
  }

  /** The connection of one of upstream's processes has ended. */
  upstreamClosed(member: UpstreamMember, reason: string): void {
    if (member.isRegistered) this.#closed(member, reason);
  }

  // --- what upstream's members are told ---

  get brokerUris(): readonly string[] {
    return this.ring.brokers.map(({ uri }) => uri).toSorted();
  }

  /** Each once: processes of one worker share their port. */
  get workerUris(): readonly string[] {
    const workers = this.#membership.members.filter(({ role }) => role === "worker");
    return [...new Set(workers.map(({ uri }) => uri))];
  }

  get suitsUpstream(): boolean {
    return this.#membership.suitsUpstream(this.#options.clock.now());
  }

  nextTime(): number {
    this.#time += 1;
    return this.#time;
  }

  /** Ends all talks: the process stops, and nobody need mind. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#absentTimer.cancel();
    this.#beatTimer.cancel();
    for (const connection of this.#members.values()) connection.close("scc-state stops");
    this.#members.clear();
  }

  #overview(): Overview {
    const members = [...this.#members.values()].map(({ member: { instanceId, uri, role }, release }) => ({
      ...{ instanceId, uri, role, release },
    }));
    return {
      type: "overview",
      stateId: this.#options.stateId,
      release: RELEASE,
      ring: this.ring,
      isSettled: this.#membership.isSettled(this.#options.clock.now()),
      waiting: this.#membership.candidateCount,
      members,
    };
  }

  #joined(talk: MemberTalk, join: Extract<MemberMessage, { type: "join" }>): void {
    if (this.#isClosed) return talk.close("scc-state stops");
    const { member } = talk;
    if (talk.turnAway(tooFarAhead(join.ring, this.ring.version))) return;
    this.#heardOf(join.ring);
    this.#register(talk);
    this.#tellOfPeers(talk);
    if (join.settled) this.#membership.settled(member.instanceId, join.settled);
    this.#membership.accuse(member.instanceId, join.accused);
    talk.send({ type: "welcome", stateId: this.#options.stateId, uri: member.uri, ring: this.ring });
    this.#observer?.registered(talk);
    this.#observer?.said(talk, join);
    if (member.role === "worker") this.#tellOfWorkers();
    if (this.#mayBeLetIn(member, join.ring)) void this.#verify(talk);
    this.#review();
  }

  /** @param brought the ring that the member was at when it came */
  #mayBeLetIn({ role, instanceId }: Member, brought: Ring): boolean {
    if (role !== "broker" || hasMember(this.ring.brokers, instanceId)) return false;
    // Whom an older ring lists was left out since. Its logs are of then, and must not serve again: it starts over as
    // another instance once it hears of the newer ring.
    return !hasMember(brought.brokers, instanceId);
  }

  #registered(member: UpstreamMember): void {
    const holder = this.#members.get(member.member.instanceId);
    if (holder !== undefined && !holder.member.isUpstream) {
      // Upstream's choose their ids themselves; none may take the place of one of ours.
      member.send({ type: "refused", reason: "Cannot register: this instanceId belongs to another member" });
      return;
    }
    this.#register(member);
    this.#observer?.registered(member);
    this.#tellOfWorkers();
    this.#review();
  }

  #register(connection: MemberConnection): void {
    const { member } = connection;
    // A newer connection of the same instance replaces the older, whose end is not looked at any more.
    const older = this.#members.get(member.instanceId);
    this.#members.set(member.instanceId, connection);
    if (older !== undefined && older !== connection) older.close("replaced by a newer connection");
    this.#membership.joined(member);
    const { uri, role, instanceId, isUpstream } = member;
    this.#options.log.info("member registered", { member: uri, role, instanceId, upstream: isUpstream });
  }

  #heardOf(ring: Ring): void {
    if (!this.#membership.heardOf(ring)) return;
    this.#tell();
    for (const instanceId of this.#membership.takeDoubtful()) {
      const talk = this.#members.get(instanceId);
      if (talk !== undefined) void this.#verify(talk);
    }
  }

  /** Lets a broker in only if it answers at the address it announced, as itself. */
  async #verify(talk: MemberConnection): Promise<void> {
    const { instanceId, uri } = talk.member;
    for (let attempt = 1; this.#members.get(instanceId) === talk; attempt++) {
      for (let turn = this.#pace.turn(talk.from); turn; turn = this.#pace.turn(talk.from)) await turn;
      try {
        const answer = await this.#options.probe(uri);
        if (answer !== instanceId)
          throw new RegistrationError(`Cannot register ${uri}: another instance answers there`);
        if (this.#members.get(instanceId) !== talk) return;
        this.#membership.verified(instanceId, this.#options.clock.now());
        this.#review();
        return;
      } catch (error) {
        if (attempt === PROBES) return this.#refuse(talk, error as Error);
        await new Promise<void>((resolve) => this.#options.clock.after(this.#options.retryDelay, resolve));
      }
    }
  }

  #refuse(talk: MemberConnection, error: Error): void {
    const reason = error.message;
    const detail = error instanceof ProbeError ? error.detail : undefined;
    if (this.#members.get(talk.member.instanceId) !== talk) return;
    this.#refused += 1;
    this.#membership.refused(talk.member.instanceId);
    this.#members.delete(talk.member.instanceId);
    this.#options.log.warn("member refused", { member: talk.member.uri, reason, detail });
    this.#observer?.refused(talk, reason);
    talk.send({ type: "refused", reason });
    talk.close("refused");
  }

  #said(talk: MemberTalk, message: MemberMessage): void {
    const { instanceId, uri } = talk.member;
    if (this.#members.get(instanceId) !== talk) return;
    this.#observer?.said(talk, message);
    // How a member is changes nothing here.
    if (message.type === "report" || message.type === "tail") return;
    if (message.type === "linked") this.#membership.linked(instanceId, message.brokers);
    if (message.type === "ring") {
      if (talk.turnAway(tooFarAhead(message.ring, this.ring.version))) return;
      this.#heardOf(message.ring);
      // It may have been at this ring before the one that let it in reached it.
      if (this.#mayBeLetIn(talk.member, message.ring)) void this.#verify(talk);
    } else if (message.type === "settled") {
      this.#membership.settled(instanceId, message.version);
      // Upstream's members are answered once the ring is settled.
      this.#tellUpstream();
    }
    if (message.type === "accuse") {
      this.#membership.accuse(instanceId, message.accused);
      if (message.accused.length > 0) {
        this.#options.log.warn("member cannot use brokers", { member: uri, accused: message.accused });
      }
    } else if (message.type === "leave") {
      this.#membership.left(instanceId, this.#options.clock.now());
      talk.left = true;
      this.#options.log.info("member leaves", { member: uri });
    }
    this.#review();
  }

  #closed(talk: MemberConnection, reason: string): void {
    const { instanceId, uri, role } = talk.member;
    if (this.#members.get(instanceId) !== talk) return;
    this.#members.delete(instanceId);
    this.#observer?.gone(talk, talk.left ? undefined : reason);
    if (talk.left) {
      this.#membership.gone(instanceId);
      this.#review();
      if (role === "worker") this.#tellOfWorkers();
      return;
    }
    this.#membership.lost(instanceId, this.#options.clock.now());
    this.#options.log.info("member gone", { member: uri, reason });
    if (role === "worker") this.#tellOfWorkers();
    if (role === "broker" && hasMember(this.ring.brokers, instanceId)) void this.#lookAfter(instanceId, uri);
    this.#review();
  }

  /** Whether a broker of the ring that is not here still answers where it was: if not, it needs no grace. */
  async #lookAfter(instanceId: string, uri: string): Promise<void> {
    const found = await this.#find(instanceId, uri);
    this.#membership.lookedAfter(instanceId, found, this.#options.clock.now());
    this.#review();
  }

  async #find(instanceId: string, uri: string): Promise<"answers" | "gone" | undefined> {
    try {
      return (await this.#options.probe(uri)) === instanceId ? "answers" : "gone";
    } catch (error) {
      return error instanceof NobodyThereError ? "gone" : undefined;
    }
  }

  /** Looks after the brokers of the ring that never came here: nobody else may be left to tell of them. */
  #lookForAbsent(): void {
    const { clock, delays } = this.#options;
    if (clock.now() < this.#startedAt + delays.startup) return;
    for (const { instanceId, uri } of this.#membership.absent) void this.#lookAfter(instanceId, uri);
  }

  /** Makes the ring that is due, and sees to it that the next one is made in time. */
  #review(): void {
    this.#timer?.cancel();
    const now = this.#options.clock.now();
    // The beat with which it is awake again comes back to this.
    if (!this.#wakefulness.isAwake(now)) return;
    const before = this.ring;
    const ring = this.#membership.next(now);
    if (ring) {
      this.#options.ringMade?.(ring, before);
      this.#ringsMade += 1;
      const brokers = ring.brokers.map(({ uri }) => uri);
      const { version, placement } = ring;
      this.#options.log.info("new ring", { ring: formatVersion(version), placement, brokers });
      this.#tell();
    }
    this.#tellOfPeers();
    this.#tellWhoIsAlone(now);
    const dueAt = this.#membership.dueAt(now);
    if (dueAt !== Infinity) this.#timer = this.#options.clock.after(dueAt - now, () => this.#review());
  }

  #tell(): void {
    this.#observer?.ringChanged(this.ring);
    for (const connection of this.#members.values()) connection.send({ type: "ring", ring: this.ring });
  }

  #tellUpstream(): void {
    for (const connection of this.#members.values()) {
      if (connection.member.isUpstream) connection.send({ type: "ring", ring: this.ring });
    }
  }

  /** Tells brokers whom they need links with, when that has changed; or one of them, in any case. */
  #tellOfPeers(newcomer?: MemberConnection): void {
    const { peers } = this.#membership;
    const text = JSON.stringify(peers);
    const hasChanged = text !== this.#peersTold;
    this.#peersTold = text;
    for (const connection of hasChanged ? this.#members.values() : newcomer ? [newcomer] : []) {
      const { role, isUpstream } = connection.member;
      if (role === "broker" && !isUpstream) connection.send({ type: "peers", peers });
    }
  }

  /** A worker that alone cannot use a broker is at fault itself, and should know. */
  #tellWhoIsAlone(now: number): void {
    const hasOthers = this.workerUris.length > 1;
    for (const [instanceId, connection] of this.#members) {
      if (connection.member.role !== "worker") continue;
      connection.accusesAlone?.(hasOthers ? this.#membership.accusedAlone(instanceId, now) : []);
    }
  }

  #tellOfWorkers(): void {
    for (const connection of this.#members.values()) connection.workersChanged?.(this.workerUris);
  }
}
