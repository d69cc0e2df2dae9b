import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError } from "../errors.ts";
import {
  configFileSetting,
  headerText,
  integer,
  jsonObject,
  port,
  readConfig,
  text,
  toggle,
} from "./config.ts";
import { resolveConfig } from "./config-sources.ts";
import { nearest } from "./nearest.ts";
import { unknownVariables } from "./unknown-variables.ts";

const directory = mkdtempSync(join(tmpdir(), "scc-config-"));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;

function file(content: string, extension = ""): string {
  files += 1;
  const path = join(directory, `${files}${extension}`);
  writeFileSync(path, content);
  return path;
}

const settings = {
  port: { env: "SCC_STATE_SERVER_PORT", ...port(), fallback: 7777, doc: "port" },
  drainMs: { env: "SCC_DRAIN_MS", ...integer(0, 100), fallback: 25, doc: "grace" },
  secure: { env: "SCC_SECURE", ...toggle(), fallback: false, doc: "TLS" },
  options: { env: "SOCKETCLUSTER_OPTIONS", ...jsonObject(), fallback: {}, doc: "options", secret: true },
  authKey: {
    env: "SCC_AUTH_KEY",
    ...text(),
    fallback: undefined as string | undefined,
    secret: true,
    doc: "key",
  },
  ...configFileSetting,
};

