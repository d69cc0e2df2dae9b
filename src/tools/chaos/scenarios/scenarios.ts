import type { Rule } from "../faults/fault.ts";
import type { Action, Scenario, Step } from "./scenario.ts";
import { WARM_MS } from "./scenario.ts";
import { borneSteps, soakSteps } from "./soak.ts";

/** Room for one change of the cluster before the next, ms. */
const CHANGE_MS = 6000;
const RESET_EVERY_MS = 1000;
/** So soon after a change has begun it is in the middle of it, ms. */
const MIDDLE_MS = 600;

const after = (ms: number, action: Action): Step => ({ at: WARM_MS + ms, action });
const end = (process: string, signal: "SIGTERM" | "SIGKILL" = "SIGKILL"): Action => ({
  kind: "end",
  process,
  signal,
});
const again = (process: string): Action => ({ kind: "start again", process });
const add = (role: "broker" | "worker" | "state"): Action => ({ kind: "add", role });

/** A broker stands still for a while. */
function frozen(seconds: number): Scenario {
  return {
    name: `freeze-${seconds}`,
    about: `one of three brokers stands still for ${seconds} s (SIGSTOP), and wakes up again`,
    ...{ brokers: 3, workers: 2, leastBrokers: 2 },
    steps: () => [
      after(0, { kind: "freeze", process: "broker-1" }),
      after(seconds * 1000, { kind: "wake", process: "broker-1" }),
    ],
  };
}

/** All connections of one broker, or those of one worker to it, are faulty for a while. */
function faulty(
  scenario: Pick<Scenario, "name" | "about" | "needs">,
  seconds: number,
  ...rules: readonly Rule[]
): Scenario {
  return {
    ...scenario,
    ...{ brokers: 3, workers: 2, leastBrokers: 2 },
    steps: () => [
      ...rules.map((rule) => after(0, { kind: "fault", process: "broker-1", rule })),
      after(seconds * 1000, { kind: "heal", process: "broker-1" }),
    ],
  };
}

/** While a broker joins, something happens to scc-state; and once more while one leaves. */
function duringChange(name: string, about: string, begin: Action, finish: Action, lastsMs: number): Scenario {
  const leave = MIDDLE_MS + lastsMs + CHANGE_MS;
  return {
    name,
    about: `scc-state is ${about} in the middle of a broker's coming, and of one's leaving`,
    ...{ brokers: 2, workers: 2, leastBrokers: 1 },
    steps: ({ brokers }) => [
      after(0, add("broker")),
      after(MIDDLE_MS, begin),
      after(MIDDLE_MS + lastsMs, finish),
      after(leave, end(`broker-${brokers}`, "SIGTERM")),
      after(leave + MIDDLE_MS / 4, begin),
      after(leave + MIDDLE_MS / 4 + lastsMs, finish),
    ],
  };
}

const SCALING: readonly Scenario[] = [
  {
    name: "add-brokers",
    about: "one broker, then a second, then two more at a time",
    ...{ brokers: 1, workers: 2, leastBrokers: 1 },
    steps: () => [after(0, add("broker")), after(CHANGE_MS, add("broker")), after(CHANGE_MS, add("broker"))],
  },
  {
    name: "remove-brokers",
    about: "four brokers are told to leave (SIGTERM) until one is left",
    ...{ brokers: 4, workers: 2, leastBrokers: 2 },
    steps: ({ brokers }) =>
      Array.from({ length: brokers - 1 }, (_, gone) =>
        after(gone * CHANGE_MS, end(`broker-${brokers - gone}`, "SIGTERM")),
      ),
  },
  {
    name: "join-together",
    about: "a worker and a broker join at the same time, with clients on the worker at once",
    ...{ brokers: 2, workers: 2, leastBrokers: 1 },
    steps: () => [after(0, add("broker")), after(0, add("worker"))],
  },
];

const CRASHES: readonly Scenario[] = [
  {
    name: "kill-one",
    about: "one of three brokers is killed",
    ...{ brokers: 3, workers: 2, leastBrokers: 2 },
    steps: () => [after(0, end("broker-1"))],
  },
  {
    name: "kill-only",
    about: "the only broker is killed, and started again after a second",
    ...{ brokers: 1, workers: 2, leastBrokers: 1 },
    steps: () => [after(0, end("broker-1")), after(1000, again("broker-1"))],
  },
  {
    name: "kill-without-state",
    about: "one of three brokers is killed while scc-state is down",
    ...{ brokers: 3, workers: 2, leastBrokers: 2 },
    steps: () => [after(0, end("state-1")), after(2000, end("broker-1")), after(CHANGE_MS, again("state-1"))],
  },
  frozen(15),
  frozen(35),
];

