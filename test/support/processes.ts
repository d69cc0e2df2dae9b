import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";
import { freePort } from "./ports.ts";
import { until } from "./waiting.ts";

export { freePort, freePorts } from "./ports.ts";
export { until } from "./waiting.ts";

const SCC = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
type Env = Readonly<Record<string, string | number>>;

/** One real process, started from the built package as a user would. */
export class Service {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** Everything it printed, both streams. */
  output = "";

  /** @param program what Node.js runs, with its arguments before `args`; by default the built `scc` */
  constructor(
    name: string,
    args: readonly string[],
    env: Env,
    port: number,
    program: readonly string[] = [SCC],
  ) {
    this.name = name;
    this.port = port;
    const texts = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, String(value)]));
    // A clean environment: what the developer has set must not change what a test sees.
    this.process = spawn(process.execPath, [...program, ...args], {
      env: { PATH: process.env.PATH, ...texts },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    started.add(this);
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** What it logged, as objects. */
  get log(): Record<string, unknown>[] {
    const lines = this.output.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line));
  }

  /** The status of one of its probes, and what it says; 0 if it does not answer. */
  async probe(path = "/readyz"): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}${path}`);
      return { status: response.status, text: await response.text() };
    } catch (error) {
      return { status: 0, text: String(error) };
    }
  }

  async ready(): Promise<this> {
    let last = "";
    await until(`${this.name} is ready`, async () => {
      if (!this.running) throw new Error(`${this.name} ended:\n${this.output}`);
      const { status, text } = await this.probe();
      last = text;
      return status === 200;
    }).catch((error: Error) => {
      throw new Error(`${error.message}\n${last}\n${this.output}`);
    });
    return this;
  }

  /** Waits until it has printed a text. */
  async printed(text: string): Promise<void> {
    await until(`${this.name} prints "${text}"`, () => this.output.includes(text)).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.output}`);
    });
  }

  /** Sends a signal and waits for the end. Returns the exit code; null if the signal itself ended it. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (!this.running) return this.process.exitCode;
    const exited = once(this.process, "exit");
    this.process.kill(signal);
    await exited;
    return this.process.exitCode;
  }
}

const started = new Set<Service>();

/** A cluster of real processes on free ports. Whatever is left of it ends with the test. */
export class Cluster {
  readonly statePort: number;
  readonly #env: Env;

  constructor(statePort: number, env: Env) {
    this.statePort = statePort;
    this.#env = env;
  }

  /** Starts nothing yet. @param env variables of all its processes */
  static async create(env: Env = {}): Promise<Cluster> {
    return new Cluster(await freePort(), env);
  }

  state(env: Env = {}): Service {
    const delays = { SCC_STATE_SERVER_STARTUP_DELAY: 0, SCC_STATE_SERVER_SCALE_OUT_DELAY: 200 };
    const all = { ...this.#common(), ...delays, SCC_STATE_SERVER_PORT: this.statePort, ...env };
    return new Service("scc-state", ["state"], all, this.statePort);
  }

  async broker(env: Env = {}): Promise<Service> {
    const port = Number(env.SCC_BROKER_SERVER_PORT ?? (await freePort()));
    return new Service(
      "scc-broker",
      ["broker"],
      { ...this.#member(), SCC_BROKER_SERVER_PORT: port, ...env },
      port,
    );
  }

  async worker(env: Env = {}, args: readonly string[] = []): Promise<Service> {
    const port = Number(env.SOCKETCLUSTER_PORT ?? (await freePort()));
    return new Service(
      "scc-worker",
      ["worker", ...args],
      { ...this.#member(), SOCKETCLUSTER_PORT: port, ...env },
      port,
    );
  }

  #common(): Env {
    return { SCC_METRICS_PORT: 0, ...this.#env };
  }

  #member(): Env {
    return { ...this.#common(), SCC_STATE_SERVER_HOST: "127.0.0.1", SCC_STATE_SERVER_PORT: this.statePort };
  }
}

afterEach(async () => {
  const left = [...started].filter(({ running }) => running);
  started.clear();
  await Promise.all(left.map((service) => service.stop("SIGKILL")));
});
