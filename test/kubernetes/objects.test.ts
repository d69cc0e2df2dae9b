import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import packageJson from "../../package.json" with { type: "json" };
import {
  ALL,
  containerOf,
  type Deployment,
  deploymentsOf,
  filesIn,
  type KubernetesObject,
  type Labels,
  MANIFEST_FILES,
  MANIFESTS,
  type ObjectSet,
  parseObjects,
  read,
  selects,
  servicesOf,
} from "./objects.ts";
import { problemsOf } from "./schema.ts";

const IMAGE = "sccluster";

interface Peer {
  readonly podSelector?: { readonly matchLabels: Labels };
  readonly namespaceSelector?: object;
}

interface NetworkPolicy extends KubernetesObject {
  readonly spec: {
    readonly podSelector: { readonly matchLabels: Labels };
    readonly ingress: readonly {
      readonly from?: readonly Peer[];
      readonly ports: readonly { port: string }[];
    }[];
  };
}

interface Autoscaler extends KubernetesObject {
  readonly spec: {
    readonly scaleTargetRef: { readonly name: string };
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly metrics: readonly { readonly pods?: { readonly metric: { readonly name: string } } }[];
    readonly behavior: {
      readonly scaleDown: {
        readonly stabilizationWindowSeconds: number;
        readonly policies: readonly unknown[];
      };
    };
  };
}

interface DisruptionBudget extends KubernetesObject {
  readonly spec: { readonly selector: { readonly matchLabels: Labels } };
}

function of<T extends KubernetesObject>({ objects }: ObjectSet, kind: string): T[] {
  return objects.filter((object): object is T => object.kind === kind);
}

function podLabels(deployment: Deployment): Labels {
  return deployment.spec.template.metadata.labels;
}

/** The services whose pods a selector selects: scc-state, scc-broker, scc-worker. */
function selected(set: ObjectSet, selector: Labels): string[] {
  return deploymentsOf(set)
    .filter((deployment) => selects(selector, podLabels(deployment)))
    .map((deployment) => containerOf(deployment).name);
}

/** Values of a key, wherever it stands. */
function valuesOf(key: string, value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => [
    ...(name === key ? [child] : []),
    ...valuesOf(key, child),
  ]);
}

