import type { NewTalk } from "../cluster/registration/state-link.ts";
import type { MemberMessage, Overview } from "../cluster/registration/state-messages.ts";
import { hasMember, type PlacementKind, type Ring, tooFarAhead } from "../cluster/ring/ring.ts";
import { formatVersion } from "../pubsub/version.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import { FAULT, faults } from "../runtime/contain.ts";
import type { Logger } from "../runtime/log.ts";
import type { Connection } from "../server/connection.ts";
import type { MemberConnection } from "./member-connection.ts";
import { MemberRoom } from "./member-room.ts";
import { MemberTalk, type TalkRequest } from "./member-talk.ts";
import { type Delays, type Member, Membership } from "./membership/membership.ts";
import { overviewOf } from "./overview.ts";
import { ProbeError, whatBecameOf } from "./probe.ts";
import { ProbePace } from "./probe-pace.ts";
import type { StateObserver } from "./state-observer.ts";
import { UpstreamMember } from "./upstream-member.ts";
import { BEAT_MS, Wakefulness } from "./wakefulness.ts";
import { WorkerNews } from "./worker-news.ts";

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
  readonly #room = new MemberRoom();
  readonly #workerNews: WorkerNews;
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
    this.#workerNews = new WorkerNews(options.clock, () => this.workerUris, this.#members);
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
      registers: (member) => this.#registers(member),
      refused: (reason) => {
        this.#refused += 1;
        this.#options.log.warn("member refused", { reason });
      },
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

  get forwardedForHeader(): string | undefined {
    return this.#options.forwardedForHeader;
  }

  get suitsUpstream(): boolean {
    return this.#membership.suitsUpstream(this.now());
  }

  now(): number {
    return this.#options.clock.now();
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
    const { stateId } = this.#options;
    const isSettled = this.#membership.isSettled(this.now());
    const waiting = this.#membership.candidateCount;
    return overviewOf({ stateId, ring: this.ring, isSettled, waiting }, this.#members.values());
  }

  #joined(talk: MemberTalk, join: Extract<MemberMessage, { type: "join" }>): void {
    if (this.#isClosed) return talk.close("scc-state stops");
    const { member } = talk;
    const refusal = this.#members.has(member.instanceId) ? undefined : this.#room.refusal(this.#members.size);
    if (refusal !== undefined) {
      talk.send({ type: "refused", reason: refusal });
      return talk.close("refused");
    }
    if (talk.turnAway(tooFarAhead(join.ring, this.ring.version))) return;
    this.#heardOf(join.ring);
    this.#register(talk);
    this.#tellOfPeers(talk);
    if (join.settled) this.#membership.settled(member.instanceId, join.settled);
    this.#membership.accuse(member.instanceId, join.accused);
    talk.send({ type: "welcome", stateId: this.#options.stateId, uri: member.uri, ring: this.ring });
    this.#observer?.registered(talk);
    this.#observer?.said(talk, join);
    if (member.role !== "worker" || !this.#workerNews.changed()) talk.workersChanged(this.workerUris);
    if (this.#mayBeLetIn(member, join.ring)) this.#verify(talk);
    this.#review();
  }

  /** @param brought the ring that the member was at when it came */
  #mayBeLetIn({ role, instanceId }: Member, brought: Ring): boolean {
    if (role !== "broker" || hasMember(this.ring.brokers, instanceId)) return false;
    // Whom an older ring lists was left out since. Its logs are of then, and must not serve again: it starts over as
    // another instance once it hears of the newer ring.
    return !hasMember(brought.brokers, instanceId);
  }

  #registers(connection: UpstreamMember): string | undefined {
    const { member, address } = connection;
    const holder = this.#members.get(member.instanceId);
    // Upstream's choose their ids themselves; none may take the place of one of ours.
    if (holder !== undefined && !holder.member.isUpstream)
      return "Cannot register: this instanceId belongs to another member";
    const newcomer = { instanceId: member.instanceId, address };
    const { connections } = this.#membership.upstream;
    const refusal = this.#room.takeUpstream(newcomer, this.#members.size, connections);
    if (refusal !== undefined) return refusal;
    this.#register(connection);
    this.#observer?.registered(connection);
    this.#workerNews.changed();
    this.#review();
    return undefined;
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
      if (talk !== undefined) this.#verify(talk);
    }
  }

  /** Lets a broker in only if it answers at the address it announced, as itself. */
  #verify(talk: MemberConnection): void {
    this.#dial(talk).catch((error: unknown) => {
      faults.contain("member", error);
      talk.close(FAULT);
    });
  }

  async #dial(talk: MemberConnection): Promise<void> {
    const { instanceId, uri } = talk.member;
    for (let attempt = 1; this.#members.get(instanceId) === talk; attempt++) {
      for (let turn = this.#pace.turn(talk.from); turn; turn = this.#pace.turn(talk.from)) {
        await turn;
        // Who has gone meanwhile must not take the turns of those who are here.
        if (this.#members.get(instanceId) !== talk) return;
      }
      try {
        const answer = await this.#options.probe(uri);
        if (answer !== instanceId) throw new ProbeError(uri, "another instance answers there");
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
    this.#membership.refused(talk.member.instanceId, this.now());
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
    if (message.type === "upstream")
      this.#membership.upstream.connected(instanceId, message.connections, this.now());
    if (message.type === "linked") this.#membership.linked(instanceId, message.brokers);
    if (message.type === "ring") {
      if (talk.turnAway(tooFarAhead(message.ring, this.ring.version))) return;
      this.#heardOf(message.ring);
      // It may have been at this ring before the one that let it in reached it.
      if (this.#mayBeLetIn(talk.member, message.ring)) this.#verify(talk);
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
    this.#room.gone(instanceId);
    this.#observer?.gone(talk, talk.left ? undefined : reason);
    if (talk.left) {
      this.#membership.gone(instanceId);
      this.#review();
      if (role === "worker") this.#workerNews.changed();
      return;
    }
    this.#membership.lost(instanceId, this.#options.clock.now());
    this.#options.log.info("member gone", { member: uri, reason });
    if (role === "worker") this.#workerNews.changed();
    if (role === "broker" && hasMember(this.ring.brokers, instanceId)) this.#lookAfter(instanceId, uri);
    this.#review();
  }

  /** Whether a broker of the ring that is not here still answers where it was: if not, it needs no grace. */
  #lookAfter(instanceId: string, uri: string): void {
    whatBecameOf(instanceId, this.#options.probe(uri))
      .then((found) => {
        this.#membership.lookedAfter(instanceId, found, this.#options.clock.now());
        this.#review();
      })
      .catch((error: unknown) => faults.contain("member", error));
  }

  /** Looks after the brokers of the ring that never came here: nobody else may be left to tell of them. */
  #lookForAbsent(): void {
    const { clock, delays } = this.#options;
    if (clock.now() < this.#startedAt + delays.startup) return;
    for (const { instanceId, uri } of this.#membership.absent) this.#lookAfter(instanceId, uri);
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
}
