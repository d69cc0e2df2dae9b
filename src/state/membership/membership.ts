import {
  followerOf,
  hasMember,
  idsOf,
  isKeeper,
  type Keeper,
  mayFollow,
  membersOf,
  NO_RING,
  type PlacementKind,
  type Ring,
  type RingMember,
} from "../../cluster/ring/ring.ts";
import { compareVersions, type RingVersion } from "../../pubsub/version.ts";
import { Absences } from "./absences.ts";
import { accusedAlone, type Evidence, faultyMembers } from "./faulty.ts";
import { joinsDueAt } from "./joins.ts";
import { keepersFor } from "./keepers.ts";
import { Suspicions } from "./suspicions.ts";
import { UpstreamPresence } from "./upstream-presence.ts";

/** A process that registered. */
export interface Member extends RingMember {
  readonly role: "broker" | "worker";
  /** Whether it is one of upstream's processes, which place channels in their own way and know no rings. */
  readonly isUpstream?: boolean;
}

/** When changes of the ring may happen, ms. Names are those of the settings. */
export interface Delays {
  /** No broker joins before scc-state has run so long: members return first. */
  readonly startup: number;
  /** Brokers that wait are let in when no other came for so long, */
  readonly scaleOut: number;
  /** How long a member may be gone before that counts against it. */
  readonly scaleBack: number;
}

interface Candidate extends RingMember {
  readonly since: number;
}

/**
 * What scc-state knows, and when it makes a new ring of it.
 *
 *     register --verified--> candidate --quiet, settled--> in the ring --left, accused, replaced--> gone
 *
 * It is the sum of what members tell: each hands in the ring it holds, the brokers it cannot use, and whether
 * it has settled. A new ring is always the highest known plus what is to change. So a restarted or second
 * scc-state continues where the last one was, and that a member is absent after a restart proves nothing.
 * Pure: the time (ms) comes in as an argument.
 */
export class Membership {
  readonly #stateId: string;
  readonly #delays: Delays;
  readonly #startedAt: number;
  readonly upstream: UpstreamPresence;
  readonly #members = new Map<string, Member>();
  /** Brokers that answered at their address and are not in the ring yet. */
  readonly #candidates = new Map<string, Candidate>();
  readonly #doubtful: string[] = [];
  /** Brokers that said goodbye, or whose address another instance answers at. */
  readonly #departed = new Set<string>();
  readonly #absences: Absences;
  readonly #accusations = new Map<string, readonly string[]>();
  readonly #settled = new Map<string, RingVersion>();
  /** The brokers that each broker has links with. */
  readonly #linked = new Map<string, ReadonlySet<string>>();
  /** Brokers and keepers that said goodbye, and are still there to hand over what they hold. */
  readonly #leaving = new Set<string>();
  readonly #suspicions = new Suspicions();
  #ring: Ring = NO_RING;

