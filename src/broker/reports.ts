import type { StateLink } from "../cluster/registration/state-link.ts";
import { HotChannels } from "../cluster/report/hot-channels.ts";
import type { ReportMessage, TailMessage } from "../cluster/report/report-messages.ts";
import { type ReportSource, reportWhileWatched } from "../cluster/report/reporter.ts";
import { Sampling } from "../cluster/report/sampling.ts";
import { TailSamples } from "../cluster/report/tail-samples.ts";
import { systemClock } from "../runtime/clock.ts";
import type { BrokerService } from "./service.ts";

/** Messages a second that are looked at to find the hottest channels. */
const SAMPLES_PER_SECOND = 1000;

/** Has scc-broker tell scc-state how it is while somebody looks; to be called before the talk starts. */
export function reportsOf(service: BrokerService, state: StateLink): void {
  reportWhileWatched(state, new BrokerReports(service), systemClock);
}

/** What scc-broker tells of itself. Its channels are all there are of what it owns: no other member counts them. */
export class BrokerReports implements ReportSource {
  readonly #service: Pick<BrokerService, "owner" | "held" | "linked" | "unacknowledgedCopies">;
  readonly #hot = new HotChannels();
  readonly #sampling = new Sampling(SAMPLES_PER_SECOND, Math.random);
  #tails: TailSamples | undefined;
  #watched: BrokerService["held"] | undefined;

  constructor(service: Pick<BrokerService, "owner" | "held" | "linked" | "unacknowledgedCopies">) {
    this.#service = service;
  }

  numbers(): Record<string, number> {
    const { owner, held } = this.#service;
    return {
      channels: owner.channelCount,
      messages: owner.messageCount,
      repeats: owner.repeatCount,
      logs: held.count,
      tailBytes: held.tailBytes,
      handoverLeft: owner.handover.leftCount,
      unacknowledged: this.#service.unacknowledgedCopies,
    };
  }

  links(): readonly string[] {
    return this.#service.linked;
  }

  begin(tails: readonly string[]): void {
    this.#tails = tails.length > 0 ? new TailSamples(tails) : undefined;
    this.#watchLogs();
  }

  counted(ms: number): Pick<ReportMessage, "hot"> {
    // A broker that starts over has other logs.
    this.#watchLogs();
    this.#sampling.adapt(ms);
    return { hot: this.#hot.take() };
  }

  tails(): readonly TailMessage[] {
    return this.#tails?.take() ?? [];
  }

  end(): void {
    if (this.#watched) this.#watched.tap = null;
    this.#watched = undefined;
    this.#tails = undefined;
    this.#hot.take();
  }

  #watchLogs(): void {
    const { held } = this.#service;
    if (this.#watched === held) return;
    if (this.#watched) this.#watched.tap = null;
    this.#watched = held;
    held.tap = this.#seen;
  }

  readonly #seen = (channel: string, bytes: Buffer): void => {
    if (this.#sampling.takes()) this.#hot.add(channel, this.#sampling.weight);
    if (this.#tails !== undefined) this.#tails.add(channel, bytes);
  };
}
