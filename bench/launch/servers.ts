import type { Contender, Shape, Site } from "../contenders/contender.ts";
import type { Core } from "./pin.ts";
import { freePorts } from "./ports.ts";
import { Server } from "./server.ts";

const STOP_WITHIN_MS = 5000;
/** State or Redis. */
const BESIDES = 1;

/** What a contender needs to know besides ports. */
export type Surroundings = Omit<Site, "port">;

/** All processes of a contender. */
export class Servers {
  readonly #started: Server[] = [];

  /** In the order in which they were started. */
  get all(): readonly Server[] {
    return this.#started;
  }

  /** Where clients connect to. */
  get urls(): string[] {
    const workers = this.#started.filter(({ plan }) => plan.role === "worker");
    return workers.map(({ plan }) => `ws://127.0.0.1:${plan.port}`);
  }

  /**
   * Starts group after group.
   *
   * @param core where each of them runs; absent: anywhere
   * @throws {Error} if one of them does not become ready; what was started is to be stopped all the same
   */
  async start(contender: Contender, shape: Shape, surroundings: Surroundings, core: Core): Promise<void> {
    const ports = await freePorts(shape.workers + shape.brokers + BESIDES);
    const port = (): number => {
      const next = ports.shift();
      if (next === undefined)
        throw new RangeError(`${contender.name} needs more ports than it has processes`);
      return next;
    };
    for (const group of contender.processes(shape, { ...surroundings, port })) {
      const servers = group.map((plan) => new Server(plan, core));
      this.#started.push(...servers);
      await Promise.all(servers.map((server) => server.ready()));
    }
  }

  /** @throws {Error} if one of them has ended */
  expectRunning(): void {
    for (const server of this.#started) server.expectRunning();
  }

  /** Workers before what they need. */
  async stop(): Promise<void> {
    const workers = this.#started.filter(({ plan }) => plan.role === "worker");
    const others = this.#started.filter((server) => !workers.includes(server));
    await Promise.all(workers.map((server) => server.stop(STOP_WITHIN_MS)));
    await Promise.all(others.map((server) => server.stop(STOP_WITHIN_MS)));
  }
}
