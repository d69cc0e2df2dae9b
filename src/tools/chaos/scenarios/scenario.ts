import type { Rule } from "../faults/fault.ts";
import type { Role } from "../system/template.ts";

/** Something that is done to the cluster. Processes are called "broker-1": their role, and which one of these. */
export type Action =
  /** A process more; nobody waits until it is ready. Clients of a worker come as soon as it lets them. */
  | { readonly kind: "add"; readonly role: Role }
  /** SIGTERM asks it to leave, SIGKILL ends it. */
  | { readonly kind: "end"; readonly process: string; readonly signal: "SIGTERM" | "SIGKILL" }
  /** Starts it again at the same port, when it is gone. */
  | { readonly kind: "start again"; readonly process: string }
  /** SIGSTOP: it stands still, with all of its connections up. */
  | { readonly kind: "freeze"; readonly process: string }
  | { readonly kind: "wake"; readonly process: string }
  /** Breaks the connections to it once. */
  | { readonly kind: "reset"; readonly process: string; readonly dialler?: string }
  /** A fault on the connections to it, from now on. */
  | { readonly kind: "fault"; readonly process: string; readonly rule: Rule }
  /** Ends the faults on its connections. */
  | { readonly kind: "heal"; readonly process: string }
  /** New connections to scc-state go to this one. */
  | { readonly kind: "aim state"; readonly process: string };

/** An action, and when: ms after the first message was published. */
export interface Step {
  readonly at: number;
  readonly action: Action;
}

/** A run of a scenario, laid out before anything is started. Times are ms. */
export interface Plan {
  /** What is started first. */
  readonly roles: readonly Role[];
  /** In the order of their times. */
  readonly steps: readonly Step[];
  /** How long is published. */
  readonly publishMs: number;
  /** Clients come and go all the time, and the memory of the processes is watched. */
  readonly isSoak: boolean;
}

/** What somebody wants otherwise than usual. */
export interface Wishes {
  /** Brokers at first. */
  readonly brokers?: number | undefined;
  /** Workers at first. */
  readonly workers?: number | undefined;
  /** For scenarios that can be of any length: how long faults go on, ms. */
  readonly durationMs?: number | undefined;
  /** For what is drawn by chance. */
  readonly seed: number;
}

/** What a scenario cannot do without, besides scc-state, brokers and workers. */
export type Need = "upstream-worker" | "diallers";

/** A way in which clusters are treated badly. */
export interface Scenario {
  readonly name: string;
  /** In a few words. */
  readonly about: string;
  readonly brokers: number;
  readonly workers: number;
  /** The fewest brokers it means anything with. */
  readonly leastBrokers: number;
  readonly needs?: readonly Need[];
  /** Absent: as long as its steps take, and not to be changed. */
  readonly durationMs?: number;
  /** Undisturbed traffic after its last step; absent: `CALM_MS`. */
  readonly calmMs?: number;
  readonly isSoak?: boolean;
  /** Started besides brokers and workers. */
  readonly besides?: readonly Role[];
  /** What is done. The first step is at `WARM_MS` at the earliest. */
  steps(cluster: Cluster): readonly Step[];
}

/** The cluster that steps are for. */
export interface Cluster {
  readonly brokers: number;
  readonly workers: number;
  readonly durationMs: number;
  readonly seed: number;
}

/** Undisturbed traffic before the first step and after the last, ms. */
export const WARM_MS = 3000;
export const CALM_MS = 10_000;

const WORKERS_LEAST = 2;

/** Lays out a run. */
export function planOf(scenario: Scenario, wishes: Wishes): Plan {
  const brokers = wishes.brokers ?? scenario.brokers;
  const workers = wishes.workers ?? scenario.workers;
  const durationMs = wishes.durationMs ?? scenario.durationMs ?? 0;
  const steps = scenario
    .steps({ brokers, workers, durationMs, seed: wishes.seed })
    .toSorted((one, other) => one.at - other.at);
  const last = steps.at(-1)?.at ?? WARM_MS;
  return {
    roles: [
      "state",
      ...Array.from({ length: brokers }, () => "broker" as const),
      ...Array.from({ length: workers }, () => "worker" as const),
      ...(scenario.besides ?? []),
    ],
    steps,
    publishMs:
      Math.max(last, scenario.durationMs === undefined ? 0 : WARM_MS + durationMs) +
      (scenario.calmMs ?? CALM_MS),
    isSoak: scenario.isSoak ?? false,
  };
}

/** Why a scenario cannot be run as somebody wishes; undefined if it can. */
export function whyNot(scenario: Scenario, wishes: Pick<Wishes, "brokers" | "workers">): string | undefined {
  if ((wishes.brokers ?? scenario.brokers) < scenario.leastBrokers)
    return `${scenario.name} needs ${scenario.leastBrokers} brokers or more`;
  if ((wishes.workers ?? scenario.workers) < WORKERS_LEAST)
    return `${scenario.name} needs ${WORKERS_LEAST} workers or more: messages are to go from one to another`;
  return undefined;
}

/** "SIGKILL broker-1" */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case "add":
      return `another ${action.role}`;
    case "end":
      return `${action.signal} ${action.process}`;
    case "reset":
      return `reset connections to ${action.process}${action.dialler === undefined ? "" : ` of ${action.dialler}`}`;
    case "fault":
      return `${describeFault(action.rule)} to ${action.process}`;
    case "heal":
      return `heal connections to ${action.process}`;
    case "aim state":
      return `new members go to ${action.process}`;
    default:
      return `${action.kind} ${action.process}`;
  }
}

function describeFault({ fault, direction, dialler }: Rule): string {
  const way = direction === undefined ? "" : direction === "up" ? " one way" : " the way back";
  return `${fault.kind}${way} connections${dialler === undefined ? "" : ` of ${dialler}`}`;
}
