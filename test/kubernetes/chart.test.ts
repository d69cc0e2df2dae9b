import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import packageJson from "../../package.json" with { type: "json" };
import { filesIn, type KubernetesObject, MANIFESTS, RENDERED, read } from "./objects.ts";

/** Labels by which helm knows its own, and that nothing else asks for. */
const OF_HELM = ["app.kubernetes.io/managed-by", "helm.sh/chart"];
const VALUES = filesIn("test/kubernetes/values");
const SETS = ["default", ...VALUES.map((file) => file.replace(/^.*\/(.*)\.yaml$/, "$1"))];

/** Of what a rendering was made: scripts/kubernetes-check.sh counts alike. */
function sourcesOf(set: string): string {
  const own = `test/kubernetes/values/${set}.yaml`;
  const files = [...filesIn("chart"), ...(VALUES.includes(own) ? [own] : [])];
  return createHash("sha256").update(files.map(read).join("")).digest("hex");
}

/** Objects by kind and name, without what only helm puts there. */
function byName(objects: readonly KubernetesObject[]): Record<string, KubernetesObject> {
  const entries = objects.map((object) => {
    const labels = Object.entries(object.metadata.labels ?? {}).filter(([key]) => !OF_HELM.includes(key));
    const metadata = { ...object.metadata, labels: Object.fromEntries(labels) };
    return [`${object.kind} ${object.metadata.name}`, { ...object, metadata }] as const;
  });
  return Object.fromEntries(entries);
}

function rendered(set: string): Record<string, KubernetesObject> {
  const found = RENDERED.find(({ name }) => name.endsWith(`/${set}.yaml`));
  if (found === undefined) throw new Error(`${set} was not rendered`);
  return byName(found.objects);
}

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
}

/** Paths of a schema's keys that hold no further named keys. */
function leavesOf({ properties }: Schema, path = ""): string[] {
  if (properties === undefined) return [path];
  return Object.entries(properties).flatMap(([key, child]) => leavesOf(child, `${path}/${key}`));
}

describe("The chart", () => {
  it.each(SETS)("was rendered as it is now: %s", (set) => {
    const [line] = read(`test/kubernetes/rendered/${set}.yaml`).split("\n");

    expect(line, "run SCC_TEST_WRITE=1 scripts/kubernetes-check.sh").toBe(
      `# Rendered by scripts/kubernetes-check.sh from sources ${sourcesOf(set)}`,
    );
  });

  it("was rendered with each set of values, and no other", () => {
    expect(RENDERED.map(({ name }) => name)).toEqual(
      SETS.map((set) => `test/kubernetes/rendered/${set}.yaml`).toSorted(),
    );
  });

  it("makes by default what kubernetes/ has", () => {
    const {
      "Gateway scc-gateway": _gateway,
      "HTTPRoute scc-gateway": _route,
      ...manifests
    } = byName(MANIFESTS.objects);

    const { "Secret scc-auth": secret, ...made } = rendered("default");
    expect(made).toEqual(manifests);
    // kubernetes/kustomization.yaml says how to make it.
    expect(secret).toBeDefined();
  });

  it("makes with a gateway what kubernetes/gateway has", () => {
    const { "Ingress scc-ingress": _ingress, ...manifests } = byName(MANIFESTS.objects);

    const { "Secret scc-auth": _secret, ...made } = rendered("gateway");
    expect(made).toEqual(manifests);
  });

  it("makes no secret where it is told the name of one", () => {
    expect(Object.keys(rendered("application")).filter((name) => name.startsWith("Secret"))).toEqual([]);
  });

  it("has the version of the package", () => {
    const { version, appVersion } = parse(read("chart/Chart.yaml"));

    expect([version, appVersion]).toEqual([packageJson.version, packageJson.version]);
  });

  it("has a default for every value that its schema knows, and a schema that knows no other", () => {
    const schema: Schema = JSON.parse(read("chart/values.schema.json"));
    const values = parse(read("chart/values.yaml"));
    const valueAt = (path: string): unknown =>
      path.split("/").reduce((value, key) => (key === "" ? value : value?.[key]), values);

    // What helm itself hands to charts within charts; and resources, of which either may be left out.
    const leaves = leavesOf(schema).filter((path) => path !== "/global");
    expect(leaves.filter((path) => valueAt(path) === undefined)).toEqual([]);
    expect(open(schema)).toEqual(["/global"]);
  });
});

/** Paths at which a schema accepts keys that it does not name, where it names keys or says nothing at all. */
function open(schema: Schema, path = ""): string[] {
  if (schema.type !== "object") return [];
  const below = Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
    open(child, `${path}/${key}`),
  );
  return schema.additionalProperties === undefined ? [path, ...below] : below;
}
