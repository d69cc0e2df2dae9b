import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ALERTS, askedBy, labelsOf, queries, rules } from "../observability/expressions.ts";
import { mustRunAll } from "../support/chromium.ts";
import { Cluster, freePort, type Service, until } from "../support/processes.ts";
import { Prometheus, whyNoPrometheus } from "../support/prometheus.ts";
import { scc } from "../support/scc.ts";

/** Labels that Prometheus itself gives, by the target. */
const OF_TARGETS = ["instance", "job"];

const HEAD = /^# HELP (scc_\w+) (.*)\n# TYPE \w+ (\w+)$/gm;

/** A real cluster that shows its metrics. */
class Shown {
  readonly state: Service;
  readonly broker: Service;
  readonly worker: Service;
  readonly ports: readonly number[];

  private constructor(services: readonly Service[], ports: readonly number[]) {
    [this.state, this.broker, this.worker] = services as [Service, Service, Service];
    this.ports = ports;
  }

  static async start(args: readonly string[] = [], env = {}): Promise<Shown> {
    const cluster = await Cluster.create();
    const ports = [await freePort(), await freePort(), await freePort()];
    const state = cluster.state({ SCC_METRICS_PORT: ports[0]! });
    const broker = await cluster.broker({ SCC_METRICS_PORT: ports[1]! });
    const worker = await cluster.worker({ SCC_METRICS_PORT: ports[2]!, ...env }, args);
    await Promise.all([state.ready(), broker.ready(), worker.ready()]);
    return new Shown([state, broker, worker], ports);
  }

  /** A row for each metric of ours: who shows it, its type, what it is. */
  async table(): Promise<string> {
    const rows = new Map<string, { help: string; type: string; services: string[] }>();
    for (const [index, port] of this.ports.entries()) {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      for (const [, name = "", help = "", type = ""] of page.matchAll(HEAD)) {
        const row = rows.get(name) ?? { help, type, services: [] };
        row.services.push(["state", "broker", "worker"][index] ?? "");
        rows.set(name, row);
      }
    }
    const lines = [...rows].map(([name, { help, type, services }]) => {
      const who = services.length === this.ports.length ? "all" : services.join(", ");
      return `| \`${name}\` | ${type} | ${who} | ${help} |`;
    });
    return `\n| metric | type | process | meaning |\n| --- | --- | --- | --- |\n${lines.toSorted().join("\n")}\n\n`;
  }

  /** The labels of each metric, as the processes show them now. */
  async metrics(): Promise<Map<string, Set<string>>> {
    const found = new Map<string, Set<string>>();
    for (const port of this.ports) {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      for (const [, name = "", labels = ""] of page.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
        const known = found.get(name) ?? new Set();
        for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) known.add(label);
        found.set(name, known);
      }
    }
    return found;
  }
}

const DOCUMENT = new URL("../../docs/metrics.md", import.meta.url);
const TABLE = /(<!-- metrics: [^>]*-->\n)[\s\S]*?(<!-- \/metrics -->)/;

describe("What observes a cluster", () => {
  it("asks only for metrics and labels that the processes have", async () => {
    const shown = await Shown.start(["--processes", "2"]);
    // Labels are there once something has happened.
    await scc(["pub", `--url=ws://127.0.0.1:${shown.worker.port}`, "news", "1"]).code;
    const refused = scc(["pub", `--url=ws://127.0.0.1:${shown.worker.port}`, "news", "1"], {
      SCC_TOKEN: "x",
    });
    await refused.code;
    await until("errors and ends are counted", async () => {
      const metrics = await shown.metrics();
      return ["scc_worker_errors_total", "scc_worker_closes_total"].every(
        (name) => (metrics.get(name)?.size ?? 0) > 2,
      );
    });
    const metrics = await shown.metrics();

    const asked = [
      ...queries(),
      ...rules().map(({ alert, expr, annotations }) => ({
        where: alert,
        expr,
        labels: labelsOf(Object.values(annotations).join()),
      })),
    ];
    const unknown = asked.flatMap(({ where, expr, labels }) => {
      const { metrics: names, labels: looked } = askedBy(expr);
      const known = new Set([...OF_TARGETS, ...names.flatMap((name) => [...(metrics.get(name) ?? [])])]);
      const missing = names.filter((name) => !metrics.has(name));
      return [...missing, ...[...looked, ...labels].filter((label) => !known.has(label))].map(
        (name) => `${where}: ${name}`,
      );
    });

    expect(unknown).toEqual([]);
    expect(asked.length).toBeGreaterThan(50);
  });

  it("is told of every metric of ours in docs/metrics.md, as the processes show them, and of every alert", async () => {
    const shown = await Shown.start(["--processes", "2"]);
    const page = readFileSync(DOCUMENT, "utf8");
    const table = await shown.table();
    const expected = page.replace(TABLE, (_all, start, end) => `${start}${table}${end}`);
    if (process.env.SCC_TEST_WRITE) writeFileSync(DOCUMENT, expected);

    expect(process.env.SCC_TEST_WRITE ? expected : page).toBe(expected);
    expect(expected).toContain("`scc_worker_acknowledgement_seconds` | histogram |");
    const sections = [...page.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(rules().map(({ alert }) => alert));
  });

  const reason = mustRunAll() ? undefined : whyNoPrometheus();
  it.skipIf(reason)(
    `is a real Prometheus: all targets are up, and alerts fire for what really happens${reason ? ` (${reason})` : ""}`,
    { timeout: 90_000 },
    async () => {
      const shown = await Shown.start([], { SCC_PUBLISH_LIMIT: 500 });
      // Whoever waits for ten minutes in earnest waits for none here.
      const impatient = readFileSync(ALERTS, "utf8").replaceAll(/^ +for: .*\n/gm, "");
      const prometheus = await Prometheus.start(shown.ports, impatient);

      await until("all targets are up", async () => {
        const targets = await prometheus.targets();
        return targets.length === 3 && targets.every(({ health }) => health === "up");
      });
      await prometheus.fires("SccOneBroker");
      const critical = (await prometheus.firing()).filter(({ labels }) => labels.severity === "critical");
      expect(critical).toEqual([]);

      await shown.state.stop("SIGKILL");
      await prometheus.fires("SccStateMissing");
      await shown.broker.stop("SIGKILL");
      const worker = `127.0.0.1:${shown.ports[2]}`;
      expect(await prometheus.fires("SccLinksMissing")).toMatchObject({ instance: worker });
      expect(await prometheus.fires("SccNotReady")).toMatchObject({
        instance: worker,
        service: "scc-worker",
      });

      const pub = scc(["pub", `--url=ws://127.0.0.1:${shown.worker.port}`, "news", "1", "--count", "100"]);
      expect(await pub.code).toBe(1);
      expect(await prometheus.fires("SccPublishesRejected")).toMatchObject({
        instance: worker,
        reason: "time",
      });
    },
  );
});
