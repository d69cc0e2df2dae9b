import { describe, expect, it } from "vitest";
import { LATENCY_BUCKETS, Latencies } from "./latency.ts";
import { Metrics, printFamilies } from "./metrics.ts";

function observed(...durations: number[]): Latencies {
  const latencies = new Latencies();
  for (const ms of durations) latencies.observe(ms);
  return latencies;
}

function linesOf(page: string, name: string): string[] {
  return page.split("\n").filter((line) => line.startsWith(name));
}

describe("Latencies", () => {
  it("count a duration in the first bucket that it fits in, its upper bound included", () => {
    const { counts, sum } = observed(0.5, 0.6, 1, 10_000, 10_001);

    expect(counts).toEqual([1, 2, ...new Array(11).fill(0), 1, 1]);
    expect(counts).toHaveLength(LATENCY_BUCKETS.length + 1);
    expect(sum).toBeCloseTo(20.0031);
  });

  it("add up", () => {
    const { counts, sum } = Latencies.sum(observed(1), observed(1, 20_000));

    expect(counts).toEqual(observed(1, 1, 20_000).counts);
    expect(sum).toBeCloseTo(20.002);
  });
});

describe("Metrics", () => {
  it("show durations as a histogram in seconds, by label, read when it is scraped", async () => {
    const metrics = new Metrics({ service: "scc-worker", instance: "8000" });
    const replica = new Latencies();
    metrics.latencies("ack_seconds", "help", "level", () => ({ replica, worker: new Latencies() }));
    replica.observe(3);
    replica.observe(30_000);

    const page = await metrics.registry.metrics();

    expect(page).toContain("# TYPE ack_seconds histogram");
    const lines = linesOf(page, "ack_seconds").filter((line) => line.includes('level="replica"'));
    expect(lines).toContain(
      'ack_seconds_bucket{level="replica",le="0.0025",service="scc-worker",instance="8000"} 0',
    );
    expect(lines).toContain(
      'ack_seconds_bucket{level="replica",le="0.005",service="scc-worker",instance="8000"} 1',
    );
    expect(lines).toContain(
      'ack_seconds_bucket{level="replica",le="+Inf",service="scc-worker",instance="8000"} 2',
    );
    expect(lines).toContain('ack_seconds_count{level="replica",service="scc-worker",instance="8000"} 2');
    expect(lines).toContain('ack_seconds_sum{level="replica",service="scc-worker",instance="8000"} 30.003');
  });

  it("show a number for each combination of labels, and none for what is gone", async () => {
    const metrics = new Metrics({ service: "scc-broker" });
    const links = new Map([["open", 2]]);
    metrics.gauges("links", "help", ["role", "state"], () =>
      [...links].map(([state, value]) => ({ labels: { role: "worker", state }, value })),
    );
    links.set("missing", 1);
    expect(linesOf(await metrics.registry.metrics(), "links{")).toEqual([
      'links{role="worker",state="open",service="scc-broker"} 2',
      'links{role="worker",state="missing",service="scc-broker"} 1',
    ]);

    links.delete("open");
    expect(linesOf(await metrics.registry.metrics(), "links{")).toEqual([
      'links{role="worker",state="missing",service="scc-broker"} 1',
    ]);
  });

  it("add durations of several processes up", async () => {
    const lists = await Promise.all(
      [observed(3), observed(3, 30_000)].map((replica) => {
        const metrics = new Metrics({ service: "scc-worker" });
        metrics.latencies("ack_seconds", "help", "level", () => ({ replica }));
        return metrics.families();
      }),
    );

    const lines = linesOf(await printFamilies(lists), "ack_seconds");

    expect(lines).toHaveLength(LATENCY_BUCKETS.length + 3);
    expect(lines.find((line) => line.includes('le="0.005"'))).toMatch(/level="replica".* 2$/);
    expect(lines.find((line) => line.startsWith("ack_seconds_count"))).toMatch(/level="replica".* 3$/);
  });

  it("say whether the process is ready, and which release it is", async () => {
    const metrics = new Metrics({});
    let trouble: string | undefined = "starting";
    metrics.readiness(() => trouble);

    expect(await metrics.registry.metrics()).toContain("\nscc_ready 0\n");
    trouble = undefined;
    expect(await metrics.registry.metrics()).toContain("\nscc_ready 1\n");
    expect(await metrics.registry.metrics()).toMatch(/^scc_release_info\{release="\d+\.\d+\.\d+"\} 1$/m);
  });
});
