import type { Clock } from "../../runtime/clock.ts";
import type { Health, Trouble } from "../../runtime/http/http.ts";
import type { MetricFamily } from "../../runtime/metric-family.ts";
import { BEAT_MS, type PrimaryMessage, type ProcessMessage, SILENT_BEATS } from "./messages.ts";

export interface PrimaryLinkOptions {
  readonly clock: Clock;
  readonly send: (message: ProcessMessage) => void;
  /** What this process alone would say of itself. */
  readonly readiness: () => Trouble;
  readonly metrics: () => Promise<MetricFamily[]>;
  /** The primary wants this process to end. */
  readonly stop: () => void;
}

const SILENT = "the primary process does not answer";

/**
 * One process's end of what it and the primary say to each other: tells how it is, and knows of the whole what
 * a probe asks for. Time goes on by own beats: a process that stood still itself accuses nobody.
 */
export class PrimaryLink implements Health {
  readonly #options: PrimaryLinkOptions;
  #serves = false;
  #silence = 0;
  /** What the primary last said of the whole. */
  #group: Trouble = "starting";

  constructor(options: PrimaryLinkOptions) {
    this.#options = options;
    options.clock.every(BEAT_MS, () => this.#beat());
    this.#tell();
  }

  /** Why the worker as a whole should not be sent clients. */
  readiness(): Trouble {
    const own = this.#options.readiness();
    // The primary hears of a wish to stop later than this process, if it came to all of them.
    if (own === "stopping") return own;
    return this.#isSilent ? SILENT : this.#group;
  }

  liveness(): Trouble {
    return this.#isSilent ? SILENT : undefined;
  }

  /** The port is open. */
  serves(): void {
    this.#serves = true;
    this.#tell();
  }

  heard(message: PrimaryMessage): void {
    this.#silence = 0;
    if (message.type === "scc:group") this.#group = message.trouble;
    else if (message.type === "scc:stop") this.#options.stop();
    else void this.#answer(message.question);
  }

  get #isSilent(): boolean {
    return this.#silence > SILENT_BEATS;
  }

  #beat(): void {
    this.#silence += 1;
    // What a primary that stands still is sent would pile up here.
    if (!this.#isSilent) this.#tell();
  }

  #tell(): void {
    const trouble = this.#options.readiness() ?? (this.#serves ? undefined : "starting");
    this.#options.send({ type: "scc:status", serves: this.#serves, trouble });
  }

  async #answer(question: number): Promise<void> {
    this.#options.send({ type: "scc:metrics", question, families: await this.#options.metrics() });
  }
}
