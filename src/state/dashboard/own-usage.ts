import type { Usage } from "./usage.ts";

/** What this very process takes. */
export class OwnUsage {
  #cpuMs = 0;
  #at = 0;
  #cpu: number | undefined;

  /** @param now ms of the clock */
  begin(now: number): void {
    this.#at = now;
    this.#cpuMs = cpuMs();
    this.#cpu = undefined;
  }

  look(now: number): void {
    const before = this.#cpuMs;
    this.#cpuMs = cpuMs();
    if (now > this.#at) this.#cpu = (this.#cpuMs - before) / (now - this.#at);
    this.#at = now;
  }

  get usage(): Usage {
    return {
      pid: process.pid,
      rssBytes: process.memoryUsage.rss(),
      numbers: {},
      perSecond: {},
      ...(this.#cpu !== undefined && { cpu: this.#cpu }),
    };
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
