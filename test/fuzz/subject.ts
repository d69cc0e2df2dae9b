import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../support/ports.ts";
import { until } from "../support/waiting.ts";

/** The built package. */
export const SCC = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const SAMPLER = new URL("sampler.mjs", import.meta.url).href;

/** What a process was like since the last `begin`. */
export interface Sample {
  readonly round: number;
  /** The longest time in which it did nothing but one thing, ms of the processor. */
  readonly turnMs: number;
  /** The longest time in which its event loop did not come round, ms; also for want of a processor. */
  readonly waitedMs: number;
  readonly rssBytes: number;
}

/** MiB that each kind of process may take, as the manifests in `kubernetes/` limit it; half of that is for V8's heap. */
const MEMORY = { state: 256, broker: 1024, worker: 1024 } as const;

/** A process under attack, started from the built package. */
export class Subject {
  readonly name: string;
  readonly port: number;
  /** Bytes that it may take. */
  readonly memory: number;
  /** Each time it ended, in words; it is not started again. */
  ended: string | undefined;
  readonly #child: ChildProcess;
  readonly #samples: string;
  #output = "";

  constructor(
    kind: "state" | "broker" | "worker",
    port: number,
    { program, ...env }: Readonly<Record<string, string>> & { readonly program: string },
  ) {
    this.name = kind;
    this.port = port;
    this.memory = MEMORY[kind] * 2 ** 20;
    const heap = `--max-old-space-size=${MEMORY[kind] / 2}`;
    this.#samples = join(mkdtempSync(join(tmpdir(), "scc-fuzz-")), "samples.json");
    this.#child = spawn(process.execPath, [heap, "--import", SAMPLER, program, kind], {
      env: { PATH: process.env.PATH, FUZZ_SAMPLES: this.#samples, SCC_METRICS_PORT: "0", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-2_000_000);
      });
    this.#child.on("exit", (code, signal) => {
      this.ended = `${kind} ended with ${signal ?? code}:\n${this.#output.slice(-3000)}`;
    });
  }

  /** Faults that it contained: its log lines of them. */
  get faults(): readonly Record<string, unknown>[] {
    const lines = this.#output.split("\n").filter((line) => line.includes('"a fault of this program'));
    return lines.map((line) => JSON.parse(line));
  }

  async ready(): Promise<this> {
    await until(`${this.name} is ready`, async () => {
      if (this.ended !== undefined) throw new Error(this.ended);
      const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`).catch(() => undefined);
      return answer?.status === 200;
    }).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.#output.slice(-3000)}`);
    });
    return this;
  }

  /** Forgets what it was like until now. */
  async begin(): Promise<void> {
    const { round } = await this.sample();
    if (this.ended !== undefined) return;
    this.#child.kill("SIGUSR2");
    await until(`${this.name} begins anew`, () => this.ended !== undefined || this.#read().round > round);
  }

  async sample(): Promise<Sample> {
    await until("there are samples", () => this.ended !== undefined || existsSync(this.#samples));
    return this.#read();
  }

  async stop(): Promise<void> {
    if (this.ended === undefined) {
      const exited = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await exited;
    }
    rmSync(join(this.#samples, ".."), { recursive: true, force: true });
  }

  #read(): Sample {
    return JSON.parse(readFileSync(this.#samples, "utf8"));
  }
}

/** A cluster of two brokers and a worker, and what attackers know of it. */
export interface Site {
  readonly state: Subject;
  readonly brokers: readonly [Subject, Subject];
  readonly worker: Subject;
  readonly key: string | undefined;
}

/** @param program the `scc` that its processes are */
export async function startSite(key: string | undefined, program: string): Promise<Site> {
  const statePort = await freePort();
  const common = {
    program,
    SCC_HOST: "127.0.0.1",
    ...(key === undefined ? {} : { SCC_AUTH_KEY: key }),
    SCC_STATE_SERVER_HOST: "127.0.0.1",
    SCC_STATE_SERVER_PORT: String(statePort),
  };
  const state = new Subject("state", statePort, {
    ...common,
    SCC_STATE_SERVER_STARTUP_DELAY: "0",
    SCC_STATE_SERVER_SCALE_OUT_DELAY: "200",
  });
  const broker = async (): Promise<Subject> => {
    const port = await freePort();
    return new Subject("broker", port, { ...common, SCC_BROKER_SERVER_PORT: String(port) });
  };
  const brokers = [await broker(), await broker()] as const;
  const port = await freePort();
  const worker = new Subject("worker", port, { ...common, SOCKETCLUSTER_PORT: String(port) });
  const site = { state, brokers, worker, key };
  try {
    await Promise.all(subjectsOf(site).map((subject) => subject.ready()));
  } catch (error) {
    await stopSite(site);
    throw error;
  }
  return site;
}

export function subjectsOf({ state, brokers, worker }: Site): readonly Subject[] {
  return [state, ...brokers, worker];
}

export async function stopSite(site: Site): Promise<void> {
  await Promise.all(subjectsOf(site).map((subject) => subject.stop()));
}
