import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { answerProbe } from "../../src/runtime/http/http.ts";
import { imageOf } from "./image.ts";
import {
  ALL,
  containerOf,
  type Deployment,
  deploymentsOf,
  type ObjectSet,
  selects,
  servicesOf,
  type Variable,
} from "./objects.ts";
import { type Env, problemsOfArguments, type Role, roleCalled } from "./roles.ts";

/** What is kept for the end of a process, after what it does within its own time, seconds. */
const SPARE_SECONDS = 5;
const IMAGE = imageOf("Dockerfile");

interface Deployed {
  readonly set: ObjectSet;
  readonly deployment: Deployment;
  readonly role: Role;
}

const DEPLOYED: readonly (readonly [string, Deployed])[] = ALL.flatMap((set) =>
  deploymentsOf(set).map((deployment) => {
    const role = roleCalled(containerOf(deployment).name);
    return [`${deployment.metadata.name} of ${set.name}`, { set, deployment, role }] as const;
  }),
);

/** What Kubernetes would set, with or without the secret. */
function environmentOf(deployment: Deployment, podIp: string, secret: boolean): Env {
  const values = containerOf(deployment).env.map((variable) => [variable.name, textOf(variable)] as const);
  return Object.fromEntries(values.filter((entry): entry is [string, string] => entry[1] !== undefined));

  function textOf({ value, valueFrom }: Variable): string | undefined {
    if (value !== undefined) return value;
    if (valueFrom?.fieldRef?.fieldPath === "status.podIP") return podIp;
    const { key, optional } = valueFrom?.secretKeyRef ?? {};
    if (!secret && optional) return undefined;
    return key === "worker-options" ? '{"authKey":"a secret of clients"}' : `the ${key} of the secret`;
  }
}

function effective({ deployment, role }: Deployed) {
  return role.effective(environmentOf(deployment, "10.1.2.3", true));
}

function numberOf(deployment: Deployment, portName: string): number | undefined {
  return containerOf(deployment).ports.find(({ name }) => name === portName)?.containerPort;
}

describe.each(DEPLOYED)("The deployment %s", (_name, deployed) => {
  const { set, deployment, role } = deployed;
  const pod = deployment.spec.template.spec;
  const container = containerOf(deployment);

  it("sets only variables that the service reads", () => {
    const known = new Set(Object.values(role.settings).map(({ env }) => env));

    expect(container.env.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  it.each([
    ["10.1.2.3", true],
    ["fd00::7", true],
    ["10.1.2.3", false],
  ])("sets values that the service accepts: address %s, with the secret %s", (podIp, secret) => {
    expect(() => role.effective(environmentOf(deployment, podIp, secret))).not.toThrow();
  });

  it("calls scc as it can be called", () => {
    expect(problemsOfArguments(role, container.args ?? IMAGE.command)).toEqual([]);
  });

  it("names the ports that the service listens on", () => {
    const { port, metricsPort } = effective(deployed);

    expect(numberOf(deployment, container.name)).toBe(port);
    expect(numberOf(deployment, "metrics")).toBe(metricsPort);
    expect(deployment.spec.template.metadata.annotations["prometheus.io/port"]).toBe(String(metricsPort));
    expect(container.ports.length).toBe(2);
  });

  it("asks for liveness and readiness where the service answers", () => {
    const { startupProbe, readinessProbe, livenessProbe } = container;
    for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe]) {
      expect(numberOf(deployment, httpGet.port)).toBe(effective(deployed).port);
      expect(httpGet.scheme ?? "HTTP").toBe(effective(deployed).secure ? "HTTPS" : "HTTP");
    }
    expect(statusOf(readinessProbe.httpGet.path)).toEqual({ unready: 503, dead: 200 });
    expect(statusOf(livenessProbe.httpGet.path)).toEqual({ unready: 200, dead: 503 });
    // A broker that waits for scc-state is not to be started again.
    expect(startupProbe.httpGet.path).toBe(livenessProbe.httpGet.path);
  });

  it("gives it the time that it takes to end, and little more", () => {
    const needed = effective(deployed).stopMs / 1000 + SPARE_SECONDS;

    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(needed);
    expect(pod.terminationGracePeriodSeconds).toBeLessThan(needed + 1);
  });

  it("tells members where scc-state is", () => {
    const { stateServer } = effective(deployed);
    if (role.name === "state") return expect(stateServer).toBeUndefined();
    const service = servicesOf(set).find(({ metadata }) => metadata.name === stateServer?.host);
    const state = deploymentsOf(set).find((one) => containerOf(one).name === "scc-state");

    expect(service?.spec.ports.map(({ port }) => port)).toEqual([stateServer?.port]);
    expect(selects(service?.spec.selector ?? {}, state?.spec.template.metadata.labels ?? {})).toBe(true);
  });

  it("has members announce the address of their pod", () => {
    const variable = container.env.find(({ name }) => name === "SCC_INSTANCE_IP");

    expect(variable?.valueFrom?.fieldRef?.fieldPath).toBe(role.name === "state" ? undefined : "status.podIP");
  });

  it("takes secrets from a secret, and does not start without the cluster's key", () => {
    const secret = Object.values(role.settings).flatMap(({ env, secret }) => (secret ? [env] : []));
    for (const name of secret) {
      const ref = container.env.find((variable) => variable.name === name)?.valueFrom?.secretKeyRef;
      expect(ref, name).toBeDefined();
      expect(ref?.optional, name).toBe(name === "SCC_AUTH_KEY" ? undefined : true);
    }
    expect(secret.length).toBeGreaterThan(0);
  });

  it("runs it with as few rights as it needs", () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: IMAGE.user,
        seccompProfile: { type: "RuntimeDefault" },
      },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    const account = set.objects.find(
      ({ kind, metadata }) => kind === "ServiceAccount" && metadata.name === pod.serviceAccountName,
    );
    expect(account).toMatchObject({ automountServiceAccountToken: false });
  });

  it("bounds its memory, and not its CPU", () => {
    const { limits, requests } = container.resources;

    expect(Object.keys(limits)).toEqual(["memory"]);
    expect(Object.keys(requests).toSorted()).toEqual(["cpu", "memory"]);
  });

  it("selects its own pods", () => {
    expect(selects(deployment.spec.selector.matchLabels, deployment.spec.template.metadata.labels)).toBe(
      true,
    );
  });

  it("is one that is replaced, where it is scc-state", () => {
    if (role.name === "state")
      expect(deployment.spec).toMatchObject({ replicas: 1, strategy: { type: "Recreate" } });
    else expect(deployment.spec.strategy.type).toBe("RollingUpdate");
  });
});

/** How the code answers a probe of this path, where the service is not ready, and where it is dead. */
function statusOf(path: string): { readonly unready: number; readonly dead: number } {
  const ask = (liveness: string | undefined, readiness: string | undefined): number => {
    let status = 0;
    const response = {
      writeHead: (code: number) => {
        status = code;
      },
      end: () => {},
    };
    answerProbe(
      { liveness: () => liveness, readiness: () => readiness },
      { method: "GET", url: path } as IncomingMessage,
      response as unknown as ServerResponse,
    );
    return status;
  };
  return { unready: ask(undefined, "not ready"), dead: ask("dead", undefined) };
}
