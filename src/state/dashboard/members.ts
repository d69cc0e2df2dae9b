import type { ReportMessage } from "../../cluster/report/report-messages.ts";
import type { RingVersion } from "../../pubsub/version.ts";
import type { MemberConnection } from "../member-connection.ts";
import type { Member } from "../membership/membership.ts";
import type { Usage } from "./usage.ts";

/** What is known of a member besides what the ring says. */
export interface KnownMember {
  readonly connection: MemberConnection;
  readonly member: Member;
  /** When it registered, milliseconds since 1970. */
  readonly since: number;
  settled: RingVersion | undefined;
  /** Brokers that it cannot use, by instance. */
  accused: readonly string[];
  links: readonly string[] | undefined;
  isLeaving: boolean;
  report: ReportMessage | undefined;
  usage: Usage | undefined;
  /** When it last reported, ms of the clock. */
  reportedAt: number;
}

export interface GoneMember {
  readonly member: Member;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Ms of the clock. */
  readonly at: number;
}

/** How long, and how many, that are gone are still shown. */
const GONE_MS = 30_000;
const MOST_GONE = 20;

/** The members that are here, and those that were until a moment ago. */
export class Members {
  readonly #here = new Map<string, KnownMember>();
  readonly #gone = new Map<string, GoneMember>();

  get here(): IterableIterator<KnownMember> {
    return this.#here.values();
  }

  find(instanceId: string): KnownMember | undefined {
    return this.#here.get(instanceId);
  }

  /** A member that is here, or was until a moment ago. */
  recent(instanceId: string): Member | undefined {
    return (this.#here.get(instanceId) ?? this.#gone.get(instanceId))?.member;
  }

  registered(connection: MemberConnection, since: number): KnownMember {
    const { member } = connection;
    const known: KnownMember = {
      connection,
      member,
      since,
      settled: undefined,
      accused: [],
      links: undefined,
      isLeaving: false,
      report: undefined,
      usage: undefined,
      reportedAt: -Infinity,
    };
    this.#here.set(member.instanceId, known);
    this.#gone.delete(member.instanceId);
    return known;
  }

  gone({ member }: MemberConnection, at: number, since: number): void {
    this.#here.delete(member.instanceId);
    this.#gone.set(member.instanceId, { member, at, since });
    if (this.#gone.size <= MOST_GONE) return;
    for (const oldest of this.#gone.keys()) {
      this.#gone.delete(oldest);
      return;
    }
  }

  /** Those that are gone, and whose place nobody has taken since. */
  recentlyGone(now: number): GoneMember[] {
    const taken = new Set([...this.#here.values()].map(({ member }) => member.uri));
    for (const [instanceId, { at }] of this.#gone) {
      if (now - at > GONE_MS) this.#gone.delete(instanceId);
    }
    return [...this.#gone.values()].filter(({ member }) => !taken.has(member.uri));
  }

  /** Nobody looks any more: what members reported is old by the time somebody does. */
  forgetReports(): void {
    for (const known of this.#here.values()) {
      known.report = undefined;
      known.usage = undefined;
      known.links = undefined;
      known.reportedAt = -Infinity;
    }
  }
}
