import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { startFakeServer } from "../../src/tools/bench/test-fake-server.ts";

const SCC = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "scc-bench-"));
const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `scc bench`. @param until told what stderr has brought so far, and may end it */
function bench(args: string, env = {}, until?: (stderr: string, stop: () => void) => void): Promise<Run> {
  const child = spawn(process.execPath, [SCC, "bench", ...args.split(" ")], {
    env: { PATH: process.env.PATH, ...env },
  });
  closing.push(() => child.kill("SIGKILL"));
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
    until?.(stderr, () => child.kill("SIGINT"));
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}

const SMALL = "--subscribers 20 --publishers 4 --warmup 0 --duration 0.5 --json";

describe("scc bench", () => {
  it("measures a worker that it starts itself, and prints JSON and nothing else", async () => {
    const { code, stdout, stderr } = await bench(`--local ${SMALL}`);
    const result = JSON.parse(stdout);

    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "starting servers\nconnecting\nsettling\nmeasuring\ndraining\n",
    });
    expect(result).toMatchObject({
      scenario: "fanout",
      faultless: true,
      connections: 24,
      subscriptions: 20,
      lost: 0,
      errors: {},
    });
    expect(result.delivered).toBeGreaterThan(100);
    expect(result.servers.rssMb).toBeGreaterThan(10);
    expect(result.servers.cpuUsPerDelivery).toBeGreaterThan(0);
  });

  it("measures a cluster of its own with several generators, from one worker to the others", async () => {
    const { code, stdout } = await bench(`cluster --local --generators 2 --channels 8 --rate 500 ${SMALL}`);
    const { plan, ...result } = JSON.parse(stdout);

    expect(code).toBe(0);
    expect(plan.publisherUrls).toHaveLength(1);
    expect(plan.subscriberUrls).toHaveLength(1);
    expect(plan.publisherUrls).not.toEqual(plan.subscriberUrls);
    expect(result).toMatchObject({ faultless: true, connections: 24 });
    expect(Math.abs(result.published - 250)).toBeLessThan(100);
    expect(result.samples).toHaveLength(1);
  });

  it("signs a token for each connection, and tells when one is refused", async () => {
    const args = "connect --local --subscribers 10 --json";
    const token = join(directory, "token");
    writeFileSync(token, "nonsense");
    const [signed, refused] = await Promise.all([
      bench(args, { SOCKETCLUSTER_AUTH_KEY: "key of the servers" }),
      bench(`${args} --token-file ${token}`),
    ]);

    expect(JSON.parse(signed.stdout)).toMatchObject({ faultless: true, connections: 10, published: 0 });
    expect(signed.stdout).not.toContain("key of the servers");
    expect(JSON.parse(refused.stdout).errors).toEqual({
      "token refused: AuthTokenInvalidError: jwt malformed": 10,
    });
    expect([signed.code, refused.code]).toEqual([0, 1]);
  });

  it("ends with 1 when something was lost, and writes a page that says so", async () => {
    const server = await startFakeServer({
      deliver: (delivery, { count }) => (count === 3 ? [] : [delivery]),
    });
    closing.push(() => server.close());
    const page = join(directory, "report.html");
    const { code, stdout } = await bench(
      `--url ${server.url} --rate 100 --html ${page} ${SMALL.replace(" --json", "")}`,
    );
    const html = readFileSync(page, "utf8");

    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}lost +20$/m);
    expect(stdout).not.toContain("\x1b");
    expect(html).toContain('<tr class="fault"><th scope="row">lost</th><td>20</td></tr>');
    expect(html).not.toMatch(/<script|<link|<img|@import|url\(|src=/);
  });

  it("shows what there was when it is stopped, with 130", async () => {
    let isStopped = false;
    const { code, stdout } = await bench(`--local ${SMALL.replace("0.5", "600")}`, {}, (stderr, stop) => {
      if (isStopped || !stderr.includes("measuring")) return;
      isStopped = true;
      stop();
    });

    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ stopped: true, lost: 0, connections: 24 });
  });

  it.each([
    ["nonsense", /^error: .*Allowed choices are fanout, many/],
    ["--rate 5 --window 5", /^error: .*cannot be used with/],
    ["--url http://localhost", /^error: .*Expected ws:/],
    ["cluster --url ws://localhost", /^Cannot start.*\n {2}- cluster: give --url twice/],
    ["--html /nowhere/x.html --local", /^Cannot start.*\n {2}- --html: ENOENT/],
    ["--generators 2 --channels 1 --url ws://127.0.0.1:1", /channels \(1\) are fewer than generators/],
  ])("refuses a wrong call with exit code 2: scc bench %s", async (args, message) => {
    const { code, stdout, stderr } = await bench(args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });

  it("says in a sentence that nobody is there, with exit code 1", async () => {
    const { code, stderr } = await bench("--url ws://127.0.0.1:1");

    expect(code).toBe(1);
    expect(stderr).toMatch(/\nNone of 1004 connections became ready: ECONNREFUSED\n$/);
  });

  it("teaches with examples", async () => {
    const { code, stdout } = await bench("--help");

    expect(code).toBe(0);
    expect(stdout).toContain("Scenarios:");
    expect(stdout).toContain("Examples:");
  });
});
