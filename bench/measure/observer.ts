import { cpus } from "node:os";
import { type Usage, usageOf } from "../../src/tools/bench/usage.ts";
import type { Servers } from "../launch/servers.ts";
import type { Measured } from "./measured.ts";

/** Before the clients connect, when they are connected, and the ends of the window. */
type Moment = "before" | "connected" | "opened" | "closed";

interface Seen {
  /** Of the servers, in their order. */
  readonly usages: readonly Usage[];
  /** CPU time of this process and all that it has started, ms. */
  readonly ownCpuMs: number;
  /** CPU time of the whole machine, ms. */
  readonly busyMs: number;
  readonly at: number;
}

export type Observed = Pick<Measured, "processes" | "foreignCores">;

/** Looks at what the servers, and everybody else, use of the machine. */
export class Observer {
  readonly #servers: Servers;
  readonly #seen = new Map<Moment, Seen>();

  constructor(servers: Servers) {
    this.#servers = servers;
  }

  /** @throws {Error} if a server is gone, or the system does not tell */
  async look(moment: Moment): Promise<void> {
    const pids = this.#servers.all.map(({ pid }) => pid);
    // Walking through memory takes the server's time: not where a window opens.
    const pss = moment === "before" || moment === "closed";
    const usages = await usageOf([process.pid, ...pids], { pss });
    const [own, ...servers] = usages ?? [];
    if (own === undefined)
      throw new Error("Cannot measure CPU time on this system: it has neither /proc nor ps");
    const now = { busyMs: busyMs(), at: performance.now() };
    this.#seen.set(moment, { usages: servers, ownCpuMs: own.cpuMs, ...now });
  }

  /** @throws {Error} if one of the moments did not come */
  observed(): Observed {
    const [opened, closed] = [this.#at("opened"), this.#at("closed")];
    const foreignMs = closed.busyMs - opened.busyMs - (closed.ownCpuMs - opened.ownCpuMs);
    const foreignCores = Math.max(0, foreignMs) / Math.max(1, closed.at - opened.at);
    const processes = this.#servers.all.map(({ plan: { name, role } }, server) => ({
      name,
      role,
      ...this.#costsOf(server),
    }));
    return { processes, foreignCores: Math.round(foreignCores * 100) / 100 };
  }

  #costsOf(server: number) {
    const usage = (moment: Moment): Usage => this.#at(moment).usages[server] as Usage;
    const [before, connected, closed] = [usage("before"), usage("connected"), usage("closed")];
    const hasPss = before.pssBytes !== undefined && closed.pssBytes !== undefined;
    return {
      cpuMs: Math.round(closed.cpuMs - usage("opened").cpuMs),
      connectCpuMs: Math.round(connected.cpuMs - before.cpuMs),
      rssConnectBytes: connected.rssBytes - before.rssBytes,
      rssBytes: closed.rssBytes,
      rssGrownBytes: closed.rssBytes - before.rssBytes,
      ...(hasPss && { pssGrownBytes: closed.pssBytes - before.pssBytes }),
    };
  }

  #at(moment: Moment): Seen {
    const seen = this.#seen.get(moment);
    if (seen === undefined) throw new Error(`The load ended before it was "${moment}"`);
    return seen;
  }
}

function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