function problemsOf(env: Record<string, string>, flags: Record<string, string> = {}): readonly string[] {
  try {
    readConfig(settings, env, flags);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe("readConfig", () => {
  it("takes a flag before a variable, that before the file, that before the default, and says which it was", () => {
    const path = file('{"drain-ms": 1, "secure": true, "state-server-port": 1}', ".json");
    const env = { SCC_CONFIG_FILE: path, SCC_DRAIN_MS: "2", SCC_STATE_SERVER_PORT: "2", SCC_SECURE: "" };

    const { settings: resolved } = resolveConfig(settings, env, { port: "3" });

    const found = resolved.map(({ key, value, source, from }) => [key, value, source, from]);
    expect(found).toEqual([
      ["port", 3, "flag", "--state-server-port"],
      ["drainMs", 2, "environment", "SCC_DRAIN_MS"],
      ["secure", true, "file", `${path}: secure`],
      ["options", {}, "default", undefined],
      ["authKey", undefined, "default", undefined],
      ["configFile", path, "environment", "SCC_CONFIG_FILE"],
    ]);
    expect(readConfig(settings, env, { port: "3" })).toMatchObject({ port: 3, drainMs: 2, secure: true });
  });

  it("reads YAML and JSON files alike, with objects where a setting is one; null and comments are nothing", () => {
    const yaml = file("# ours\ndrain-ms: 7\noptions:\n  pingInterval: 8000\nauth-key: null\n", ".yaml");
    const json = file('{"drain-ms":7,"options":{"pingInterval":8000}}');

    for (const configFile of [yaml, json])
      expect(readConfig(settings, {}, { configFile })).toMatchObject({
        drainMs: 7,
        options: { pingInterval: 8000 },
        authKey: undefined,
      });
    expect(readConfig(settings, { SCC_CONFIG_FILE: file("# nothing", ".yml") }).drainMs).toBe(25);
  });

  it("refuses what a file says that is no setting, and names the nearest", () => {
    const path = file("SCC_DRAIN_MS: 1\ndrian-ms: 2\nfoo: 3\nconfig: other\nsecure: maybe\n", ".yaml");

    expect(problemsOf({ SCC_CONFIG_FILE: path })).toEqual([
      `${path}: there is no setting "SCC_DRAIN_MS"; did you mean "drain-ms"?`,
      `${path}: there is no setting "drian-ms"; did you mean "drain-ms"?`,
      `${path}: there is no setting "foo"`,
      `${path}: there is no setting "config"`,
      `${path}: secure="maybe": expected 1, true, yes, on or 0, false, no, off`,
    ]);
  });

  it.each([
    ["{", ".json", /JSON/],
    ["a: [", ".yaml", /./],
    ["[1]", "", /expected an object/],
    ["4", ".yml", /expected an object/],
  ])("refuses a file that is none: %s", (content, extension, problem) => {
    const path = file(content, extension);
    const [first, ...more] = problemsOf({ SCC_CONFIG_FILE: path });

    expect(more).toEqual([]);
    expect(first!.startsWith(`${path}: `)).toBe(true);
    expect(first).toMatch(problem);
    expect(first).not.toContain("\n");
  });

  it("says so if there is no such file", () => {
    expect(problemsOf({}, { configFile: "/nowhere.json" })).toEqual([
      expect.stringMatching(/^\/nowhere\.json: ENOENT/),
    ]);
  });

  it("takes secrets from files, without the line end, by variable, flag or configuration file", () => {
    const key = file("the key \n");
    const ours = file(`auth-key-file: ${key}\n`, ".yaml");

    for (const [env, flags] of [
      [{ SCC_AUTH_KEY_FILE: key }, {}],
      [{ SCC_AUTH_KEY: "another" }, { authKeyFile: key }],
      [{ SCC_CONFIG_FILE: ours }, {}],
    ] as const)
      expect(readConfig(settings, env, flags).authKey).toBe("the key ");
  });

  it("refuses a secret and a file for it, an empty file, and one that is not there; what is no secret has none", () => {
    const key = file("k");

    expect(problemsOf({ SCC_AUTH_KEY: "k", SCC_AUTH_KEY_FILE: key })).toEqual([
      "SCC_AUTH_KEY and SCC_AUTH_KEY_FILE are both set: give one of them",
    ]);
    expect(problemsOf({ SCC_AUTH_KEY_FILE: file("\n") })).toEqual([
      expect.stringMatching(/^SCC_AUTH_KEY_FILE: .* is empty$/),
    ]);
    expect(problemsOf({ SCC_AUTH_KEY_FILE: "/nowhere" })).toEqual([
      expect.stringMatching(/^SCC_AUTH_KEY_FILE: ENOENT/),
    ]);
    expect(problemsOf({ SCC_DRAIN_MS_FILE: "/nowhere" })).toEqual([]);
  });

  it("refuses a key that no header could carry, without saying it", () => {
    const ofKey = { authKey: { ...settings.authKey, ...headerText() } };
    const problems = (key: string): readonly string[] => {
      try {
        readConfig(ofKey, { SCC_AUTH_KEY: key });
        return [];
      } catch (error) {
        return (error as ConfigError).problems;
      }
    };

    for (const key of ["k", "a key", "p\u00e4ss", "x".repeat(1000)]) expect(problems(key)).toEqual([]);
    for (const key of ["hidden\n", "hid\rden", " hidden", "hidden ", "hidden\u0000", "hidden\u20ac"]) {
      const [problem = "", ...more] = problems(key);
      expect([problem, more]).toEqual([
        expect.stringContaining("a text of one line, without spaces around it"),
        [],
      ]);
      expect(problem).not.toContain("hid");
    }
  });

  it("never says what a secret is", () => {
    const problems = problemsOf({ SOCKETCLUSTER_OPTIONS: "{authKey: hidden" });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^SOCKETCLUSTER_OPTIONS=\(secret\): expected a JSON object/);
  });

  it("does not take for a port what Kubernetes says of a service that is called like ours", () => {
    expect(readConfig(settings, { SCC_STATE_SERVER_PORT: "tcp://10.0.0.7:7777" }).port).toBe(7777);
    expect(problemsOf({ SCC_STATE_SERVER_PORT: "tcp" })).toHaveLength(1);
  });
});

describe("unknownVariables", () => {
  const known = new Set(["SCC_DRAIN_MS", "SCC_DRAIN_RATE", "SCC_AUTH_KEY"]);

  it("finds those that nothing reads, and what was probably meant", () => {
    const env = { SCC_DRIAN_MS: "1", SCC_NONSENSE: "", PATH: "/bin", SCC_AUTH_KEY: "x", SCC_AUTHKEY: "x" };

    expect(unknownVariables(env, known)).toEqual([
      { name: "SCC_AUTHKEY", nearest: "SCC_AUTH_KEY" },
      { name: "SCC_DRIAN_MS", nearest: "SCC_DRAIN_MS" },
      { name: "SCC_NONSENSE", nearest: undefined },
    ]);
  });

  it("leaves alone what Kubernetes sets for services, and nothing that only looks similar", () => {
    const injected = {
      SCC_STATE_PORT: "tcp://10.0.0.7:7777",
      SCC_STATE_SERVICE_HOST: "10.0.0.7",
      SCC_STATE_SERVICE_PORT: "7777",
      SCC_BROKER_SERVICE_PORT_METRICS: "9888",
      SCC_STATE_PORT_7777_TCP: "tcp://10.0.0.7:7777",
      SCC_STATE_PORT_7777_TCP_PROTO: "tcp",
      SCC_STATE_PORT_7777_TCP_PORT: "7777",
      SCC_STATE_PORT_7777_TCP_ADDR: "10.0.0.7",
    };
    const others = { SCC_STATE_PORT: "7777", SCC_STATE_HOST: "10.0.0.7" };

    expect(unknownVariables(injected, known)).toEqual([]);
    expect(unknownVariables(others, known)).toHaveLength(2);
  });
});

describe("nearest", () => {
  it("finds letters added, left out, changed and swapped, up to a third of the word", () => {
    const words = ["drain-ms", "drain-rate", "host"];

    expect(
      ["drainms", "drain--ms", "drain-mz", "drian-ms", "hots"].map((word) => nearest(word, words)),
    ).toEqual(["drain-ms", "drain-ms", "drain-ms", "drain-ms", "host"]);
    expect(nearest("toast", words)).toBeUndefined();
    expect(nearest("x".repeat(10_000), words)).toBeUndefined();
  });
});
