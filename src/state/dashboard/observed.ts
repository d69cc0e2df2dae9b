import type { MemberMessage } from "../../cluster/registration/state-messages.ts";
import { LATENCY_BUCKETS } from "../../cluster/report/latency.ts";
import type { ReportMessage } from "../../cluster/report/report-messages.ts";
import { NO_RING, type Ring } from "../../cluster/ring/ring.ts";
import { RELEASE } from "../../runtime/release.ts";
import type { MemberConnection } from "../member-connection.ts";
import type { StateObserver } from "../state-observer.ts";
import { Chronicle } from "./chronicle.ts";
import type { EventList } from "./event-list.ts";
import { Hottest } from "./hottest.ts";
import { type KnownMember, Members } from "./members.ts";
import { isSettled, listMembers, type Picture, totalsOf } from "./picture.ts";
import { Shares } from "./shares.ts";
import { type Usage, usageOf } from "./usage.ts";

export interface ObservedOptions {
  readonly stateId: string;
  readonly events: EventList;
  /** Ms of the clock. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** Pause between reports, ms. */
  readonly everyMs: number;
  /** A member is here, which may be told that reports are wanted. */
  readonly registered: (member: MemberConnection) => void;
  /** Messages of a channel that somebody looks at. */
  readonly tail: (message: Extract<MemberMessage, { type: "tail" }>) => void;
}

/** The cluster as scc-state sees it happen, and as members report it while somebody looks. */
export class Observed implements StateObserver {
  readonly members = new Members();
  readonly #options: ObservedOptions;
  readonly #chronicle: Chronicle;
  readonly #shares = new Shares();
  readonly #hottest = new Hottest();
  readonly #startedAt: number;
  #ring: Ring = NO_RING;
  #ringSince: number | undefined;
  #wasSettled = false;

  constructor(options: ObservedOptions) {
    this.#options = options;
    this.#startedAt = options.wallClock();
    this.#chronicle = new Chronicle(options.events, this.members);
  }

  // --- what happens ---

  registered(connection: MemberConnection): void {
    const known = this.members.registered(connection, this.#options.wallClock());
    this.#chronicle.registered(known);
    this.#options.registered(connection);
  }

  said(connection: MemberConnection, message: MemberMessage): void {
    const known = this.members.find(connection.member.instanceId);
    if (known === undefined) return;
    if (message.type === "report") this.#reported(known, message);
    else if (message.type === "tail") this.#options.tail(message);
    else if (message.type === "accuse") this.#accused(known, message.accused);
    else if (message.type === "settled") known.settled = message.version;
    else if (message.type === "leave") this.#leaves(known);
    else if (message.type === "join") {
      known.settled = message.settled;
      this.#accused(known, message.accused);
    }
    this.#lookWhetherSettled();
  }

  gone(connection: MemberConnection, reason: string | undefined): void {
    const { now, wallClock } = this.#options;
    this.#chronicle.gone(connection, reason);
    this.members.gone(connection, now(), wallClock());
    this.#hottest.gone(connection.member.instanceId);
  }

  refused(connection: MemberConnection, reason: string): void {
    this.#chronicle.refused(connection, reason);
    this.members.gone(connection, this.#options.now(), this.#options.wallClock());
  }

  ringChanged(ring: Ring): void {
    this.#chronicle.ringChanged(ring, this.#ring);
    this.#ring = ring;
    this.#ringSince = this.#options.wallClock();
    this.#wasSettled = false;
    this.#lookWhetherSettled();
  }

  #accused(known: KnownMember, accused: readonly string[]): void {
    this.#chronicle.accused(known, accused, known.accused);
    known.accused = accused;
  }

  #leaves(known: KnownMember): void {
    known.isLeaving = true;
    this.#chronicle.leaves(known);
  }

  #reported(known: KnownMember, report: ReportMessage): void {
    this.#chronicle.reported(known, report, known.report);
    known.usage = usageOf(report, known.report);
    known.report = report;
    known.links = report.links ?? known.links;
    known.reportedAt = this.#options.now();
    if (report.hot) this.#hottest.reported(known.member.instanceId, report.hot, report.ms);
  }

  #lookWhetherSettled(): void {
    const settled = this.#ringSince !== undefined && isSettled(this.#ring, this.members);
    if (settled && !this.#wasSettled) this.#chronicle.settled(this.#ring);
    this.#wasSettled = settled;
  }

  // --- what it comes to ---

  /** @param own how this process is */
  picture(own: Usage): Picture {
    const { stateId, now, wallClock, everyMs } = this.#options;
    const ring = this.#ring;
    const { version, placement } = ring;
    const parts = { ring, members: this.members, shares: this.#shares.of(ring), now: now(), everyMs };
    const { members, unlisted } = listMembers(parts);
    return {
      at: wallClock(),
      release: RELEASE,
      state: { ...own, id: stateId, since: this.#startedAt },
      ring: {
        counter: version.counter,
        stateId: version.stateId,
        placement,
        ...(this.#ringSince !== undefined && { since: this.#ringSince }),
        settled: this.#wasSettled,
      },
      members,
      unlisted,
      totals: totalsOf(members, this.#latency()),
      hot: this.#hottest.list,
    };
  }

  /** Nobody looks any more. */
  forgetReports(): void {
    this.members.forgetReports();
    this.#hottest.clear();
  }

  /** The times that members reported last, by bucket. */
  #latency(): number[] {
    const counts = new Array<number>(LATENCY_BUCKETS).fill(0);
    for (const { report } of this.members.here) {
      for (const [bucket, count] of report?.latency ?? []) {
        const index = Math.min(bucket, LATENCY_BUCKETS - 1);
        counts[index] = (counts[index] ?? 0) + count;
      }
    }
    return counts;
  }
}
