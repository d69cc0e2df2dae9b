import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Launched, type LaunchPlan } from "./launched.ts";
import { Output } from "./output.ts";
import { freePort } from "./ports.ts";

const HOST = "127.0.0.1";
const SERVER = `
  const { createServer } = require("node:http");
  createServer((_request, response) => response.end("OK")).listen(Number(process.env.PORT), "${HOST}", () => console.log("it listens"));`;
const launched: Launched[] = [];

afterEach(async () => {
  await Promise.all(launched.splice(0).map((each) => each.destroy()));
});

interface Started {
  readonly process: Launched;
  readonly told: string[];
}

async function start(script: string, change: Partial<LaunchPlan> = {}, file?: string): Promise<Started> {
  const address = { host: HOST, port: await freePort(HOST) };
  const told: string[] = [];
  const observer = {
    starts: async () => void told.push("starts"),
    gone: () => void told.push("gone"),
    trouble: (what: string) => void told.push(what),
  };
  const argv = [process.execPath, "-e", script];
  const env = { PORT: String(address.port) };
  const plan = {
    name: "worker-1",
    role: "worker",
    argv,
    env,
    cwd: undefined,
    address,
    ready: { http: "/" },
  } as const;
  const one = new Launched({ ...plan, ...change }, new Output(file), observer);
  launched.push(one);
  await one.start();
  return { process: one, told };
}

describe("A launched process", () => {
  it.each([
    ["answers", { http: "/" }],
    ["listens", { tcp: true }],
    ["has said so", { output: "it listens" }],
  ] as const)("is ready when it %s", async (_how, ready) => {
    const { process: server, told } = await start(SERVER, { ready });
    await server.becomesReady(10_000);

    expect(await server.isReady()).toBe(true);
    expect(told).toEqual(["starts"]);
  });

  it("says that it ended by itself, with its last words", async () => {
    const { process: server, told } = await start(`console.log("I cannot"); process.exit(3)`);

    await expect(server.becomesReady(10_000)).rejects.toThrow(/worker-1 ended before it was ready\nI cannot/);
    expect(told).toEqual(["starts", "gone", "worker-1 ended by itself: exit code 3\nI cannot"]);
  });

  it("says that its program is not there", async () => {
    const { process: server, told } = await start("", { argv: ["/no/such/program"] });

    await expect(server.becomesReady(10_000)).rejects.toThrow(/ended before it was ready/);
    expect(told.at(-1)).toContain("ENOENT");
  });

  it("is not in trouble when it was told to end, and can be started again", async () => {
    const { process: server, told } = await start(SERVER);
    await server.becomesReady(10_000);
    const { pid } = server;
    server.end("SIGKILL");
    await server.start();
    await server.becomesReady(10_000);

    expect(server.pid).not.toBe(pid);
    expect(told).toEqual(["starts", "gone", "starts"]);
  });

  it("stands still while it is frozen, and goes on when it is woken", async () => {
    const { process: server } = await start(SERVER);
    await server.becomesReady(10_000);
    server.freeze();
    const { host, port } = server.plan.address;
    const answer = fetch(`http://${host}:${port}/`).then((response) => response.text());

    expect(await server.isReady()).toBe(false);
    await vi.waitUntil(() => /\) T /.test(readFileSync(`/proc/${server.pid}/stat`, "utf8")), 10_000);
    server.wake();
    expect(await answer).toBe("OK");
  });

  it("keeps all that it said in a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "scc-chaos-"));
    const file = join(folder, "worker-1.log");
    const { process: server } = await start(SERVER, { ready: { output: "it listens" } }, file);
    await server.becomesReady(10_000);

    expect(readFileSync(file, "utf8")).toBe("it listens\n");
    rmSync(folder, { recursive: true });
  });
});
