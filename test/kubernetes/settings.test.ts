import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Setting } from "../../src/runtime/config/config.ts";
import { containerOf, deploymentsOf, filesIn, RENDERED, read, type Variable } from "./objects.ts";
import { ROLES, type Role, roleCalled } from "./roles.ts";

/** What the chart sets otherwise than a process does by itself, and why. */
const DIFFERS: Readonly<Record<string, string>> = {
  "broker SCC_DRAIN_MS":
    "Kubernetes waits for as long as it is told to; at a terminal nobody wants to wait a minute",
  "worker SCC_DRAIN_MS":
    "Kubernetes waits for as long as it is told to; at a terminal nobody wants to wait a minute",
  "broker SCC_STATE_SERVER_HOST": "the service of the release's own scc-state",
  "worker SCC_STATE_SERVER_HOST": "the service of the release's own scc-state",
  "worker SCC_LAME_DUCK_MS":
    "load balancers are told by Kubernetes; by hand there is none that would have to notice",
  "worker ENV": "no demo page beside an application",
};

type Values = Readonly<Record<string, unknown>>;

interface Schema {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
}

const VALUES = parse(read("chart/values.yaml")) as Readonly<Record<Role["name"], Values>>;
const SCHEMA = JSON.parse(read("chart/values.schema.json")) as Schema;

/** A value of the chart that is a setting of a process: it has the setting's key. */
interface SetByValue {
  readonly role: Role;
  readonly key: string;
  readonly setting: Setting<unknown>;
  readonly schema: Schema;
}

const BY_VALUE: readonly SetByValue[] = ROLES.flatMap((role) =>
  Object.keys(VALUES[role.name]).flatMap((key) => {
    const [setting, schema] = [role.settings[key], SCHEMA.properties?.[role.name]?.properties?.[key]];
    return setting && schema ? [{ role, key, setting, schema }] : [];
  }),
);
const NAMED = BY_VALUE.map((one) => [`${one.role.name}.${one.key}`, one] as const);

function accepts({ schema }: Setting<unknown>, value: unknown): boolean {
  return schema.safeParse(String(value)).success;
}

function variablesOf(set: string, { name }: Role): readonly Variable[] {
  const rendered = RENDERED.find((one) => one.name.endsWith(`/${set}.yaml`));
  const deployment = deploymentsOf(rendered!).find((one) => roleCalled(containerOf(one).name).name === name);
  return containerOf(deployment!).env;
}

/** What Kubernetes gives a process of a variable: the last one counts. */
function textOf(variables: readonly Variable[], env: string): string | undefined {
  return variables.findLast(({ name }) => name === env)?.value;
}

describe("The chart's values that are settings", () => {
  it("are found", () => {
    expect(NAMED.map(([name]) => name)).toEqual(["broker.drainMs", "worker.drainMs", "worker.lameDuckMs"]);
  });

  it.each(NAMED)("may be what the process accepts, and nothing else: %s", (_name, { setting, schema }) => {
    const { type, minimum = Number.NaN, maximum = Number.NaN } = schema;

    expect(type).toBe("integer");
    expect([minimum, maximum].map((bound) => accepts(setting, bound))).toEqual([true, true]);
    expect([minimum - 1, maximum + 1].map((bound) => accepts(setting, bound))).toEqual([false, false]);
  });

  it.each(NAMED)("reach the process: %s", (_name, { role, key, setting }) => {
    for (const [set, values] of [
      ["default", VALUES],
      ["application", parse(read("test/kubernetes/values/application.yaml"))],
    ] as const) {
      const value = values[role.name][key] ?? VALUES[role.name][key];
      expect(textOf(variablesOf(set, role), setting.env), set).toBe(String(value));
    }
  });
});

describe("What the chart sets by itself", () => {
  it("is what the process would take anyway, but for what is listed here with its reason", () => {
    const differs = ROLES.flatMap((role) =>
      variablesOf("default", role).flatMap(({ name, value }) => {
        const setting = Object.values(role.settings).find(({ env }) => env === name);
        // What comes from a secret or from the pod has no default.
        if (setting === undefined || value === undefined) return [];
        const parsed = setting.schema.parse(value);
        return parsed === setting.fallback ? [] : [`${role.name} ${name}`];
      }),
    );

    expect(differs.toSorted()).toEqual(Object.keys(DIFFERS).toSorted());
  });

  it("is named in the chart as the processes name it, secrets among it", () => {
    const known = new Set(ROLES.flatMap(({ settings }) => Object.values(settings).map(({ env }) => env)));
    const text = filesIn("chart").map(read).join("\n");
    const named = new Set(text.match(/\b(SCC|SOCKETCLUSTER)_[A-Z_]+\b/g));

    expect([...named].filter((name) => !known.has(name))).toEqual([]);
    expect(named.size).toBeGreaterThan(8);
  });
});

describe("All other settings", () => {
  const given = parse(read("test/kubernetes/values/application.yaml")) as typeof VALUES;

  it.each(ROLES.map((role) => [role.name, role] as const))(
    "come in by %s.extraEnv, behind what the chart sets by itself: the last one counts",
    (name, role) => {
      const extra = given[name].extraEnv as readonly Variable[];

      expect(extra.length).toBeGreaterThan(0);
      expect(variablesOf("application", role).slice(-extra.length)).toEqual(extra);
      expect(VALUES[name].extraEnv).toEqual([]);
    },
  );
});
