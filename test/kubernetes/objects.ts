import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

export const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

/** Any object of Kubernetes, as far as all of them are alike. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Labels; readonly annotations?: Labels };
  readonly spec?: unknown;
}

export type Labels = Readonly<Record<string, string>>;

export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string; readonly optional?: boolean };
    readonly fieldRef?: { readonly fieldPath: string };
  };
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string; readonly scheme?: string };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env: readonly Variable[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly resources: { readonly requests: Labels; readonly limits: Labels };
  readonly securityContext: Readonly<Record<string, unknown>>;
}

export interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number;
    readonly strategy: { readonly type: string };
    readonly selector: { readonly matchLabels: Labels };
    readonly template: {
      readonly metadata: { readonly labels: Labels; readonly annotations: Labels };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly automountServiceAccountToken: boolean;
        readonly enableServiceLinks: boolean;
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: Readonly<Record<string, unknown>>;
        readonly containers: readonly [Container];
      };
    };
  };
}

export interface Service extends KubernetesObject {
  readonly spec: {
    readonly selector: Labels;
    readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[];
  };
}

/**
 * The objects in a text, as Kubernetes reads them: YAML 1.1, in which `on` is no text.
 *
 * @throws {Error} where it is no YAML, or says something twice
 */
export function parseObjects(text: string): KubernetesObject[] {
  return parseAllDocuments(text, { version: "1.1" }).flatMap((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) throw problem;
    const object: KubernetesObject | null = document.toJS();
    return object === null ? [] : [object];
  });
}

export function read(file: string): string {
  return readFileSync(`${REPOSITORY}${file}`, "utf8");
}

/** Names of the files in a folder, sorted, with everything below it. */
export function filesIn(folder: string): string[] {
  return readdirSync(`${REPOSITORY}${folder}`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(REPOSITORY.length))
    .toSorted((a, b) => (a < b ? -1 : 1));
}

/** What is applied with the manifests, one way of coming in beside the other. */
export const MANIFEST_FILES = filesIn("kubernetes").filter((file) => !file.endsWith("kustomization.yaml"));

/** A set of objects that is applied together, with its name. */
export interface ObjectSet {
  readonly name: string;
  readonly objects: readonly KubernetesObject[];
}

export const MANIFESTS: ObjectSet = {
  name: "kubernetes/",
  objects: MANIFEST_FILES.flatMap((file) => parseObjects(read(file))),
};

/** The chart with several sets of values, as helm rendered it. */
export const RENDERED: readonly ObjectSet[] = filesIn("test/kubernetes/rendered").map((name) => ({
  name,
  objects: parseObjects(read(name)),
}));

export const ALL: readonly ObjectSet[] = [MANIFESTS, ...RENDERED];

export function deploymentsOf({ objects }: ObjectSet): Deployment[] {
  return objects.filter((object): object is Deployment => object.kind === "Deployment");
}

export function servicesOf({ objects }: ObjectSet): Service[] {
  return objects.filter((object): object is Service => object.kind === "Service");
}

export function containerOf(deployment: Deployment): Container {
  return deployment.spec.template.spec.containers[0];
}

/** Whether all labels of a selector are there. */
export function selects(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
