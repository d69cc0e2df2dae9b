import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../support/ports.ts";
import type { Targets } from "./flood.ts";
import { MemoryGroup } from "./memory-group.ts";

const MIB = 2 ** 20;
const HERE = fileURLToPath(new URL(".", import.meta.url));
const READY_WITHIN_MS = 30_000;
const POLL_MS = 100;
/** What the image gives V8 of a container's memory. */
const HEAP_SHARE = 0.5;
/** Memory of each process as the manifests limit it, MiB. */
const LIMITS = { state: 256, broker: 1024, worker: 1024 } as const;
type Role = keyof typeof LIMITS;

interface Plan {
  readonly name: string;
  readonly role: Role;
  readonly port: number;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly root: string;
}

/** One process at the memory limits of the manifests. */
class Limited {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
  output = "";
  /** Most resident memory seen, bytes. */
  peak = 0;
  readonly #group: MemoryGroup | undefined;

  constructor({ name, role, port, args, env, root }: Plan) {
    this.name = name;
    this.port = port;
    const limit = LIMITS[role] * MIB;
    this.#group = MemoryGroup.create(`scc-floods-${process.pid}-${name}`, limit);
    const heap = `--max-old-space-size=${(LIMITS[role] * HEAP_SHARE).toFixed(0)}`;
    const command = [process.execPath, heap, `${root}dist/cli/main.js`, role, ...(args ?? [])];
    const join = this.#group === undefined ? "" : `echo $$ > ${this.#group.procs}; `;
    this.process = spawn("sh", ["-c", `${join}exec "$@"`, "sh", ...command], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output = (this.output + chunk).slice(-20_000);
      });
    }
  }

  get isLimited(): boolean {
    return this.#group !== undefined;
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async becomeReady(): Promise<void> {
    const until = performance.now() + READY_WITHIN_MS;
    while (performance.now() < until && this.isRunning) {
      // It does not listen yet: that is what is waited for, within the deadline.
      const response = await fetch(`http://127.0.0.1:${this.port}/readyz`).catch(() => undefined);
      if (response?.status === 200) return;
      await after(POLL_MS);
    }
    throw new Error(`${this.name} is not ready:\n${this.output}`);
  }

  sample(): void {
    if (!this.isRunning) return;
    try {
      const status = readFileSync(`/proc/${this.process.pid}/status`, "utf8");
      const kilobytes = Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0);
      this.peak = Math.max(this.peak, kilobytes * 1024);
    } catch {
      // It ended between two looks; `isRunning` tells.
    }
  }

  async end(): Promise<void> {
    if (this.isRunning) {
      const exited = once(this.process, "exit");
      this.process.kill("SIGKILL");
      await exited;
    }
    this.#group?.remove();
  }
}

/** A cluster to be flooded: scc-state, two brokers and a worker, real processes with the memory of the manifests. */
export class Site {
  readonly services: readonly Limited[];
  readonly targets: Targets;
  #timer: NodeJS.Timeout | undefined;

  private constructor(services: readonly Limited[], targets: Targets) {
    this.services = services;
    this.targets = targets;
  }

  /** @param root of the checkout whose build is started, with a slash at the end */
  static async start(root: string): Promise<Site> {
    const [state, broker, another, worker] = (await Promise.all([
      freePort(),
      freePort(),
      freePort(),
      freePort(),
    ])) as [number, number, number, number];
    const services = servicesAt({ state, brokers: [broker, another], worker }, root);
    const site = new Site(services, { worker, broker });
    site.#timer = setInterval(() => {
      for (const service of services) service.sample();
    }, POLL_MS);
    try {
      await Promise.all(services.map((service) => service.becomeReady()));
    } catch (error) {
      await site.end();
      throw error;
    }
    return site;
  }

  /** Processes that ended though nobody told them to, each with its last words. */
  get dead(): string[] {
    return this.services
      .filter(({ isRunning }) => !isRunning)
      .map(({ name, output }) => `${name} ended: ${output.trim().split("\n").slice(-12).join("\n")}`);
  }

  get isLimited(): boolean {
    return this.services.every(({ isLimited }) => isLimited);
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.services.map((service) => service.end()));
  }
}

interface Ports {
  readonly state: number;
  readonly brokers: readonly number[];
  readonly worker: number;
}

function servicesAt({ state, brokers, worker }: Ports, root: string): Limited[] {
  const common = { SCC_METRICS_PORT: "0", SCC_STATE_SERVER_PORT: `${state}` };
  const member = { ...common, SCC_STATE_SERVER_HOST: "127.0.0.1" };
  const delays = { SCC_STATE_SERVER_STARTUP_DELAY: "0", SCC_STATE_SERVER_SCALE_OUT_DELAY: "500" };
  return [
    new Limited({ name: "state", role: "state", port: state, env: { ...common, ...delays }, root }),
    ...brokers.map((port) => {
      const env = { ...member, SCC_BROKER_SERVER_PORT: `${port}` };
      return new Limited({ name: `broker-${port}`, role: "broker", port, env, root });
    }),
    new Limited({
      name: "worker",
      role: "worker",
      port: worker,
      args: [`${HERE}app.mjs`],
      env: { ...member, SOCKETCLUSTER_PORT: `${worker}` },
      root,
    }),
  ];
}
