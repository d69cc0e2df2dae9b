import type { Clock, Timer } from "../../runtime/clock.ts";
import { MOST_LINKS, type ReportMessage, type TailMessage, type WatchMessage } from "./report-messages.ts";

/** What a reporter needs of a member's session with scc-state. */
export interface ReportSession {
  /** Calls the listener when somebody begins to watch, or watches other channels; with undefined when nobody does. */
  onWatch(listener: (watch: WatchMessage | undefined) => void): void;
  report(message: ReportMessage | TailMessage): void;
}

/** What a member can tell of itself. Nothing of it is called while nobody looks. */
export interface ReportSource {
  /** By name: what happened since the start, and how much there is now. */
  numbers(): Readonly<Record<string, number>>;
  /** Instances that it has working links with. */
  links?(): readonly string[];
  /** Somebody looks from here on, at the messages of these channels too; again when that changes. */
  begin(tails: readonly string[]): void;
  /** What was counted since the last call because somebody looks. @param ms how long that is */
  counted(ms: number): Pick<ReportMessage, "hot" | "latency">;
  /** Messages of channels that are looked at, since the last call. */
  tails?(): readonly TailMessage[];
  /** Nobody looks any more: nothing may be left that costs anything. */
  end(): void;
}

/** How often messages of channels that somebody looks at are told, ms. */
const TAIL_MS = 250;

/** Has a member report to scc-state while somebody looks at the cluster; without that there is not even a timer. */
export function reportWhileWatched(state: ReportSession, source: ReportSource, clock: Clock): void {
  let reporter: Reporter | undefined;
  state.onWatch((watch) => {
    if (watch === undefined) {
      reporter?.end();
      reporter = undefined;
    } else {
      reporter ??= new Reporter(state, source, clock);
      reporter.watched(watch);
    }
  });
}

class Reporter {
  readonly #state: ReportSession;
  readonly #source: ReportSource;
  readonly #clock: Clock;
  #timers: Timer[] = [];
  #reportedAt: number | undefined;
  #links: string | undefined;

  constructor(state: ReportSession, source: ReportSource, clock: Clock) {
    this.#state = state;
    this.#source = source;
    this.#clock = clock;
  }

  watched({ everyMs, tails }: WatchMessage): void {
    this.#cancel();
    this.#source.begin(tails);
    if (this.#reportedAt === undefined) this.#report();
    this.#timers = [this.#clock.every(everyMs, () => this.#report())];
    if (tails.length > 0) this.#timers.push(this.#clock.every(TAIL_MS, () => this.#tell()));
  }

  end(): void {
    this.#cancel();
    this.#source.end();
  }

  #cancel(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }

  #report(): void {
    const now = this.#clock.now();
    const ms = this.#reportedAt === undefined ? 0 : now - this.#reportedAt;
    this.#reportedAt = now;
    const { user, system } = process.cpuUsage();
    this.#state.report({
      type: "report",
      pid: process.pid,
      ms,
      cpuMs: (user + system) / 1000,
      rssBytes: process.memoryUsage.rss(),
      numbers: this.#source.numbers(),
      ...this.#changedLinks(),
      ...this.#source.counted(ms),
    });
  }

  #changedLinks(): Pick<ReportMessage, "links"> {
    const links = this.#source.links?.().slice(0, MOST_LINKS);
    const text = links?.join();
    if (links === undefined || text === this.#links) return {};
    this.#links = text;
    return { links };
  }

  #tell(): void {
    for (const message of this.#source.tails?.() ?? []) this.#state.report(message);
  }
}
