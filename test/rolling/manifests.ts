import { type Container, containerOf, deploymentsOf, MANIFESTS, type Probe } from "../kubernetes/objects.ts";

export const ROLES = ["state", "broker", "worker"] as const;
export type Role = (typeof ROLES)[number];

/** Times of a probe, as Kubernetes has them. */
export interface ProbeTimes {
  readonly path: string;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly failureThreshold: number;
}

/** What the manifests say about the pods of one role, as far as a kubelet and a deployment act on it. Times in ms. */
export interface PodSpec {
  readonly role: Role;
  /** Variables with a value: those from secrets and from the pod itself are left out. */
  readonly env: Readonly<Record<string, string>>;
  readonly startup: ProbeTimes;
  readonly readiness: ProbeTimes;
  /** From the announcement to SIGKILL. */
  readonly graceMs: number;
  /** How long a pod has to be ready before it counts as available. */
  readonly minReadyMs: number;
  /** Instead of new before old. */
  readonly recreate: boolean;
}

interface Rollout {
  readonly minReadySeconds?: number;
  readonly strategy: {
    readonly type: string;
    readonly rollingUpdate?: { readonly maxSurge: number; readonly maxUnavailable: number };
  };
}

/** @throws {Error} if the manifests roll in a way that is not acted out here */
export function podSpecOf(role: Role): PodSpec {
  const deployment = deploymentsOf(MANIFESTS).find(({ metadata }) => metadata.name === `scc-${role}`);
  if (deployment === undefined) throw new Error(`There is no deployment scc-${role} in ${MANIFESTS.name}`);
  const { spec } = deployment;
  const container = containerOf(deployment);
  const { strategy, minReadySeconds = 0 }: Rollout = spec;
  const { type, rollingUpdate } = strategy;
  const recreate = type === "Recreate";
  if (!recreate && (rollingUpdate?.maxSurge !== 1 || rollingUpdate.maxUnavailable !== 0))
    throw new Error(`scc-${role} is not rolled with maxSurge 1 and maxUnavailable 0`);
  return {
    role,
    env: valuesOf(container),
    startup: timesOf(container.startupProbe),
    readiness: timesOf(container.readinessProbe),
    graceMs: spec.template.spec.terminationGracePeriodSeconds * 1000,
    minReadyMs: minReadySeconds * 1000,
    recreate,
  };
}

function valuesOf({ env = [] }: { readonly env?: Container["env"] }): Record<string, string> {
  return Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}

function timesOf(probe: Probe): ProbeTimes {
  const { periodSeconds, timeoutSeconds, failureThreshold }: Partial<Record<string, number>> = {
    ...probe,
  } as object;
  if (periodSeconds === undefined || timeoutSeconds === undefined || failureThreshold === undefined)
    throw new Error(`The probe of ${probe.httpGet.path} lacks one of its times`);
  return {
    path: probe.httpGet.path,
    periodMs: periodSeconds * 1000,
    timeoutMs: timeoutSeconds * 1000,
    failureThreshold,
  };
}
