import { validate as deployment } from "kubernetes-models/_schemas/IoK8sApiAppsV1Deployment";
import { validate as autoscaler } from "kubernetes-models/_schemas/IoK8sApiAutoscalingV2HorizontalPodAutoscaler";
import { validate as secret } from "kubernetes-models/_schemas/IoK8sApiCoreV1Secret";
import { validate as service } from "kubernetes-models/_schemas/IoK8sApiCoreV1Service";
import { validate as serviceAccount } from "kubernetes-models/_schemas/IoK8sApiCoreV1ServiceAccount";
import { validate as ingress } from "kubernetes-models/_schemas/IoK8sApiNetworkingV1Ingress";
import { validate as networkPolicy } from "kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy";
import { validate as disruptionBudget } from "kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget";
import { z } from "zod";
import type { KubernetesObject } from "./objects.ts";

/** A schema as `kubernetes-models` has it: a function that looks at every key it knows, and at no other. */
interface Validate {
  (data: unknown): boolean;
  errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
}

const SCHEMAS: ReadonlyMap<string, Validate> = new Map(
  Object.entries({
    "apps/v1 Deployment": deployment,
    "autoscaling/v2 HorizontalPodAutoscaler": autoscaler,
    "networking.k8s.io/v1 Ingress": ingress,
    "networking.k8s.io/v1 NetworkPolicy": networkPolicy,
    "policy/v1 PodDisruptionBudget": disruptionBudget,
    "v1 Secret": secret,
    "v1 Service": service,
    "v1 ServiceAccount": serviceAccount,
  } as unknown as Record<string, Validate>),
);

/** The Gateway API is no part of Kubernetes itself: what we use of it, as its specification has it. */
const name = z.string().regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/);
const metadata = z.strictObject({ name, labels: z.record(z.string(), z.string()).optional() });
const gateway = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata,
  spec: z.strictObject({
    gatewayClassName: name,
    listeners: z
      .array(
        z.strictObject({
          name,
          hostname: z.string().optional(),
          protocol: z.enum(["HTTP", "HTTPS"]),
          port: z.number().int(),
          tls: z
            .strictObject({
              mode: z.literal("Terminate"),
              certificateRefs: z.array(z.strictObject({ name })),
            })
            .optional(),
        }),
      )
      .min(1),
  }),
});
const httpRoute = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata,
  spec: z.strictObject({
    parentRefs: z.array(z.strictObject({ name })).min(1),
    rules: z.array(
      z.strictObject({
        backendRefs: z.array(z.strictObject({ name, port: z.number().int() })),
        timeouts: z.strictObject({ request: z.string().regex(/^\d+(ms|s|m|h)$/) }),
      }),
    ),
  }),
});
const STRICT: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ["gateway.networking.k8s.io/v1 Gateway", gateway],
  ["gateway.networking.k8s.io/v1 HTTPRoute", httpRoute],
]);

/** What is wrong with an object: what its schema says, and keys that its schema does not know. */
export function problemsOf(object: KubernetesObject): string[] {
  const kind = `${object.apiVersion} ${object.kind}`;
  const strict = STRICT.get(kind);
  if (strict) {
    const { error } = strict.safeParse(object);
    return error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
  }
  const validate = SCHEMAS.get(kind);
  if (validate === undefined) return [`there is no schema of ${kind}`];
  const seen = new Set<string>();
  const valid = validate(watched(object, "", seen));
  const problems = valid ? [] : (validate.errors ?? []).map((error) => JSON.stringify(error));
  return [
    ...problems,
    ...keysOf(object, "")
      .filter((path) => !seen.has(path))
      .map((path) => `unknown: ${path}`),
  ];
}

/** The same value, with a note of every key that is asked for. */
function watched<T>(value: T, path: string, seen: Set<string>): T {
  if (typeof value !== "object" || value === null) return value;
  return new Proxy(value, {
    get(target, key, receiver) {
      const child = Reflect.get(target, key, receiver);
      if (typeof key === "symbol" || !Object.hasOwn(target, key)) return child;
      seen.add(`${path}/${key}`);
      return watched(child, `${path}/${key}`, seen);
    },
  });
}

function keysOf(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [
    `${path}/${key}`,
    ...keysOf(child, `${path}/${key}`),
  ]);
}
