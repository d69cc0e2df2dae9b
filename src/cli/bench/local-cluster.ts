import { createServer } from "node:net";
import { LoadError } from "../../tools/bench/load-error.ts";
import { describeExit } from "../up/life.ts";
import {
  bracketed,
  type Env,
  planCluster,
  portNeeds,
  type ServiceName,
  type ServicePlan,
} from "../up/plan.ts";
import { checkPorts } from "../up/ports.ts";
import { Service } from "../up/service.ts";
import { nameOf } from "../up/view.ts";

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 10_000;
const LINES_KEPT = 5;
const LOWEST_PORT = 20_000;
/** From here on ports may be given to outgoing connections, also those of the load. */
const HIGHEST_PORT = 32_000;

const STARTED: readonly (readonly ServiceName[])[] = [["scc-state"], ["scc-broker", "scc-worker"]];
const STOPPED: readonly ServiceName[] = ["scc-worker", "scc-broker", "scc-state"];

/** Servers of our own for one run: a worker alone, or a cluster, on free ports of this machine. */
export class LocalCluster {
  readonly #services: readonly Service[];
  readonly #lines: string[] = [];
  #isStopping = false;
  #changed: () => void = () => {};
  #fail: (error: LoadError) => void = () => {};
  /** Rejects when one of the servers dies; never resolves. */
  readonly failed: Promise<never>;

  private constructor(plans: readonly ServicePlan[], entry: string) {
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // It is looked at while a load runs; until then `start` looks itself.
    this.failed.catch(() => {});
    const observer = {
      changed: (service: Service) => this.#check(service),
      line: (_: Service, line: string) => {
        this.#lines.push(line);
        if (this.#lines.length > LINES_KEPT) this.#lines.shift();
      },
    };
    this.#services = plans.map((plan) => new Service(plan, entry, observer));
  }

  /**
   * Starts the servers; resolves when all are ready.
   *
   * @param brokers 0: the one worker stands alone
   * @throws {LoadError} if one of them does not become ready
   */
  static async start(workers: number, brokers: number, entry: string, env: Env): Promise<LocalCluster> {
    const plans = await plansOf(workers, brokers, env);
    await checkPorts(portNeeds(plans));
    const cluster = new LocalCluster(plans, entry);
    try {
      for (const names of STARTED) await cluster.#start(names);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Where the workers are. */
  get urls(): string[] {
    return this.#services
      .filter(({ plan }) => plan.service === "scc-worker")
      .map(({ plan }) => `ws://${bracketed(plan.address)}:${plan.port}`);
  }

  get pids(): number[] {
    return this.#services.flatMap(({ life }) => life.pid ?? []);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const name of STOPPED) {
      const group = this.#services.filter(({ plan }) => plan.service === name);
      await Promise.all(group.map((service) => service.stop(STOP_WITHIN_MS)));
    }
  }

  async #start(names: readonly ServiceName[]): Promise<void> {
    const group = this.#services.filter(({ plan }) => names.includes(plan.service));
    let timer: NodeJS.Timeout | undefined;
    const ready = new Promise<void>((resolve, reject) => {
      const late = (): void => reject(new LoadError(`The servers are not ready:\n${this.#lines.join("\n")}`));
      timer = setTimeout(late, READY_WITHIN_MS);
      this.#changed = () => {
        if (group.every(({ life }) => life.phase === "ready")) resolve();
      };
      this.#changed();
    });
    for (const service of group) service.start();
    try {
      await Promise.race([ready, this.failed]);
    } finally {
      clearTimeout(timer);
    }
  }

  #check(service: Service): void {
    this.#changed();
    const { phase, reason } = service.life;
    if (this.#isStopping || (phase !== "restarting" && phase !== "stopped")) return;
    const last = this.#lines.map((line) => `\n${line}`).join("");
    this.#fail(
      new LoadError(`${nameOf(service)} ended during the run (${reason ?? describeExit(UNKNOWN)})${last}`),
    );
  }
}

const UNKNOWN = { code: null, signal: null };

async function plansOf(workers: number, brokers: number, env: Env): Promise<readonly ServicePlan[]> {
  const first = await freePorts(1 + brokers + workers);
  const ports = {
    SCC_STATE_SERVER_PORT: String(first),
    SCC_BROKER_SERVER_PORT: String(first + 1),
    SOCKETCLUSTER_PORT: String(first + 1 + brokers),
    SCC_METRICS_PORT: "0",
  };
  const wishes = { workers, brokers, host: undefined, module: undefined };
  const plans = planCluster(wishes, { SOCKETCLUSTER_LOG_LEVEL: "2", ...env, ...ports });
  if (brokers > 0) return plans;
  return plans.flatMap((plan) =>
    plan.service === "scc-worker" ? { ...plan, env: { ...plan.env, SCC_STATE_SERVER_HOST: "" } } : [],
  );
}

/** The first of so many free ports in a row. */
async function freePorts(count: number): Promise<number> {
  for (let first = LOWEST_PORT + (process.pid % 30) * 100; first + count < HIGHEST_PORT; first += count) {
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
  throw new LoadError(`There are no ${count} free ports in a row between ${LOWEST_PORT} and ${HIGHEST_PORT}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
