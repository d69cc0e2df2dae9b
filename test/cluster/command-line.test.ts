import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { freePort, Service, until } from "../support/processes.ts";
import { Called, SCC, scc } from "../support/scc.ts";

const KEY = "the workers' key";
const directory = mkdtempSync(join(tmpdir(), "scc-cli-"));
afterAll(() => rmSync(directory, { recursive: true }));

let worker: Service;
let url: string;

beforeEach(async () => {
  worker = await startWorker(await freePort());
  url = `--url=ws://localhost:${worker.port}`;
});

function startWorker(port: number, args: readonly string[] = []): Promise<Service> {
  const options = JSON.stringify({ authKey: KEY });
  const env = { SCC_METRICS_PORT: 0, SOCKETCLUSTER_PORT: port, SOCKETCLUSTER_OPTIONS: options };
  return new Service("scc-worker", ["worker", ...args], env, port).ready();
}

describe("scc sub and scc pub", () => {
  it("hand on what is published, as one JSON object per line, whatever the channels are called", async () => {
    const channels = ["news", "__proto__", "constructor", "a b\n"];
    const sub = await scc(["sub", url, ...channels, "--json", "--count", "4"]).noted("subscribed");

    for (const channel of channels) {
      const pub = scc(["pub", url, channel, '{"x":[1,"é"]}', "--json"]);
      expect(await pub.code).toBe(0);
      expect(pub.objects).toEqual([{ channel, acknowledged: 1, rejected: 0 }]);
    }

    expect(await sub.code).toBe(0);
    expect(sub.objects).toEqual(channels.map((channel) => ({ channel, data: { x: [1, "é"] } })));
  });

  it("publish each line of standard input in order, as JSON or as texts", async () => {
    const sub = await scc(["sub", url, "news", "--count", "500"]).noted("subscribed");
    const numbers = Array.from({ length: 498 }, (_, number) => number);

    const pub = scc(["pub", url, "news", "-"], {}, `${numbers.join("\n\n")}\n`);
    expect(await pub.code).toBe(0);
    expect(pub.stdout).toBe("acknowledged: 498\n");
    expect(await scc(["pub", url, "news", "--text"], {}, '\r\n"q" \u001b[31m').code).toBe(0);

    expect(await sub.code).toBe(0);
    expect(sub.objects).toEqual([...numbers, "", '"q" \u001b[31m']);
    expect(sub.stdout).not.toContain("\u001b");
  });

  it("print texts as they are where that is wished, still one a line and without what steers a terminal", async () => {
    const sub = await scc(["sub", url, "a", "b", "--text", "--count", "2"]).noted("subscribed");

    expect(await scc(["pub", url, "a", "--text", "x\ny\u001b[2J"]).code).toBe(0);
    expect(await scc(["pub", url, "b", "[1]"]).code).toBe(0);

    expect(await sub.code).toBe(0);
    expect(sub.stdout).toBe("a\tx\\ny\\u001b[2J\nb\t[1]\n");
  });

  it("repeat a message at a rate", async () => {
    const started = performance.now();
    const pub = scc(["pub", url, "news", "1", "--count", "11", "--rate", "10"]);

    expect(await pub.code).toBe(0);
    expect(pub.stdout).toBe("acknowledged: 11\n");
    expect(performance.now() - started).toBeGreaterThan(1000);
  });

  it("end quietly when nobody reads the output any more", async () => {
    const shell = spawn("bash", [
      "-c",
      `"$0" "$1" sub "$2" news | head -1; echo "codes \${PIPESTATUS[*]}"`,
      process.execPath,
      SCC,
      url,
    ]);
    let [stdout, stderr] = ["", ""];
    shell.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
    });
    shell.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    await until("it is subscribed", () => stderr.includes("subscribed"));

    // The end of a pipe is noticed by whoever writes to it.
    await scc(["pub", url, "news", "1"]).code;
    await until("head has ended", () => stdout === "1\n");
    await until("scc has ended", async () => {
      await scc(["pub", url, "news", "2"]).code;
      return stdout.includes("codes");
    });

    expect(stdout).toBe("1\ncodes 0 0\n");
    expect(stderr).toBe('subscribed to "news"\n');
  });

  it("end cleanly when they are interrupted, and say by their exit code what was still to come", async () => {
    const endless = await scc(["sub", url, "news"]).noted("subscribed");
    const counted = await scc(["sub", url, "news", "--count", "2"]).noted("subscribed");
    const pub = new Called(["pub", url, "news", "-"]);
    pub.process.stdin.write("1\n");
    await until("it is published", () => counted.stdout === "1\n");

    for (const called of [endless, counted, pub]) called.process.kill("SIGINT");

    expect(await Promise.all([endless.code, counted.code, pub.code])).toEqual([0, 130, 130]);
    expect(pub.stdout).toBe("acknowledged: 1\n");
    expect(endless.stdout).toBe("1\n");
  });

  it("go on subscribing when a worker comes back", async () => {
    const sub = await scc(["sub", url, "news", "--count", "1"]).noted("subscribed");
    await worker.stop("SIGKILL");
    await sub.noted("trying again");
    await startWorker(worker.port);
    await until("it is subscribed again", () => sub.stderr.match(/subscribed to/g)?.length === 2);

    expect(await scc(["pub", url, "news", "1"]).code).toBe(0);
    expect(await sub.code).toBe(0);
  });

  it("say what is wrong, with exit code 1", async () => {
    const nobody = `--url=ws://[::1]:${await freePort()}`;
    const unreachable = [scc(["sub", nobody, "news"]), scc(["pub", nobody, "news", "1"])];
    const notJson = scc(["pub", url, "news"], {}, "1\nnews\n");

    for (const called of unreachable) {
      expect(await called.code).toBe(1);
      expect(called.stderr).toMatch(/^Cannot connect to ws:\/\/\[::1\]:\d+\/socketcluster\/: nobody answers/);
    }
    expect(await notJson.code).toBe(1);
    expect(notJson.stdout).toBe("acknowledged: 1\n");
    expect(notJson.stderr).toMatch(/^line 2 is no JSON: /);
  });

  it.each([
    [["sub"], "missing required argument"],
    [["sub", "news", "--count", "0"], "Expected an integer from 1"],
    [["sub", "news", "--text", "--json"], "cannot be used with option"],
    [["sub", "news", "--url", "http://localhost"], "Expected ws://"],
    [["sub", "news", "--url", "ws://ann:secret@localhost"], "A secret has no place in a command line"],
    [["sub", "news", "--token-file", "/nowhere"], "--token-file: ENOENT"],
    [["pub", "news", "not JSON"], "the message is no JSON"],
    [["pub", "news", "1", "--rate", "0"], "Expected a number above 0"],
    [["token", "make", "[]"], "a key is missing"],
    [["token", "nonsense"], "unknown command"],
    [["completion", "tcsh"], "Allowed choices are bash, zsh, fish"],
  ])("refuse a wrong call with exit code 2: scc %j", async (args, text) => {
    const called = scc(args);

    expect(await called.code).toBe(2);
    expect(called.stderr).toContain(text);
    expect(called.stdout).toBe("");
  });
});

