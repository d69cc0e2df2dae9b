import type { IncomingMessage } from "node:http";
import { RegistrationError } from "../cluster/address.ts";
import { type Delays, type Member, Membership } from "../cluster/membership.ts";
import { hasMember, type Ring } from "../cluster/ring.ts";
import type { MemberMessage } from "../cluster/state-messages.ts";
import type { Talk } from "../link/talk.ts";
import { formatVersion } from "../pubsub/version.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { MemberTalk } from "./member-talk.ts";
import { NobodyThereError } from "./probe.ts";

export interface StateServiceOptions {
  readonly stateId: string;
  readonly delays: Delays;
  readonly retryDelay: number;
  readonly forwardedForHeader: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** See `probe`. */
  readonly probe: (uri: string) => Promise<string>;
}

/** How often a broker's address is dialled before its registration is refused. */
const PROBES = 3;

/** scc-state without its server: members come and go, and rings are made and told to all of them. */
export class StateService {
  readonly #options: StateServiceOptions;
  readonly #membership: Membership;
  readonly #talks = new Map<string, MemberTalk>();
  #timer: Timer | undefined;
  #ringsMade = 0;
  #refused = 0;

  constructor(options: StateServiceOptions) {
    this.#options = options;
    this.#membership = new Membership(options.stateId, options.delays, options.clock.now());
  }

  get ring(): Ring {
    return this.#membership.ring;
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
  accept(talk: Talk, request: IncomingMessage): void {
    const member = new MemberTalk(talk, request, this.#options, {
      joined: (join) => this.#joined(member, join),
      said: (message) => this.#said(member, message),
      closed: (reason) => this.#closed(member, reason),
    });
  }

  /** Ends all talks: the process stops, and nobody need mind. */
  close(): void {
    this.#timer?.cancel();
    for (const talk of this.#talks.values()) talk.close("scc-state stops");
    this.#talks.clear();
  }

  #joined(talk: MemberTalk, join: Extract<MemberMessage, { type: "join" }>): void {
    const { member } = talk;
    const { log } = this.#options;
    // A newer talk of the same instance replaces the older, whose end is not looked at any more.
    this.#talks.get(member.instanceId)?.close("replaced by a newer connection");
    this.#talks.set(member.instanceId, talk);
    this.#membership.joined(member);
    this.#membership.heardOf(join.ring);
    if (join.settled) this.#membership.settled(member.instanceId, join.settled);
    this.#membership.accuse(member.instanceId, join.accused);
    talk.send({ type: "welcome", stateId: this.#options.stateId, uri: member.uri, ring: this.ring });
    log.info("member registered", { member: member.uri, role: member.role, instanceId: member.instanceId });
    if (member.role === "broker" && !hasMember(this.ring.brokers, member.instanceId)) void this.#verify(talk);
    this.#review();
  }

  /** Lets a broker in only if it answers at the address it announced, as itself. */
  async #verify(talk: MemberTalk): Promise<void> {
    const { instanceId, uri } = talk.member;
    for (let attempt = 1; this.#talks.get(instanceId) === talk; attempt++) {
      try {
        const answer = await this.#options.probe(uri);
        if (answer !== instanceId)
          throw new RegistrationError(`Cannot register ${uri}: another instance answers there`);
        if (this.#talks.get(instanceId) !== talk) return;
        this.#membership.verified(instanceId, this.#options.clock.now());
        this.#review();
        return;
      } catch (error) {
        if (attempt === PROBES) return this.#refuse(talk, (error as Error).message);
        await new Promise<void>((resolve) => this.#options.clock.after(this.#options.retryDelay, resolve));
      }
    }
  }

  #refuse(talk: MemberTalk, reason: string): void {
    if (this.#talks.get(talk.member.instanceId) !== talk) return;
    this.#refused += 1;
    this.#membership.left(talk.member.instanceId, this.#options.clock.now());
    this.#talks.delete(talk.member.instanceId);
    this.#options.log.warn("member refused", { member: talk.member.uri, reason });
    talk.send({ type: "refused", reason });
    talk.close("refused");
  }

  #said(talk: MemberTalk, message: MemberMessage): void {
    const { instanceId, uri } = talk.member;
    if (this.#talks.get(instanceId) !== talk) return;
    if (message.type === "ring") {
      if (this.#membership.heardOf(message.ring)) this.#tell();
    } else if (message.type === "settled") this.#membership.settled(instanceId, message.version);
    else if (message.type === "accuse") {
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

  #closed(talk: MemberTalk, reason: string): void {
    const { instanceId, uri, role } = talk.member;
    if (this.#talks.get(instanceId) !== talk) return;
    this.#talks.delete(instanceId);
    if (talk.left) return;
    this.#membership.lost(instanceId, this.#options.clock.now());
    this.#options.log.info("member gone", { member: uri, reason });
    if (role === "broker" && hasMember(this.ring.brokers, instanceId)) void this.#lookAfter(instanceId, uri);
    this.#review();
  }

  /** Whether anybody still listens where a broker of the ring was lost: if not, it needs no grace. */
  async #lookAfter(instanceId: string, uri: string): Promise<void> {
    try {
      await this.#options.probe(uri);
    } catch (error) {
      if (!(error instanceof NobodyThereError)) return;
      this.#membership.unreachable(instanceId);
      this.#review();
    }
  }

  /** Makes the ring that is due, and sees to it that the next one is made in time. */
  #review(): void {
    this.#timer?.cancel();
    const now = this.#options.clock.now();
    const ring = this.#membership.next(now);
    if (ring) {
      this.#ringsMade += 1;
      const brokers = ring.brokers.map(({ uri }) => uri);
      this.#options.log.info("new ring", { ring: formatVersion(ring.version), brokers });
      this.#tell();
    }
    const dueAt = this.#membership.dueAt(now);
    if (dueAt !== Infinity) this.#timer = this.#options.clock.after(dueAt - now, () => this.#review());
  }

  #tell(): void {
    for (const talk of this.#talks.values()) talk.send({ type: "ring", ring: this.ring });
  }
}
