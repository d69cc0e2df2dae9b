import { describe, expect, it } from "vitest";
import type { ContenderName } from "../../bench/contenders/contender.ts";
import type { Job } from "../../bench/measure/job.ts";
import type { Measured } from "../../bench/measure/measured.ts";
import type { Line } from "../../bench/record/lines.ts";
import { type Run, runSteps, type StepsOptions } from "../../bench/suite/run-steps.ts";
import { SCENARIOS } from "../../bench/suite/scenarios.ts";
import type { Step } from "../../bench/suite/schedule.ts";
import { STUDIES } from "../../bench/suite/studies.ts";
import { measured } from "./fixtures.ts";

const FANOUT = SCENARIOS.find(({ name }) => name === "fanout")!;
const MANY = SCENARIOS.find(({ name }) => name === "cluster-many")!;
const WORKERS = STUDIES.find(({ name }) => name === "workers")!;

const PAIR: Step = { kind: "comparison", scenario: FANOUT, peer: "uws" };
const ALONE: Step = { kind: "comparison", scenario: FANOUT, peer: undefined };
const GROWTH: Step = { kind: "growth", study: WORKERS, value: 4, contender: "scc" };

describe("Steps", () => {
  it("measure ours and then the peer, under the same load, and tell it as one line", async () => {
    const { jobs, lines } = await take([PAIR], ({ contender }) => measured(contender === "scc" ? 1 : 2));

    expect(jobs.map(({ contender }) => contender)).toEqual(["scc", "uws"]);
    expect(jobs[0]!.load).toEqual(FANOUT.load);
    expect(jobs[1]!.load).toEqual(jobs[0]!.load);
    expect(lines).toMatchObject([
      { kind: "comparison", scenario: "fanout", peer: "uws", ours: measured(1), theirs: measured(2) },
    ]);
  });

  it("measure ours alone where there is no peer, and a point of a study with its load", async () => {
    const { jobs, lines } = await take([ALONE, GROWTH], () => measured(1));

    expect(lines).toMatchObject([
      { kind: "comparison", scenario: "fanout" },
      { kind: "growth", study: "workers", value: 4, contender: "scc" },
    ]);
    expect(lines[0]).not.toHaveProperty("peer");
    expect(jobs[1]!.load.shape).toEqual({ workers: 4, brokers: 1 });
  });

  it("bind a single server to a core, where that can be done, and never a cluster", async () => {
    const steps: Step[] = [ALONE, { kind: "comparison", scenario: MANY, peer: undefined }];

    expect((await take(steps, () => measured(1))).jobs.map(({ pin }) => pin)).toEqual([true, false]);
    expect((await take(steps, () => measured(1), { canPin: false })).jobs.map(({ pin }) => pin)).toEqual([
      false,
      false,
    ]);
  });

  it("are short when they are to be quick", async () => {
    const { jobs } = await take([ALONE], () => measured(1), { quick: true });

    expect(jobs[0]!.load.durationMs).toBeLessThan(FANOUT.load.durationMs);
  });

  it("go on after a failure, keep what ours did, and say whose it was, without the folders of this machine", async () => {
    const { lines } = await take([PAIR, GROWTH], ({ contender }) => {
      if (contender === "uws") throw new Error("worker 1 ended: Error in /home/somebody/secret/uws.cjs:3");
      return measured(1);
    });

    expect(lines).toMatchObject([
      { kind: "comparison", scenario: "fanout", ours: measured(1) },
      { kind: "failure", of: "fanout", contender: "uws", reason: "worker 1 ended: Error in uws.cjs:3" },
      { kind: "growth" },
    ]);
  });

  it("give up what failed twice, and only that", async () => {
    const { jobs } = await take([PAIR, PAIR, PAIR, PAIR, ALONE], ({ contender }) => {
      if (contender === "uws") throw new Error("no");
      return measured(1);
    });

    expect(jobs.map(({ contender }) => contender)).toEqual(["scc", "uws", "scc", "uws", "scc"]);
  });

  it("record nothing of the run that they were stopped in, and take no further step", async () => {
    const stop = new AbortController();
    const { jobs, lines } = await take(
      [ALONE, PAIR, GROWTH],
      ({ contender }) => {
        if (contender !== "uws") return measured(1);
        stop.abort();
        throw new Error("killed");
      },
      { stop: stop.signal },
    );

    expect(jobs).toHaveLength(3);
    expect(lines.map(({ kind }) => kind)).toEqual(["comparison"]);
  });

  it("hide no fault of their own behind a failed run", async () => {
    const listener = {
      standing: () => {},
      measured: () => {
        throw new Error("the disk is full");
      },
      failed: () => {},
    };

    await expect(runSteps([ALONE], options(), listener, async () => measured(1))).rejects.toThrow(
      "disk is full",
    );
  });
});

function options(more: Partial<StepsOptions> = {}): StepsOptions {
  const stop = new AbortController().signal;
  return { quick: false, canPin: true, peers: "/peers", uwsPreload: undefined, stop, ...more };
}

async function take(
  steps: readonly Step[],
  result: (job: Job) => Measured,
  more: Partial<StepsOptions> = {},
): Promise<{ jobs: Job[]; lines: Line[]; standings: ContenderName[] }> {
  const jobs: Job[] = [];
  const lines: Line[] = [];
  const standings: ContenderName[] = [];
  const run: Run = async (job) => {
    jobs.push(job);
    return result(job);
  };
  const listener = {
    standing: (_: Step, contender: ContenderName) => void standings.push(contender),
    measured: (_: Step, line: Line) => void lines.push(line),
    failed: (_: Step, line: Line, kept: Line | undefined) => void lines.push(...(kept ? [kept] : []), line),
  };
  await runSteps(steps, options(more), listener, run);
  return { jobs, lines, standings };
}
