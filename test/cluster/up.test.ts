import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { freePorts } from "../support/processes.ts";
import { gone, isAlive, SccUp } from "../support/scc-up.ts";

describe("scc up, piped", () => {
  const started: SccUp[] = [];

  afterEach(async () => {
    for (const up of started.splice(0)) {
      await up.stop();
      await gone(up.pids());
    }
  });

  it("brings up scc-state, two brokers and two workers, and says where to look", async () => {
    const up = await start();

    await up.ready();

    const { state, brokers, workers } = up.ports;
    for (const name of [
      `scc-state ${state}`,
      `scc-broker ${brokers}`,
      `scc-broker ${brokers + 1}`,
      `scc-worker ${workers}`,
      `scc-worker ${workers + 1}`,
    ])
      expect(isAlive(up.pidOf(name))).toBe(true);
    expect(await up.line(/^cluster ready/)).toContain(`http://localhost:${workers}`);
    expect((await fetch(`http://127.0.0.1:${workers + 1}/health-check`)).status).toBe(200);
  });

  it("writes plain lines without escape codes, and passes on the log with service and instance", async () => {
    const up = await start();

    await up.ready();
    await up.stop();

    expect(up.lines.join("\n")).not.toContain("\x1b");
    const log = up.lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    expect(new Set(log.map(({ service }) => service))).toEqual(
      new Set(["scc-state", "scc-broker", "scc-worker"]),
    );
    expect(log.every(({ instance }) => typeof instance === "string" && instance !== "")).toBe(true);
    expect(up.errors).toEqual([]);
  });

  it("starts a service again that was killed, and says so", async () => {
    const up = await start();
    await up.ready();
    const name = `scc-broker ${up.ports.brokers + 1}`;
    const first = up.pidOf(name);
    const before = up.lines.length;

    process.kill(first, "SIGKILL");

    expect(await up.line(new RegExp(`^${name} restarting`), before)).toMatch(/in \d\.\ds after SIGKILL/);
    await up.line(new RegExp(`^${name} ready`), before);
    expect(up.pidOf(name)).not.toBe(first);
  });

  it("ends everything in order on Ctrl-C, exits with 0 and leaves nothing behind", async () => {
    const up = await start();
    await up.ready();

    up.signalGroup("SIGINT");

    expect(await up.exit).toEqual({ code: 0, signal: null });
    await gone(up.pids());
    const stops = up.lines.filter((line) => / stopped /.test(line)).map((line) => line.split(" ", 1)[0]);
    expect(stops).toEqual(["scc-worker", "scc-worker", "scc-broker", "scc-broker", "scc-state"]);
  });

  it("leaves nothing behind when it is killed", async () => {
    const up = await start();
    await up.ready();

    process.kill(up.pid, "SIGKILL");

    await up.exit;
    await gone(up.pids());
  });

  it("leaves nothing behind when it is killed while everything is just starting", async () => {
    const up = await start();
    await up.line(/^scc-worker \d+ starting/);

    process.kill(up.pid, "SIGKILL");

    await up.exit;
    await gone(up.pids());
  });

  it("names every port that is taken with the variable that changes it, and starts nothing", async () => {
    // Metrics of all of them are counted on from the second: far enough from those that `start` takes.
    const port = await freePorts(10);
    const takers = [createServer().listen(port, "127.0.0.1"), createServer().listen(port + 1, "127.0.0.1")];
    await Promise.all(takers.map((taker) => once(taker, "listening")));

    const up = await start([], { SCC_STATE_SERVER_PORT: `${port}`, SCC_METRICS_PORT: `${port + 1}` });

    expect(await up.exit).toEqual({ code: 2, signal: null });
    for (const taker of takers) taker.close();
    expect(up.errors).toEqual([
      "Cannot start with this configuration:",
      `  - port ${port} (scc-state) is already taken: set SCC_STATE_SERVER_PORT to choose another`,
      `  - port ${port + 1} (metrics of scc-state ${port}) is already taken: ` +
        "set SCC_METRICS_PORT to choose another (0 turns metrics off)",
    ]);
    expect(up.lines).toEqual([]);
  });

  it("refuses wrong settings before it starts anything, all at once", async () => {
    const up = await start([], { SCC_DRAIN_MS: "soon", SCC_PUBLISH_LEVEL: "maybe" });

    expect(await up.exit).toEqual({ code: 2, signal: null });
    expect(up.errors.join("\n")).toMatch(/SCC_DRAIN_MS="soon"[\s\S]*SCC_PUBLISH_LEVEL="maybe"/);
    expect(up.lines).toEqual([]);
  });

  it("gives up with the reason when the module cannot be run", async () => {
    const up = await start(["no-such-module.js"]);

    expect(await up.exit).toEqual({ code: 2, signal: null });
    expect(up.errors.join("\n")).toMatch(/Cannot load module "no-such-module\.js": there is no such file/);
    await gone(up.pids());
  });

  it("runs a module in its workers, and calls what it returned at shutdown", async () => {
    const folder = await mkdtemp(join(tmpdir(), "scc-up-"));
    const module = join(folder, "app.mjs");
    await writeFile(
      module,
      `export default async ({ server, http, exchange }) => {
        console.log("module has", typeof server.exchange, typeof http.listen, typeof exchange.invokePublish);
        return async () => console.log("module closed");
      };`,
    );
    const up = await start([module]);

    await up.ready();
    await up.stop();
    await rm(folder, { recursive: true });

    expect(up.lines.filter((line) => line === "module has object function function")).toHaveLength(2);
    expect(up.lines.filter((line) => line === "module closed")).toHaveLength(2);
  });

  async function start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<SccUp> {
    const up = await SccUp.start(args, env);
    started.push(up);
    return up;
  }
});
