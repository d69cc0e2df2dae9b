import { describe, expect, it } from "vitest";
import { runJob } from "../../bench/measure/run-job.ts";
import { USUAL } from "../../bench/suite/load.ts";

const SMALL = {
  ...USUAL,
  subscribers: 20,
  channels: 10,
  publishers: 2,
  pace: { perSecond: 100 },
  settleMs: 100,
  warmupMs: 100,
  durationMs: 500,
};

describe("A run", () => {
  it("starts our built worker, loads it, and tells what that took", async () => {
    const phases = new Set<string>();
    const job = {
      contender: "scc",
      load: SMALL,
      pin: false,
      peers: "/nowhere",
      uwsPreload: undefined,
    } as const;
    const measured = await runJob(job, ({ phase }) => phases.add(phase));

    expect(measured).toMatchObject({
      connections: 22,
      lost: 0,
      duplicated: 0,
      reordered: 0,
      malformed: 0,
      errors: {},
    });
    expect(measured.delivered).toBeGreaterThan(0);
    expect(measured.processes).toMatchObject([{ name: "worker 1", role: "worker" }]);
    expect(measured.processes[0]!.rssBytes).toBeGreaterThan(2 ** 20);
    expect([...phases]).toEqual(expect.arrayContaining(["starting", "connect", "measure"]));
  });

  it("says which server did not start, and why", async () => {
    const job = {
      contender: "ws",
      load: SMALL,
      pin: false,
      peers: "/nowhere",
      uwsPreload: undefined,
    } as const;

    await expect(runJob(job, () => {})).rejects.toThrow(
      /^worker 1 ended \(exit code 1\): .*Cannot find module/s,
    );
  });
});
