import type { Clock, Timer } from "../runtime/clock.ts";
import { CANARY_LIMIT_MS, CANARY_TICK_MS, Canary, type CanaryPort } from "./canary.ts";
import type { PublishLink } from "./publish-link.ts";

export interface LinkCanariesOptions {
  readonly clock: Clock;
  /** From 0 to 1, so that the canaries of many workers do not meet. */
  readonly random: () => number;
  /** How long a canary may be unanswered, ms; default 3000. */
  readonly canaryLimit?: number;
}

/** The canaries of a worker: one on its way on each of its links. */
export class LinkCanaries {
  readonly #options: LinkCanariesOptions;
  readonly #links: ReadonlyMap<string, PublishLink>;
  readonly #changed: () => void;
  readonly #timer: Timer;
  #accused = "";
  /** Is told how long each canary took that came back, ms; to be replaced by who wants to know. */
  onAnswer: (ms: number) => void = () => {};

  /**
   * @param links by instance of the broker
   * @param changed who is accused of not answering has changed
   */
  constructor(options: LinkCanariesOptions, links: ReadonlyMap<string, PublishLink>, changed: () => void) {
    this.#options = options;
    this.#links = links;
    this.#changed = changed;
    this.#timer = options.clock.every(CANARY_TICK_MS, () => this.#tick());
  }

  /** Brokers whose canaries are unanswered for too long. */
  get lateCount(): number {
    return [...this.#links.values()].filter(({ canary }) => canary.isLate).length;
  }

  /** The canary of a new link. */
  create(port: () => CanaryPort | undefined): Canary {
    const { canaryLimit = CANARY_LIMIT_MS, clock, random } = this.#options;
    const answered = (ms: number): void => this.onAnswer(ms);
    return new Canary({ limit: canaryLimit, now: () => clock.now(), random, port, answered });
  }

  /** A ring was adopted: what was asked under an older one is not answered. */
  restart(): void {
    for (const { canary } of this.#links.values()) canary.restart();
  }

  close(): void {
    this.#timer.cancel();
  }

  #tick(): void {
    let accused = "";
    for (const [instanceId, { canary }] of this.#links) {
      canary.tick();
      if (canary.accuses) accused += `${instanceId} `;
    }
    if (accused === this.#accused) return;
    this.#accused = accused;
    this.#changed();
  }
}