describe.each(ALL)("The objects of $name", (set) => {
  it("are three deployments, and a service for each, whose port its pods have", () => {
    const services = servicesOf(set).map(({ spec }) => {
      const [name = ""] = selected(set, spec.selector);
      const deployment = deploymentsOf(set).find((one) => containerOf(one).name === name);
      const [{ port, targetPort } = { port: 0, targetPort: "" }] = spec.ports;
      const ports = deployment === undefined ? [] : containerOf(deployment).ports;
      expect(ports.find((one) => one.name === targetPort)?.containerPort).toBe(port);
      return name;
    });

    expect(services.toSorted()).toEqual(["scc-broker", "scc-state", "scc-worker"]);
    expect(deploymentsOf(set).length).toBe(3);
  });

  it("scale what there is, brokers back one at a time and late; nothing else says how many there are", () => {
    for (const { spec } of of<Autoscaler>(set, "HorizontalPodAutoscaler")) {
      const target = deploymentsOf(set).find(({ metadata }) => metadata.name === spec.scaleTargetRef.name);
      const { stabilizationWindowSeconds, policies } = spec.behavior.scaleDown;

      expect(target, spec.scaleTargetRef.name).toBeDefined();
      expect(target?.spec.replicas).toBeUndefined();
      expect(spec.minReplicas).toBeGreaterThanOrEqual(2);
      expect(spec.maxReplicas).toBeGreaterThan(spec.minReplicas);
      expect(policies).toEqual([{ type: "Pods", value: 1, periodSeconds: expect.any(Number) }]);
      expect(stabilizationWindowSeconds).toBeGreaterThanOrEqual(600);
    }
  });

  it("scale by no metric that workers do not have", () => {
    const names = of<Autoscaler>(set, "HorizontalPodAutoscaler")
      .flatMap(({ spec }) => spec.metrics)
      .flatMap(({ pods }) => (pods ? [pods.metric.name] : []));

    for (const name of names) expect(read("src/worker/metrics.ts")).toContain(`"${name}"`);
  });

  it("keep brokers and workers from leaving all at once, and scc-state from nothing", () => {
    const kept = of<DisruptionBudget>(set, "PodDisruptionBudget").flatMap(({ spec }) =>
      selected(set, spec.selector.matchLabels),
    );

    expect(kept).toEqual(kept.length === 0 ? [] : ["scc-broker", "scc-worker"]);
  });

  it("let only members reach scc-state and brokers, and pods reach metrics", () => {
    const allowed = of<NetworkPolicy>(set, "NetworkPolicy").map(({ spec }) => {
      const [to = ""] = selected(set, spec.podSelector.matchLabels);
      const rules = spec.ingress.map(({ from, ports }) => {
        const peers = from?.flatMap(({ podSelector, namespaceSelector }) =>
          podSelector
            ? selected(set, podSelector.matchLabels)
            : [`pods ${JSON.stringify(namespaceSelector)}`],
        );
        return `${ports.map(({ port }) => port)} from ${peers?.toSorted().join(", ") ?? "anywhere"}`;
      });
      return [to, rules] as const;
    });
    if (allowed.length === 0) return;

    expect(Object.fromEntries(allowed)).toEqual({
      "scc-state": ["scc-state from scc-broker, scc-worker", "metrics from pods {}"],
      "scc-broker": ["scc-broker from scc-broker, scc-state, scc-worker", "metrics from pods {}"],
      "scc-worker": ["scc-worker from anywhere", "metrics from pods {}"],
    });
  });

  it("lead clients to the workers", () => {
    const worker = servicesOf(set).find(({ spec }) => selected(set, spec.selector)[0] === "scc-worker");
    const ways = set.objects.filter(({ kind }) => ["Ingress", "HTTPRoute"].includes(kind));

    for (const way of ways) {
      const backends = [...valuesOf("service", way.spec), ...valuesOf("backendRefs", way.spec).flat()];
      expect(backends).toEqual([
        { name: worker?.metadata.name, port: way.kind === "Ingress" ? { name: "scc-worker" } : 8000 },
      ]);
    }
  });

  it("hold no secret but one whose keys are made at random when the chart is installed", () => {
    const made = Buffer.from("made at random").toString("base64");
    for (const secret of of(set, "Secret"))
      expect(secret).toMatchObject({ data: { "auth-key": made, "token-key": made } });
    expect(set === MANIFESTS ? of(set, "Secret") : []).toEqual([]);
  });
});

describe("The folder kubernetes/", () => {
  const kustomization = parse(read("kubernetes/kustomization.yaml"));

  it("has the files that the guide names", () => {
    for (const name of [
      ...["scc-state-deployment", "scc-state-service", "scc-broker-deployment", "scc-broker-service"],
      ...["scc-worker-deployment", "scc-worker-service", "scc-ingress"],
    ])
      expect(MANIFEST_FILES).toContain(`kubernetes/${name}.yaml`);
  });

  it("applies every file with -k, but for the other way in", () => {
    const files = filesIn("kubernetes").filter((file) => /^kubernetes\/scc-[\w-]+\.yaml$/.test(file));

    expect(kustomization.resources.map((file: string) => `kubernetes/${file}`).toSorted()).toEqual(files);
  });

  it("names the image once for all, with the version of the package", () => {
    const images = deploymentsOf(MANIFESTS).map((deployment) => containerOf(deployment).image);

    expect(new Set(images)).toEqual(new Set([`${IMAGE}:${packageJson.version}`]));
    expect(kustomization.images).toEqual([{ name: IMAGE, newName: IMAGE, newTag: packageJson.version }]);
  });

  it("has every object once, so that files are applied one by one in any order", () => {
    const names = MANIFESTS.objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);

    expect(new Set(names).size).toBe(names.length);
  });

  it("does without TLS when the two lines of the guide are deleted", () => {
    const text = read("kubernetes/scc-ingress.yaml");
    const without = text.replace("  tls:\n  - secretName: scc-tls-credentials\n", "");
    const [ingress] = parseObjects(without);
    if (ingress === undefined) throw new Error("There is no ingress");

    expect(without).not.toBe(text);
    expect(problemsOf(ingress)).toEqual([]);
    expect(ingress.spec).not.toHaveProperty("tls");
  });
});
