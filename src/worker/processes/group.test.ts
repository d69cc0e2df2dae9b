import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { Exit } from "./exits.ts";
import { type ChildEvents, ProcessGroup } from "./group.ts";
import type { PrimaryMessage } from "./messages.ts";

class FakeChild {
  readonly number: number;
  readonly pid = 1;
  readonly told: PrimaryMessage[] = [];
  readonly signals: string[] = [];
  readonly #events: ChildEvents;

  constructor(number: number, events: ChildEvents) {
    this.number = number;
    this.#events = events;
  }

  send(message: PrimaryMessage): void {
    this.told.push(message);
  }

  kill(signal: string): void {
    this.signals.push(signal);
  }

  /** Says how it is: ready, or in trouble. */
  says(trouble?: string, serves = true): this {
    this.#events.said({ type: "scc:status", serves, trouble });
    return this;
  }

  ends(code: number | null, signal: Exit["signal"] = null): void {
    this.#events.ended({ code, signal });
  }
}

/** A group whose processes a test plays. */
function stage(count: number) {
  const clock = new VirtualClock();
  const children: FakeChild[] = [];
  const failures: Exit[] = [];
  const lines: Record<string, unknown>[] = [];
  const note = (msg: string, fields = {}): void => void lines.push({ msg, ...fields });
  const log: Logger = { debug: note, info: note, warn: note, error: note };
  const group = new ProcessGroup({
    count,
    finalCodes: [77],
    fork: (number, events) => {
      const child = new FakeChild(number, events);
      children.push(child);
      return child;
    },
    clock,
    random: () => 1,
    log,
    metricsCame: () => {},
    gone: () => {},
    failed: (exit) => failures.push(exit),
  });
  const running = (...numbers: number[]) => children.slice(-numbers.length).map(({ number }) => number);
  return { clock, children, failures, lines, group, running };
}

/** A group of which all processes are ready. */
function serving(count: number) {
  const all = stage(count);
  all.group.start();
  all.children[0]?.says();
  for (const child of all.children.slice(1)) child.says();
  return all;
}

describe("A group of processes", () => {
  it("starts the first alone, and the others once it serves", () => {
    const { group, children, lines } = stage(3);
    group.start();
    children[0]?.says("starting", false);
    expect(children.map(({ number }) => number)).toEqual([1]);

    children[0]?.says();
    expect(children.map(({ number }) => number)).toEqual([1, 2, 3]);
    for (const child of children) child.says();
    children[1]?.says();
    expect(lines).toEqual([{ msg: "all processes serve", processes: 3 }]);
  });

  it("fails once, and starts nothing more, if the first ends before it served", () => {
    const { group, children, failures, clock } = stage(3);
    group.start();
    children[0]?.says("starting", false).ends(2);
    clock.advance(60_000);

    expect(failures).toEqual([{ code: 2, signal: null }]);
    expect(children).toHaveLength(1);
  });

  it("replaces a dead process at once, under its number, and says what to do", () => {
    const { children, lines, group } = serving(2);
    children[0]?.ends(null, "SIGKILL");

    expect(children.map(({ number }) => number)).toEqual([1, 2, 1]);
    expect(lines.at(-1)).toMatchObject({ process: 1, cause: "SIGKILL", inMs: 0 });
    expect(String(lines.at(-1)?.advice)).toContain("memory");
    expect(group.replacedCount).toBe(1);
  });

  it("waits longer and longer with one that dies again and again, each for itself", () => {
    const { children, clock } = serving(2);
    children[0]?.ends(1);
    children[2]?.says().ends(1);
    expect(children).toHaveLength(3);
    clock.advance(999);
    expect(children).toHaveLength(3);
    clock.advance(1);
    expect(children).toHaveLength(4);
    children[1]?.ends(1);
    expect(children.at(-1)?.number).toBe(2);
    expect(children).toHaveLength(5);
  });

  it("gives up where the end of one is meant for all", () => {
    const { children, failures } = serving(2);
    children[0]?.ends(77);
    children[1]?.ends(77);

    expect(failures).toEqual([{ code: 77, signal: null }]);
    expect(children).toHaveLength(2);
  });

  it("kills a process that serves and has not answered for half a minute, and not one that starts", () => {
    const { children, clock, group } = stage(2);
    group.start();
    children[0]?.says();
    for (let beat = 0; beat < 60; beat++) {
      children[0]?.says();
      clock.advance(500);
    }
    expect(children.map(({ signals }) => signals)).toEqual([[], []]);
    children[1]?.says();
    for (let beat = 1; beat < 60; beat++) {
      children[0]?.says();
      clock.advance(500);
    }
    expect(children.map(({ signals }) => signals)).toEqual([[], []]);
    children[0]?.says();
    clock.advance(500);
    expect(children.map(({ signals }) => signals)).toEqual([[], ["SIGKILL"]]);
  });
});

describe("The readiness of a group", () => {
  it("tells each process of the whole: when it comes, at each change, and at each beat", () => {
    const { group, children, clock } = stage(2);
    group.start();
    const first = children[0]?.says("starting", false);
    expect(first?.told).toEqual([
      { type: "scc:group", trouble: "process 1 of 2: starting; process 2 of 2: not started yet" },
    ]);
    first?.says();
    expect(first?.told.at(-1)).toEqual({ type: "scc:group", trouble: "process 2 of 2: starting" });
    children[1]?.says();
    expect(first?.told.at(-1)).toEqual({ type: "scc:group", trouble: undefined });
    const before = first?.told.length ?? 0;
    clock.advance(500);
    expect(first?.told.length).toBe(before + 1);
  });

  it("lasts while one process is ready, and counts none that is silent", () => {
    const { group, children, clock } = serving(2);
    children[0]?.ends(1);
    expect([group.trouble, group.readyCount]).toEqual([undefined, 1]);
    clock.advance(3500);

    expect(group.trouble).toContain("process 2 of 2: it does not answer");
  });
});

describe("A group that stops", () => {
  it("lets all end, replaces none, and is done when the last is gone", async () => {
    const { group, children } = serving(2);
    let isDone = false;
    const stopped = group.stop().then(() => {
      isDone = true;
    });
    expect(group.trouble).toBe("stopping");
    expect(children.map(({ told }) => told.at(-1)?.type)).toEqual(["scc:stop", "scc:stop"]);
    children[0]?.ends(0);
    await Promise.resolve();
    expect(isDone).toBe(false);
    children[1]?.ends(0);
    await stopped;
    expect(children).toHaveLength(2);
  });

  it("signals those that have not said anything yet, whose death is then no fault", async () => {
    const { group, children } = stage(2);
    group.start();
    const stopped = group.stop();
    expect(children[0]?.signals).toEqual(["SIGTERM"]);
    children[0]?.ends(null, "SIGTERM");

    await stopped;
  });

  it("calls off what was to be started, and is done at once if nothing runs", async () => {
    const { group, children, clock } = serving(1);
    children[0]?.ends(1);
    children[1]?.ends(1);
    await group.stop();
    clock.advance(60_000);

    expect(children).toHaveLength(2);
  });

  it("says so if one did not end cleanly", async () => {
    const { group, children } = serving(2);
    const stopped = group.stop();
    children[0]?.ends(0);
    children[1]?.ends(1);

    await expect(stopped).rejects.toThrow("1 processes did not end cleanly");
  });
});
