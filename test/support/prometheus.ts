import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { stringify } from "yaml";
import { freePort, until } from "./processes.ts";

/** Why tests that need Prometheus are skipped here; undefined where it is. */
export function whyNoPrometheus(): string | undefined {
  try {
    execFileSync("promtool", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "it needs the system package prometheus: apt-get install -y prometheus";
  }
}

interface Target {
  readonly health: string;
  readonly lastError: string;
  readonly scrapeUrl: string;
}

interface Alert {
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A real Prometheus, with rules, that scrapes as often as a test has patience for. It ends with the test. */
export class Prometheus {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #directory: string;
  output = "";

  private constructor(port: number, process: ChildProcess, directory: string) {
    this.port = port;
    this.#process = process;
    this.#directory = directory;
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    running.add(this);
  }

  /** @param rules the text of a file with rules */
  static async start(targets: readonly number[], rules: string): Promise<Prometheus> {
    const directory = mkdtempSync(join(tmpdir(), "scc-prometheus-"));
    const port = await freePort();
    writeFileSync(join(directory, "rules.yaml"), rules);
    const config = {
      global: { scrape_interval: "300ms", scrape_timeout: "300ms", evaluation_interval: "500ms" },
      rule_files: ["rules.yaml"],
      scrape_configs: [
        { job_name: "scc", static_configs: [{ targets: targets.map((target) => `127.0.0.1:${target}`) }] },
      ],
    };
    writeFileSync(join(directory, "prometheus.yml"), stringify(config));
    const args = [
      `--config.file=${join(directory, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const prometheus = new Prometheus(port, spawn("prometheus", args), directory);
    await until("Prometheus is ready", async () => {
      const url = `http://127.0.0.1:${port}/-/ready`;
      // It does not listen yet: that is what is waited for, within the deadline.
      return (await fetch(url).catch(() => undefined))?.status === 200;
    });
    return prometheus;
  }

  async targets(): Promise<readonly Target[]> {
    return (await this.#get<{ activeTargets: Target[] }>("targets")).activeTargets;
  }

  /** The alerts that fire now. */
  async firing(): Promise<readonly Alert[]> {
    const { alerts } = await this.#get<{ alerts: Alert[] }>("alerts");
    return alerts.filter(({ state }) => state === "firing");
  }

  /** Waits until an alert fires. Returns its labels. */
  async fires(name: string): Promise<Readonly<Record<string, string>>> {
    let found: Alert | undefined;
    await until(
      `${name} fires`,
      async () => {
        found = (await this.firing()).find(({ labels }) => labels.alertname === name);
        return found !== undefined;
      },
      30_000,
    );
    return found?.labels ?? {};
  }

  async end(): Promise<void> {
    if (this.#process.exitCode === null) {
      const exited = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await exited;
    }
    rmSync(this.#directory, { recursive: true });
  }

  async #get<T>(what: string): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.port}/api/v1/${what}`);
    return ((await response.json()) as { data: T }).data;
  }
}

const running = new Set<Prometheus>();

afterEach(async () => {
  const left = [...running];
  running.clear();
  await Promise.all(left.map((prometheus) => prometheus.end()));
});