const LINKS: readonly Scenario[] = [
  {
    name: "resets",
    about: "all connections to the brokers are reset, one broker each second",
    ...{ brokers: 3, workers: 2, leastBrokers: 1 },
    durationMs: 10_000,
    // Nobody has to be found or moved.
    calmMs: 4000,
    steps: ({ brokers, durationMs }) =>
      Array.from({ length: Math.floor(durationMs / RESET_EVERY_MS) }, (_, n) =>
        after(n * RESET_EVERY_MS, { kind: "reset", process: `broker-${1 + (n % brokers)}` }),
      ),
  },
  faulty({ name: "cut", about: "one of three brokers cannot be reached for 5 s: everything is reset" }, 5, {
    fault: { kind: "cut" },
  }),
  faulty(
    { name: "stall", about: "connections to one of three brokers stay up and pass nothing for 30 s" },
    30,
    {
      fault: { kind: "stall" },
    },
  ),
  faulty(
    {
      name: "blackhole",
      about: "what one of three brokers and the others say to each other vanishes for 10 s",
    },
    10,
    {
      fault: { kind: "swallow" },
    },
  ),
  faulty(
    {
      name: "partition",
      about: "for 15 s nothing that one worker says reaches one broker",
      needs: ["diallers"],
    },
    15,
    { fault: { kind: "stall" }, direction: "up", dialler: "worker-1" },
  ),
  faulty(
    { name: "slow-broker", about: "connections to one of three brokers are slow and narrow for 15 s" },
    15,
    { fault: { kind: "delay", ms: 100, jitterMs: 50 } },
    { fault: { kind: "throttle", bytesPerSecond: 200_000 } },
  ),
];

const STATE: readonly Scenario[] = [
  duringChange(
    "state-killed",
    "killed, and started again 3 s later,",
    end("state-1"),
    again("state-1"),
    3000,
  ),
  duringChange(
    "state-paused",
    "stopped for 5 s (SIGSTOP)",
    { kind: "freeze", process: "state-1" },
    { kind: "wake", process: "state-1" },
    5000,
  ),
  duringChange(
    "state-restarted",
    "told to end, and started again at once,",
    end("state-1", "SIGTERM"),
    again("state-1"),
    10,
  ),
  {
    name: "two-states",
    about: "a second scc-state starts while the first still runs; members go over one by one",
    ...{ brokers: 2, workers: 2, leastBrokers: 1 },
    needs: ["diallers"],
    steps: () => [
      after(0, add("state")),
      after(2000, { kind: "aim state", process: "state-2" }),
      after(2500, { kind: "reset", process: "state-1", dialler: "worker-1" }),
      after(2500, { kind: "reset", process: "state-1", dialler: "broker-1" }),
      after(5000, add("broker")),
      after(5000 + CHANGE_MS, end("state-1", "SIGTERM")),
    ],
  },
];

const LONG: readonly Scenario[] = [
  {
    name: "upstream-leaves",
    about: "the last worker of upstream's leaves, and channels are placed otherwise",
    ...{ brokers: 2, workers: 2, leastBrokers: 2 },
    needs: ["upstream-worker"],
    besides: ["upstream-worker"],
    steps: () => [after(0, end("upstream-worker-1", "SIGTERM"))],
  },
  {
    name: "soak",
    about: "faults by chance every few seconds, for 10 minutes, while clients come and go",
    ...{ brokers: 3, workers: 2, leastBrokers: 2 },
    durationMs: 600_000,
    isSoak: true,
    steps: soakSteps,
  },
  {
    name: "soak-borne",
    about:
      "as soak, with faults that cost no broker its place: memory of all that live through it can be compared",
    ...{ brokers: 3, workers: 2, leastBrokers: 2 },
    durationMs: 600_000,
    isSoak: true,
    steps: borneSteps,
  },
];

/** All scenarios, in the order in which they are run. */
export const SCENARIOS: readonly Scenario[] = [...SCALING, ...CRASHES, ...LINKS, ...STATE, ...LONG];

export function scenarioNamed(name: string): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.name === name);
}
