import { describe, expect, it } from "vitest";
import { type Action, CALM_MS, describeAction, type Plan, planOf, WARM_MS, whyNot } from "./scenario.ts";
import { SCENARIOS, scenarioNamed } from "./scenarios.ts";
import { chanceOf } from "./soak.ts";

function planNamed(name: string, wishes: Partial<Parameters<typeof planOf>[1]> = {}): Plan {
  const scenario = scenarioNamed(name);
  if (scenario === undefined) throw new Error(`There is no ${name}`);
  return planOf(scenario, { seed: 1, ...wishes });
}

/** Names of all processes that are there at some time, and those that actions speak of. */
function processesOf({ roles, steps }: Plan): { there: Set<string>; named: string[] } {
  const counts = new Map<string, number>();
  const added = steps.flatMap(({ action }) => (action.kind === "add" ? [action.role] : []));
  const there = [...roles, ...added].map((role) => {
    counts.set(role, (counts.get(role) ?? 0) + 1);
    return `${role}-${counts.get(role)}`;
  });
  const named = steps.flatMap(({ action }) => [
    ...("process" in action ? [action.process] : []),
    ...("dialler" in action && action.dialler !== undefined ? [action.dialler] : []),
  ]);
  return { there: new Set(there), named };
}

const UNDONE: Readonly<Partial<Record<Action["kind"], Action["kind"]>>> = { freeze: "wake", fault: "heal" };

describe("The scenarios", () => {
  it("are all that is promised to be tried", () => {
    expect(SCENARIOS.map(({ name }) => name)).toEqual([
      "add-brokers",
      "remove-brokers",
      "join-together",
      "kill-one",
      "kill-only",
      "kill-without-state",
      "freeze-15",
      "freeze-35",
      "resets",
      "cut",
      "stall",
      "blackhole",
      "partition",
      "slow-broker",
      "state-killed",
      "state-paused",
      "state-restarted",
      "two-states",
      "upstream-leaves",
      "soak",
      "soak-borne",
    ]);
  });

  it.each(SCENARIOS.map(({ name }) => name))("%s only speaks of processes that are there", (name) => {
    for (const brokers of [undefined, 5]) {
      const { there, named } = processesOf(planNamed(name, { brokers }));
      expect(named.filter((each) => !there.has(each))).toEqual([]);
    }
  });

  it.each(SCENARIOS.map(({ name }) => name))(
    "%s begins and ends with undisturbed traffic, and leaves nothing frozen or faulty",
    (name) => {
      const { steps, publishMs } = planNamed(name);
      const times = steps.map(({ at }) => at);

      expect(steps.length).toBeGreaterThan(0);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
      expect(times[0]).toBeGreaterThanOrEqual(WARM_MS);
      expect(publishMs - (times.at(-1) ?? 0)).toBeGreaterThanOrEqual(4000);
      for (const { at, action } of steps) {
        const undo = UNDONE[action.kind];
        const process = "process" in action ? action.process : "";
        const isUndone = steps.some(
          (later) =>
            later.at > at &&
            later.action.kind === undo &&
            "process" in later.action &&
            later.action.process === process,
        );
        expect(undo === undefined || isUndone, describeAction(action)).toBe(true);
      }
    },
  );

  it("remove brokers until one is left, however many there are", () => {
    const { roles, steps } = planNamed("remove-brokers", { brokers: 6 });

    expect(roles.filter((role) => role === "broker")).toHaveLength(6);
    expect(steps.map(({ action }) => describeAction(action))).toEqual(
      [6, 5, 4, 3, 2].map((n) => `SIGTERM broker-${n}`),
    );
  });

  it("take as long as is wished for where they can be of any length", () => {
    expect(planNamed("resets", { durationMs: 3000 }).steps).toHaveLength(3);
    expect(planNamed("soak", { durationMs: 60_000 }).publishMs).toBe(WARM_MS + 60_000 + CALM_MS);
  });

  it("refuse too few processes to mean anything", () => {
    const scenario = scenarioNamed("kill-one");

    expect(whyNot(scenario!, { brokers: 1 })).toBe("kill-one needs 2 brokers or more");
    expect(whyNot(scenario!, { workers: 1 })).toMatch(/2 workers/);
    expect(whyNot(scenario!, {})).toBeUndefined();
  });
});

describe("The soak", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(planNamed("soak", { seed: 7 })).toEqual(planNamed("soak", { seed: 7 }));
    expect(planNamed("soak", { seed: 7 })).not.toEqual(planNamed("soak", { seed: 8 }));
  });

  it("ends no broker, and lets no fault last as long as silence may, where all are to live through it", () => {
    const { steps } = planNamed("soak-borne", { seed: 3 });
    const done = steps.map(({ action }) => describeAction(action));

    expect(done.filter((each) => /SIG(KILL|TERM) broker/.test(each))).toEqual([]);
    for (const { at, action } of steps) {
      if (action.kind !== "freeze" || action.process === "state-1") continue;
      const wakes = steps.find((later) => later.at > at && later.action.kind === "wake");
      expect((wakes?.at ?? Infinity) - at).toBeLessThan(3000);
    }
    expect(steps.length).toBeGreaterThan(100);
  });

  it("does something every few seconds, of each kind and to each broker, and one thing at a time", () => {
    const { steps } = planNamed("soak", { seed: 3 });
    const done = steps.map(({ action }) => describeAction(action));

    expect(steps.length).toBeGreaterThan(100);
    for (const what of [
      "SIGKILL broker-1",
      "SIGTERM broker-2",
      "freeze broker-3",
      "SIGKILL state-1",
      "freeze state-1",
      "cut connections to broker-1",
      "stall connections to broker-2",
      "swallow connections to broker-3",
      "reset connections to broker-1",
    ])
      expect(done).toContain(what);
    // What begins, ends before the next begins: a kill and its start, a fault and its end.
    const begins = steps.filter(({ action }) => !["start again", "wake", "heal"].includes(action.kind));
    for (const { at, action } of begins) {
      const next = steps.find((step) => step.at > at);
      if (action.kind !== "reset")
        expect(next?.action).toMatchObject({ process: "process" in action && action.process });
    }
  });

  it("draws its chance evenly", () => {
    const chance = chanceOf(42);
    const drawn = Array.from({ length: 9000 }, () => Math.floor(chance() * 9));
    const counts = Array.from({ length: 9 }, (_, kind) => drawn.filter((each) => each === kind).length);

    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
