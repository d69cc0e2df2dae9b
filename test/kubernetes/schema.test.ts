import { describe, expect, it } from "vitest";
import { ALL, MANIFESTS, parseObjects, read } from "./objects.ts";
import { problemsOf } from "./schema.ts";

describe.each(ALL)("Every object of $name", ({ objects }) => {
  it.each(objects.map((object) => [`${object.kind} ${object.metadata.name}`, object] as const))(
    "is what its schema says, without a key that it does not know: %s",
    (_name, object) => {
      expect(problemsOf(object)).toEqual([]);
    },
  );
});

describe("The schemas", () => {
  const find = (kind: string) => {
    const found = MANIFESTS.objects.find((object) => object.kind === kind);
    if (found === undefined) throw new Error(`There is no ${kind}`);
    return found;
  };

  it.each([
    [
      "Deployment",
      /( {2,})enableServiceLinks:/,
      "$1enableServicelinks:",
      "/spec/template/spec/enableServicelinks",
    ],
    ["Deployment", "fieldRef:", "field:", "valueFrom/field"],
    ["HorizontalPodAutoscaler", "stabilizationWindowSeconds: 60\n", "stabilisation: 60\n", "stabilisation"],
    [
      "PodDisruptionBudget",
      /maxUnavailable: 1\n {2}unhealthy/,
      "maxUnavailble: 1\n  unhealthy",
      "/spec/maxUnavailble",
    ],
  ])("find a key in a %s that is not there: %s", (kind, from, to, path) => {
    const files = ["kubernetes/scc-worker-deployment.yaml", "kubernetes/scc-broker-scaling.yaml"];
    const text = files.map(read).join("---\n");
    const wrong = text.replace(from, to);
    expect(wrong).not.toBe(text);

    const problems = parseObjects(wrong)
      .filter((object) => object.kind === kind)
      .flatMap(problemsOf);

    expect(problems.join("\n")).toMatch(new RegExp(`unknown: \\S*${path}`));
  });

  it("find a value of the wrong type, and one that is missing", () => {
    const deployment = { ...find("Deployment"), spec: { replicas: "1" } };

    const problems = problemsOf(deployment).join("\n");

    expect(problems).toContain("/spec/replicas");
    expect(problems).toContain('"missingProperty":"selector"');
  });

  it("find a key in a gateway that is not there", () => {
    const gateway = find("Gateway");

    expect(problemsOf({ ...gateway, spec: { ...(gateway.spec as object), classs: 1 } })).toEqual([
      expect.stringContaining("classs"),
    ]);
  });
});