  /** @param upstreamPlacement how upstream's workers place channels, should there be some */
  constructor(
    stateId: string,
    delays: Delays,
    now: number,
    upstreamPlacement: PlacementKind = "skeletonRendezvous",
  ) {
    this.#stateId = stateId;
    this.#delays = delays;
    this.#absences = new Absences(delays.scaleBack);
    this.#startedAt = now;
    this.upstream = new UpstreamPresence(upstreamPlacement, delays.scaleOut, now + delays.startup, (id) =>
      hasMember(this.#ring.brokers, id),
    );
  }

  get ring(): Ring {
    return this.#ring;
  }

  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  get candidateCount(): number {
    return this.#candidates.size;
  }

  /** A member is here. Its address is taken as it says; see `verified`. */
  joined(member: Member): void {
    this.#members.set(member.instanceId, member);
    if (member.isUpstream) this.upstream.came(member.instanceId);
    this.#absences.ended(member.instanceId);
  }

  /** Whether upstream's workers may connect: the ring places as they do, and all brokers know; or it will once they have. */
  suitsUpstream(now: number): boolean {
    return this.upstream.suits(this.#ring, this.isSettled(now));
  }

  /** A broker answered at its address: it may join the ring. */
  verified(instanceId: string, now: number): void {
    const member = this.#members.get(instanceId);
    if (member?.role !== "broker" || this.#departed.has(instanceId)) return;
    if (hasMember(this.#ring.brokers, instanceId)) return;
    this.#replaceAt(member);
    for (const { uri, instanceId: other } of this.#candidates.values()) {
      if (uri === member.uri && other !== instanceId) this.#candidates.delete(other);
    }
    if (!this.#candidates.has(instanceId)) {
      this.#candidates.set(instanceId, { uri: member.uri, instanceId, since: now });
    }
  }

  /** A member said goodbye. Its `instanceId` never returns. */
  left(instanceId: string, now: number): void {
    this.upstream.gone(instanceId, now);
    const isBroker = this.#members.get(instanceId)?.role === "broker";
    if (isBroker) this.#departed.add(instanceId);
    if (isBroker || isKeeper(this.#ring, instanceId)) this.#leaving.add(instanceId);
    this.#forget(instanceId);
    this.#absences.ended(instanceId);
  }

  /** The connection to a member that said goodbye has ended. */
  gone(instanceId: string): void {
    this.#leaving.delete(instanceId);
    if (isKeeper(this.#ring, instanceId)) this.#absences.replaced(instanceId);
  }

  /** The brokers that a broker has links with: replaces what it said before. */
  linked(instanceId: string, brokers: readonly string[]): void {
    if (this.#members.has(instanceId)) this.#linked.set(instanceId, new Set(brokers));
  }

  /** The brokers that are or may soon be in one ring. */
  get peers(): RingMember[] {
    const all = [...this.#ring.brokers, ...this.#candidates.values()];
    return all.map(({ uri, instanceId }) => ({ uri, instanceId }));
  }

  /** The connection to a member broke. */
  lost(instanceId: string, now: number): void {
    this.upstream.gone(instanceId, now);
    const member = this.#members.get(instanceId);
    this.#forget(instanceId);
    if (member !== undefined && hasMember(membersOf(this.#ring), instanceId))
      this.#absences.lost(instanceId, now);
  }

  /** What became of a broker that is not here; undefined: it does not answer at its address. */
  lookedAfter(instanceId: string, found: "answers" | "gone" | undefined, now: number): void {
    if (this.#members.has(instanceId) || !hasMember(this.#ring.brokers, instanceId)) return;
    if (found === "answers") this.#absences.answered(instanceId);
    else if (found === "gone") this.#absences.unreachable(instanceId);
    else this.#absences.silent(instanceId, now);
  }

  /** A registration was refused: as if it had not been made. */
  refused(instanceId: string, now: number): void {
    this.upstream.gone(instanceId, now);
    this.#forget(instanceId);
  }

  /** The brokers of the ring that are not here. */
  get absent(): RingMember[] {
    return this.#ring.brokers.filter(({ instanceId }) => !this.#members.has(instanceId));
  }

  /** The brokers that a member cannot use now: replaces what it said before. */
  accuse(instanceId: string, accused: readonly string[]): void {
    if (!this.#members.has(instanceId)) return;
    if (accused.length === 0) this.#accusations.delete(instanceId);
    else this.#accusations.set(instanceId, accused);
  }

  /** An owner says that the logs it owns under this version are where they belong. */
  settled(instanceId: string, version: RingVersion): void {
    if (this.#members.has(instanceId)) this.#settled.set(instanceId, version);
  }

  /** A member holds this ring; returns whether it is news. */
  heardOf(ring: Ring): boolean {
    if (!mayFollow(ring, this.#ring.version)) return false;
    this.#adopt(ring);
    for (const { uri, instanceId } of this.#candidates.values()) {
      if (!ring.brokers.some((broker) => broker.uri === uri)) continue;
      this.#candidates.delete(instanceId);
      this.#doubtful.push(instanceId);
    }
    return true;
  }

  /** Takes the brokers whose address a ring gives to another: which of the two is newer only asking there again tells. */
  takeDoubtful(): string[] {
    return this.#doubtful.splice(0);
  }

  /** The brokers of the ring that a member cannot use, and nobody else complains of. */
  accusedAlone(instanceId: string, now: number): string[] {
    return this.#accusations.has(instanceId) ? accusedAlone(this.#evidence, instanceId, now) : [];
  }

  /** The ring that is due now, if one is. It is then the current one. */
  next(now: number): Ring | undefined {
    const faulty = faultyMembers(this.#evidence, now);
    const isUsable = ({ instanceId }: RingMember): boolean =>
      !faulty.has(instanceId) && !this.#departed.has(instanceId);
    const usable = this.#ring.brokers.some(isUsable);
    // Joins and leaves wait until the last change is complete. A crash does not, nor a join that ends an outage.
    const mayScale = !usable || this.isSettled(now);
    // Where nobody can publish or subscribe, nobody is waited for who may come too.
    const isOutage = !usable && this.#ring.brokers.length > 0;
    const dueAt = isOutage
      ? this.#startedAt + this.#delays.startup
      : joinsDueAt(this.#candidates, this.#delays, this.#startedAt);
    const due = mayScale && now >= dueAt ? [...this.#candidates.values()] : [];
    const joining = this.#linkedOf(due, this.#ring.brokers.filter(isUsable));
    const possible = this.#ring.brokers.filter(
      ({ uri, instanceId }) => !faulty.has(instanceId) && !joining.some((one) => one.uri === uri),
    );
    const remaining = possible.filter(({ instanceId }) => !this.#departed.has(instanceId));
    const isAlone = this.#isAlone([...remaining, ...joining], faulty, now);
    const mayGo = ({ instanceId }: RingMember): boolean => !isAlone || !this.#leaving.has(instanceId);
    const staying = possible.filter((one) => !mayScale || remaining.includes(one) || !mayGo(one));
    // The last broker stays listed until another joins: an empty ring would help nobody.
    const kept = staying.length + joining.length === 0 ? this.#ring.brokers : staying;
    const brokers = [...kept, ...joining.map(({ uri, instanceId }) => ({ uri, instanceId }))];
    const current = this.#ring.placement;
    const placement = mayScale ? this.upstream.placementDue(this.#ring, now) : current;
    const keepers = this.#keepersFor(brokers, faulty, now);
    const isSame = joining.length === 0 && kept.length === this.#ring.brokers.length;
    const isNeeded = !isSame || placement !== current || this.#lacksKeeper(keepers, faulty, now);
    if (brokers.length === 0 || !isNeeded) return undefined;
    const version = { counter: this.#ring.version.counter + 1, stateId: this.#stateId };
    this.#adopt({ version, placement, brokers, keepers });
    return this.#ring;
  }

  /** When `next` should be asked again if nothing happens until then; `Infinity` for not at all. */
  dueAt(now: number): number {
    const times = [joinsDueAt(this.#candidates, this.#delays, this.#startedAt), this.#suspicions.dueAt];
    if (this.#ring.placement !== "rendezvous") times.push(this.upstream.goneAt);
    if (this.#departed.size > 0) times.push(this.#startedAt + this.#delays.startup);
    times.push(...this.#absences.dueAt);
    return Math.min(...times.filter((time) => time > now), Infinity);
  }

  get #evidence(): Evidence {
    return {
      stateId: this.#stateId,
      ring: this.#ring,
      accusations: this.#accusations,
      absences: this.#absences,
      suspicions: this.#suspicions,
      workers: idsOf(this.#workers),
      isHere: (instanceId) => this.#isHere(instanceId),
      workerAt: (instanceId) => {
        const member = this.#members.get(instanceId);
        return member?.role === "worker" ? member.uri : undefined;
      },
    };
  }

  /** The workers that can keep copies. */
  get #workers(): Member[] {
    return this.members.filter(({ role, isUpstream }) => role === "worker" && !isUpstream);
  }

  /** Whether a member talks with this scc-state, also if it is about to leave. */
  #isHere(instanceId: string): boolean {
    return this.#members.has(instanceId) || this.#leaving.has(instanceId);
  }

  /** Of the brokers that wait to join those that have links with all who will share the ring with them. */
  #linkedOf(due: readonly Candidate[], staying: readonly RingMember[]): Candidate[] {
    const joining: Candidate[] = [];
    for (const candidate of due.toSorted((a, b) => a.since - b.since)) {
      const others = [...staying.filter(({ uri }) => uri !== candidate.uri), ...joining];
      if (others.every((other) => this.#areLinked(candidate, other))) joining.push(candidate);
    }
    return joining;
  }

  #areLinked(a: RingMember, b: RingMember): boolean {
    const say = (one: RingMember, other: RingMember): boolean =>
      this.#linked.get(one.instanceId)?.has(other.instanceId) ?? false;
    return say(a, b) || say(b, a);
  }

  #keepersFor(brokers: readonly RingMember[], faulty: ReadonlySet<string>, now: number): Keeper[] {
    return keepersFor(this.#ring, brokers, {
      isSettled: this.#allSettled,
      isLeaving: (instanceId) => this.#leaving.has(instanceId),
      // Who is neither here nor missed may talk with another scc-state.
      isHere: (instanceId) =>
        !faulty.has(instanceId) && (this.#isHere(instanceId) || !this.#absences.isLong(instanceId, now)),
      workers: this.#workers,
      cannotUse: (worker, broker) => this.#accusations.get(worker)?.includes(broker) ?? false,
    });
  }

  /** Whether only one broker would be left, and no worker can follow it: it may be about to be given up itself. */
  #isAlone(brokers: readonly RingMember[], faulty: ReadonlySet<string>, now: number): boolean {
    if (brokers.length !== 1) return false;
    // Workers may still be on their way to a scc-state that was restarted.
    if (this.#workers.length === 0) return now < this.#startedAt + this.#delays.startup;
    return (
      followerOf({ ...this.#ring, brokers, keepers: this.#keepersFor(brokers, faulty, now) }) === undefined
    );
  }

  /** Whether copies are not kept as they should be: nobody follows the only broker, or somebody does not who has to. */
  #lacksKeeper(keepers: readonly Keeper[], faulty: ReadonlySet<string>, now: number): boolean {
    const { brokers } = this.#ring;
    const isSettled = this.isSettled(now);
    // Whoever left after settling is not missed.
    if (!this.#allSettled && this.#ring.keepers.some(({ instanceId }) => faulty.has(instanceId))) return true;
    const follower = followerOf(this.#ring);
    if (follower !== undefined && (faulty.has(follower.instanceId) || !this.#isKept(follower, now)))
      // One that leaves stays while there is nobody else.
      return keepers[0]?.instanceId !== follower.instanceId;
    // A first one is taken once all is calm.
    const isWanted = brokers.length === 1 && follower === undefined;
    return isSettled && isWanted && keepers.some(({ role }) => role === "worker");
  }

  /** Whether a worker that keeps copies is here, or may still come back. */
  #isKept({ instanceId }: Keeper, now: number): boolean {
    if (this.#members.has(instanceId)) return true;
    if (this.#leaving.has(instanceId)) return false;
    // Who was never here may talk with another scc-state: those who cannot use it say so.
    if (!this.#absences.has(instanceId)) return true;
    return !this.#absences.isLong(instanceId, now);
  }

  #adopt(ring: Ring): void {
    this.#ring = ring;
    const listed = new Set(idsOf(membersOf(ring)));
    for (const instanceId of idsOf(ring.brokers)) this.#candidates.delete(instanceId);
    this.#absences.keepOnly(listed);
    for (const instanceId of this.#departed) {
      if (!listed.has(instanceId) && !this.#members.has(instanceId)) this.#departed.delete(instanceId);
    }
  }

  /** Another instance answers at this address now: whoever the ring lists there is gone. */
  #replaceAt({ uri, instanceId }: RingMember): void {
    for (const known of this.#ring.brokers) {
      if (known.uri !== uri || known.instanceId === instanceId) continue;
      this.#departed.add(known.instanceId);
      this.#absences.replaced(known.instanceId);
    }
  }

  #forget(instanceId: string): void {
    this.#members.delete(instanceId);
    this.#candidates.delete(instanceId);
    this.#accusations.delete(instanceId);
    this.#settled.delete(instanceId);
    this.#linked.delete(instanceId);
  }

  #isAway(instanceId: string, now: number): boolean {
    return this.#departed.has(instanceId) || this.#absences.isLong(instanceId, now);
  }

  /** Whether every broker of the ring has said that its logs are held twice, and nobody else's copies are needed. */
  get #allSettled(): boolean {
    return this.#ring.brokers.every(({ instanceId }) => this.#hasSettled(instanceId));
  }

  #hasSettled(instanceId: string): boolean {
    const settled = this.#settled.get(instanceId);
    return settled !== undefined && compareVersions(settled, this.#ring.version) === 0;
  }

  /** Whether every broker of the ring that lives and is here has settled it. */
  isSettled(now: number): boolean {
    const allHadTime = now >= this.#startedAt + this.#delays.startup;
    return this.#ring.brokers.every(({ instanceId }) => {
      // Who is away, or talks with another scc-state, cannot tell this one.
      if (this.#isAway(instanceId, now) || (allHadTime && !this.#members.has(instanceId))) return true;
      return this.#hasSettled(instanceId);
    });
  }
}