describe("scc token", () => {
  it("makes tokens that workers take, and shows and checks them", async () => {
    const env = { SOCKETCLUSTER_OPTIONS: JSON.stringify({ authKey: KEY }) };
    const made = scc(["token", "make", '{"username":"ann"}'], env);
    expect(await made.code).toBe(0);
    const token = made.stdout.trim();
    const file = join(directory, "token");
    writeFileSync(file, made.stdout);

    const inspected = scc(["token", "inspect", "--json"], env, token);
    expect(await inspected.code).toBe(0);
    expect(inspected.objects).toMatchObject([
      { header: { alg: "HS256" }, payload: { username: "ann" }, valid: true },
    ]);
    const others = scc(["token", "inspect", "--token-file", file], { SOCKETCLUSTER_AUTH_KEY: "another" });
    expect(await others.code).toBe(1);
    expect(others.stdout).toMatch(/^valid {7}no: invalid signature$/m);

    expect(await scc(["pub", url, "news", "1", "--token-file", file]).code).toBe(0);
    const refused = scc(["pub", url, "news", "1"], { SCC_TOKEN: `${token}x` });
    expect(await refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^The server refuses the token: AuthTokenInvalidError: invalid signature/);
    expect(refused.stderr).not.toContain(token);
  });
});

describe("scc config", () => {
  it("shows every setting of a service, its value and where it comes from, without secrets", async () => {
    const [file, key] = [join(directory, "worker.yaml"), join(directory, "key")];
    writeFileSync(file, "drain-rate: 9\noptions:\n  authKey: hidden one\n  pingInterval: 5\n");
    writeFileSync(key, "hidden two\n");
    const env = { SCC_AUTH_KEY_FILE: key, SCC_DRAIN_MS: "7", SCC_DRIAN_MS: "1" };
    const args = ["config", "worker", "--config", file, "--port", "81"];

    const [table, asJson] = [scc(args, env), scc([...args, "--json"], env)];
    expect([await table.code, await asJson.code]).toEqual([0, 0]);

    const [{ worker: rows }] = asJson.objects as [{ worker: Record<string, unknown>[] }];
    const row = (variable: string) => rows.find((each) => each.variable === variable);
    expect(row("SOCKETCLUSTER_PORT")).toMatchObject({ value: 81, source: "flag", from: "--port" });
    expect(row("SCC_DRAIN_MS")).toMatchObject({ value: 7, source: "environment", from: "SCC_DRAIN_MS" });
    expect(row("SCC_DRAIN_RATE")).toMatchObject({ value: 9, source: "file", from: `${file}: drain-rate` });
    expect(row("SCC_AUTH_KEY")).toMatchObject({ value: "(secret)", from: "SCC_AUTH_KEY_FILE" });
    expect(row("SOCKETCLUSTER_OPTIONS")?.value).toEqual({ authKey: "(secret)", pingInterval: 5 });
    expect(row("SCC_PUBLISH_LIMIT")).toMatchObject({ value: 10_000, source: "default", from: null });

    expect(table.stdout).toMatch(/^\* SCC_DRAIN_RATE +9 +file: .*worker\.yaml: drain-rate$/m);
    expect(table.stderr).toBe("SCC_DRIAN_MS is unknown and has no effect; did you mean SCC_DRAIN_MS?\n");
    expect(table.stdout + asJson.stdout).not.toContain("hidden");
    expect(table.stdout).not.toContain("\u001b");
  });

  it("shows all services, and ends with 2 where one of them would not start", async () => {
    const [all, wrong, broker] = [
      scc(["config", "--json"]),
      scc(["config"], { SCC_DRAIN_MS: "soon" }),
      scc(["config", "broker"]),
    ];

    expect([await all.code, await wrong.code, await broker.code]).toEqual([0, 2, 2]);
    expect(Object.keys(all.objects[0] as object)).toEqual(["state", "broker", "worker"]);
    expect(wrong.stdout).toMatch(/^\* SCC_DRAIN_MS +\(not usable\) +environment: SCC_DRAIN_MS$/m);
    expect(wrong.stderr.match(/SCC_DRAIN_MS="soon"/g)).toHaveLength(1);
    expect(broker.stderr).toContain("SCC_STATE_SERVER_HOST (or --state-server-host) is required");
  });
});

describe("A service", () => {
  it("points out variables that nothing reads, takes secrets from files, and tokens are good at all its workers", async () => {
    const key = join(directory, "client-key");
    writeFileSync(key, `${KEY}\n`);
    const env = {
      SCC_METRICS_PORT: 0,
      SOCKETCLUSTER_PORT: await freePort(),
      SOCKETCLUSTER_AUTH_KEY_FILE: key,
      SCC_DRIAN_MS: 1,
      SCC_STATE_PORT: "tcp://10.0.0.7:7777",
    };
    const other = await new Service("scc-worker", ["worker"], env, env.SOCKETCLUSTER_PORT).ready();

    expect(other.log.filter(({ level }) => level === "warn")).toMatchObject([
      { msg: "a variable is unknown and has no effect", variable: "SCC_DRIAN_MS", nearest: "SCC_DRAIN_MS" },
    ]);
    const made = scc(["token", "make", "{}"], { SOCKETCLUSTER_OPTIONS: JSON.stringify({ authKey: KEY }) });
    await made.code;
    const pub = scc(["pub", `--url=ws://localhost:${other.port}`, "a", "1"], {
      SCC_TOKEN: made.stdout.trim(),
    });
    expect(await pub.code).toBe(0);
  });
});
