import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ConfigError } from "../../runtime/errors.ts";
import { type BenchFlags, checkFlags, secretsOf, wishesOf } from "./flags.ts";

const FLAGS: BenchFlags = { protocol: "socketcluster", size: 128, connecting: 100, generators: 1 };

function problems(check: () => unknown): readonly string[] {
  try {
    check();
  } catch (error) {
    return (error as ConfigError).problems;
  }
  return [];
}

describe("The flags of scc bench", () => {
  it("are refused where they do not go together, all at once", () => {
    const flags = { ...FLAGS, rate: 5, workers: 2, warmup: 1000 };

    expect(problems(() => checkFlags("idle", flags))).toEqual([
      "--workers and --brokers go with --local",
      "--rate: idle does not publish",
      "--warmup: idle does not publish",
    ]);
    expect(problems(() => checkFlags("cluster", { ...FLAGS, url: ["ws://a"] }))).toHaveLength(1);
    expect(problems(() => checkFlags("fanout", { ...FLAGS, rate: 5 }))).toEqual([]);
  });

  it("take secrets from files and the environment only, and not two of them", () => {
    const directory = mkdtempSync(join(tmpdir(), "bench-"));
    const file = join(directory, "key");
    writeFileSync(file, "from a file\n");

    expect(secretsOf(FLAGS, { SOCKETCLUSTER_AUTH_KEY: "a" })).toEqual({ authKey: "a", token: undefined });
    expect(secretsOf({ ...FLAGS, authKeyFile: file }, {}).authKey).toBe("from a file");
    expect(secretsOf({ ...FLAGS, tokenFile: file }, {}).token).toBe("from a file");
    expect(problems(() => secretsOf({ ...FLAGS, tokenFile: `${file}x` }, {}))).toHaveLength(1);
    expect(problems(() => secretsOf(FLAGS, { SOCKETCLUSTER_AUTH_KEY: "a", SCC_BENCH_TOKEN: "b" }))).toEqual([
      "a key to sign tokens with and a token: give one of them",
    ]);
    rmSync(directory, { recursive: true });
  });

  it("become a window or a rate, and another prefix for each run", () => {
    expect(wishesOf({ ...FLAGS, rate: 5 }, ["ws://a"], {}).pace).toEqual({ perSecond: 5 });
    expect(wishesOf({ ...FLAGS, window: 5 }, ["ws://a"], {}).pace).toEqual({ window: 5 });
    expect(wishesOf(FLAGS, ["ws://a"], {})).toMatchObject({ pace: undefined, urls: ["ws://a"] });
    expect(wishesOf(FLAGS, [], {}).channelPrefix).toMatch(/^bench-\w+-$/);
    expect(wishesOf({ ...FLAGS, prefix: "x" }, [], {}).channelPrefix).toBe("x");
  });
});
