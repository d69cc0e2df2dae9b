import { LoadError } from "../../tools/bench/load-error.ts";
import type { ServerUsage } from "../../tools/bench/report/measured.ts";
import { totalOf, usageOf } from "../../tools/bench/usage.ts";

/** Looks at what server processes use, at the moments that matter. */
export class Watch {
  readonly #pids: readonly number[];
  readonly #seen: { -readonly [K in keyof ServerUsage]: ServerUsage[K] } = {};

  constructor(pids: readonly number[]) {
    this.#pids = pids;
  }

  get usage(): ServerUsage {
    return this.#seen;
  }

  /** @throws {LoadError} if one of the processes is gone */
  async look(moment: keyof ServerUsage): Promise<void> {
    if (this.#pids.length === 0) return;
    let usages: Awaited<ReturnType<typeof usageOf>>;
    try {
      usages = await usageOf(this.#pids);
    } catch (error) {
      throw new LoadError((error as Error).message);
    }
    if (usages !== undefined) this.#seen[moment] = totalOf(usages);
  }
}
