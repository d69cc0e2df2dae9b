import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { drainCapacity } from "../../src/server/drain/drain.ts";
import { workerSettings } from "../../src/worker/config.ts";
import { containerOf, deploymentsOf, MANIFESTS, REPOSITORY, read } from "./objects.ts";
import { ROLES } from "./roles.ts";

/** What a worker keeps of its grace period for everything but its clients. */
const RESERVE_MS = Number(/RESERVE_MS = (\d+)/.exec(read("src/worker/farewell.ts"))?.[1]);

describe("docs/operations.md", () => {
  const text = read("docs/operations.md");

  it("links to what is there", () => {
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g))
      expect(existsSync(`${REPOSITORY}docs/${target}`), target).toBe(true);
  });

  it("names files that are there", () => {
    const files = [...text.matchAll(/`(scc-[\w-]+\.yaml)`/g)].map(([, file]) => `kubernetes/${file}`);
    const scripts = [...text.matchAll(/`(scripts\/[\w-]+\.sh)`/g)].map(([, file]) => file);

    expect(files.length).toBeGreaterThan(8);
    expect([...files, ...scripts].filter((file) => !existsSync(`${REPOSITORY}${file}`))).toEqual([]);
  });

  it("names settings that there are", () => {
    const known = new Set(ROLES.flatMap(({ settings }) => Object.values(settings).map(({ env }) => env)));
    const named = text.match(/\b(SCC|SOCKETCLUSTER)_[A-Z_]+\b/g) ?? [];

    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it("has the times of the manifests", () => {
    const row = (name: string): string[] => {
      const [, cells = ""] = new RegExp(`^\\| ${name} \\|(.*)\\|$`, "m").exec(text) ?? [];
      return cells.split("|").map((cell) => cell.trim());
    };
    const [worker, broker, state] = ["scc-worker", "scc-broker", "scc-state"].map((name) => {
      const deployment = deploymentsOf(MANIFESTS).find((one) => containerOf(one).name === name);
      if (deployment === undefined) throw new Error(`There is no ${name}`);
      const { env } = containerOf(deployment);
      const secondsOf = (name: string): string => {
        return `${Number(env.find((variable) => variable.name === name)?.value) / 1000} s`;
      };
      return {
        grace: `${deployment.spec.template.spec.terminationGracePeriodSeconds} s`,
        drain: secondsOf("SCC_DRAIN_MS"),
        lameDuck: secondsOf("SCC_LAME_DUCK_MS"),
      };
    });

    expect(row("`terminationGracePeriodSeconds`")).toEqual([worker?.grace, broker?.grace, state?.grace]);
    expect(row("`SCC_DRAIN_MS`").slice(0, 2)).toEqual([worker?.drain, broker?.drain]);
    expect(text).toMatch(new RegExp(`^\\| \`SCC_LAME_DUCK_MS\`[^|]*\\| ${worker?.lameDuck} \\|`, "m"));
  });

  it("says how many clients a worker can send away in that time", () => {
    const capacity = drainCapacity({
      perSecond: workerSettings.drainRate.fallback,
      deadlineMs: 60_000 - RESERVE_MS,
    });

    expect(text).toContain(`${capacity.toLocaleString("en")} clients`);
  });
});
