import { describe, expect, it } from "vitest";
import {
  type Life,
  type LifeEvent,
  NO_ANSWER,
  next,
  ranWell,
  unborn,
  WELL_AFTER_MS,
  worthRestarting,
} from "./life.ts";

const spawned: LifeEvent = { kind: "spawned", pid: 71 };
const ready: LifeEvent = { kind: "probed", trouble: undefined };
const unready: LifeEvent = { kind: "probed", trouble: "no ring yet" };
const stop: LifeEvent = { kind: "stop" };
const exit = (code: number | null, signal: NodeJS.Signals | null, retryInMs?: number): LifeEvent => ({
  kind: "exited",
  exit: { code, signal },
  retryInMs,
});

describe("the life of a service", () => {
  it("starts, and is ready when its probe says so", () => {
    expect(lifeAfter(spawned)).toMatchObject({ phase: "starting", pid: 71, restarts: 0 });
    expect(lifeAfter(spawned, ready)).toMatchObject({ phase: "ready", everReady: true });
  });

  it("says why it is not ready: still starting, or no longer", () => {
    expect(lifeAfter(spawned, unready)).toMatchObject({ phase: "starting", reason: "no ring yet" });
    expect(lifeAfter(spawned, ready, unready)).toMatchObject({ phase: "not ready", reason: "no ring yet" });
    expect(lifeAfter(spawned, ready, unready, ready)).not.toHaveProperty("reason");
  });

  it("does not mention that a service which just starts gives no answer", () => {
    const silent: LifeEvent = { kind: "probed", trouble: NO_ANSWER };

    expect(lifeAfter(spawned, silent)).not.toHaveProperty("reason");
    expect(lifeAfter(spawned, ready, silent)).toMatchObject({ phase: "not ready", reason: NO_ANSWER });
  });

  it("waits for its restart when it died, and counts it", () => {
    const dead = lifeAfter(spawned, ready, exit(null, "SIGKILL", 500));

    expect(dead).toMatchObject({ phase: "restarting", reason: "SIGKILL", restartAt: 500 });
    expect(dead).not.toHaveProperty("pid");
    expect(next(dead, spawned, 500)).toMatchObject({ phase: "starting", restarts: 1, startedAt: 500 });
  });

  it("is stopped for good when it is not to be started again", () => {
    expect(lifeAfter(spawned, exit(2, null))).toMatchObject({ phase: "stopped", clean: false });
  });

  it("ends cleanly when it exits with 0 after it was asked to", () => {
    expect(lifeAfter(spawned, ready, stop)).toMatchObject({ phase: "stopping" });
    expect(lifeAfter(spawned, ready, stop, exit(0, null))).toMatchObject({ phase: "stopped", clean: true });
  });

  it.each([
    [1, null],
    [null, "SIGKILL"],
    [null, "SIGTERM"],
  ] as const)("does not end cleanly with code %s or signal %s", (code, signal) => {
    expect(lifeAfter(spawned, ready, stop, exit(code, signal)).clean).toBe(false);
  });

  it("may die of the signal before it was ready to listen to it", () => {
    expect(lifeAfter(spawned, stop, exit(null, "SIGTERM")).clean).toBe(true);
    expect(lifeAfter(spawned, ready, exit(1, null, 9), spawned, stop, exit(null, "SIGTERM")).clean).toBe(
      true,
    );
  });

  it("is stopped at once when there is no process", () => {
    expect(lifeAfter(spawned, exit(1, null, 500), stop)).toMatchObject({ phase: "stopped", clean: true });
  });

  it("pays no heed to a probe's answer that comes late", () => {
    expect(lifeAfter(spawned, stop, ready).phase).toBe("stopping");
    expect(lifeAfter(spawned, exit(1, null, 500), ready).phase).toBe("restarting");
  });
});

describe("a service that ended", () => {
  it("is started again, whatever it died of", () => {
    expect(worthRestarting(lifeAfter(spawned), { code: 1, signal: null })).toBe(true);
    expect(worthRestarting(lifeAfter(spawned), { code: null, signal: "SIGKILL" })).toBe(true);
  });

  it("is given up if it refuses its configuration and never worked", () => {
    expect(worthRestarting(lifeAfter(spawned), { code: 2, signal: null })).toBe(false);
    expect(worthRestarting(lifeAfter(spawned, ready), { code: 2, signal: null })).toBe(true);
  });

  it("had been well only if it was ready and ran for a while", () => {
    expect(ranWell(lifeAfter(spawned, ready), WELL_AFTER_MS - 1)).toBe(false);
    expect(ranWell(lifeAfter(spawned, ready), WELL_AFTER_MS)).toBe(true);
    expect(ranWell(lifeAfter(spawned), WELL_AFTER_MS)).toBe(false);
  });
});

/** The life after some events, all at time 0. */
function lifeAfter(...events: LifeEvent[]): Life {
  return events.reduce((life, event) => next(life, event, 0), unborn);
}
