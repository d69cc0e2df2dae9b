import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { connect } from "../support/client.ts";
import { Cluster, freePort, Service, until } from "../support/processes.ts";

const REFUSED =
  "BadClusterAuthError: scc-state does not accept the key; set SCC_AUTH_KEY to the key that scc-state was given";

describe("Every process", () => {
  it("exits 0 on SIGTERM, with clients connected, and without a word of alarm", async () => {
    const cluster = await Cluster.create();
    const state = cluster.state();
    const [broker, worker] = [await cluster.broker(), await cluster.worker()];
    await Promise.all([state, broker, worker].map((service) => service.ready()));
    await connect(worker.port);

    expect(await worker.stop()).toBe(0);
    expect(await broker.stop()).toBe(0);
    expect(await state.stop()).toBe(0);
    for (const { output, log } of [state, broker, worker]) {
      expect(output).not.toMatch(/Unhandled|^\s+at /m);
      expect(log.filter(({ level }) => level === "error")).toEqual([]);
    }
  });

  it("exits 0 on SIGTERM while what it needs is away", async () => {
    const cluster = await Cluster.create();
    const [broker, worker] = [await cluster.broker(), await cluster.worker()];
    await Promise.all([broker, worker].map((service) => service.printed("cannot reach scc-state")));

    expect(await broker.stop()).toBe(0);
    expect(await worker.stop()).toBe(0);
  });

  it("says one line when another goes away, and no stack", async () => {
    const cluster = await Cluster.create();
    const state = cluster.state();
    const [broker, worker] = [await cluster.broker(), await cluster.worker()];
    await Promise.all([broker, worker].map((service) => service.ready()));

    await broker.stop("SIGKILL");
    await worker.printed("lost link to broker");
    await state.stop("SIGKILL");
    await worker.printed("lost scc-state");

    expect(worker.output).not.toMatch(/Unhandled|^\s+at /m);
    expect(worker.log.filter(({ msg }) => msg === "lost scc-state; carrying on without it")).toHaveLength(1);
  });

  it("refuses settings that cannot work, all at once, with what is allowed", async () => {
    const env = {
      SOCKETCLUSTER_PORT: "99999",
      SCC_DRAIN_MS: "soon",
      SCC_PUBLISH_LEVEL: "all",
      SOCKETCLUSTER_OPTIONS: "{",
    };
    const worker = new Service("scc-worker", ["worker"], env, 0);
    await until("it ends", () => !worker.running);

    expect(worker.process.exitCode).toBe(2);
    expect(worker.output).toContain('SOCKETCLUSTER_PORT="99999": expected an integer from 1 to 65535');
    expect(worker.output).toContain(
      'SCC_DRAIN_MS="soon": expected milliseconds, an integer from 0 to 86400000',
    );
    expect(worker.output).toContain('SCC_PUBLISH_LEVEL="all": expected one of worker, replica');
    expect(worker.output).toContain("SOCKETCLUSTER_OPTIONS");
  });

  it("names a port that is taken, and the variable that changes it", async () => {
    const cluster = await Cluster.create({ SCC_STATE_SERVER_HOST: "" });
    const first = await (await cluster.worker({ SCC_STATE_SERVER_HOST: "" })).ready();
    const second = await cluster.worker({ SCC_STATE_SERVER_HOST: "", SOCKETCLUSTER_PORT: first.port });
    await until("it ends", () => !second.running);

    expect(second.output).toContain(
      `Cannot listen on port ${first.port}: it is already taken; set SOCKETCLUSTER_PORT`,
    );
    expect(second.process.exitCode).toBe(1);
  });

  it("tells the truth at its probes", async () => {
    const cluster = await Cluster.create();
    const worker = await cluster.worker();
    await until("it listens", async () => (await worker.probe("/livez")).status === 200);
    expect((await worker.probe("/health-check")).text).toBe("OK");
    expect((await worker.probe()).status).toBe(503);
    const broker = await cluster.broker();
    await until("it listens", async () => (await broker.probe("/livez")).status === 200);
    expect(await broker.probe()).toMatchObject({ status: 503, text: "not in the ring yet\n" });

    const state = await cluster.state({ SCC_STATE_SERVER_STARTUP_DELAY: 1000 }).ready();
    await Promise.all([worker.ready(), broker.ready()]);
    await state.stop("SIGKILL");
    await worker.printed("lost scc-state");
    await broker.printed("lost scc-state");
    expect([(await worker.probe()).status, (await broker.probe()).status]).toEqual([200, 200]);
    await broker.stop("SIGKILL");
    await until("the worker is no longer ready", async () => (await worker.probe()).status === 503);
  });
});

describe("A cluster with a key", () => {
  const key = { SCC_AUTH_KEY: "right" };

  it("works for those who have it, also as the second one of two", async () => {
    const cluster = await Cluster.create(key);
    cluster.state({ SCC_AUTH_KEY: "next", SCC_AUTH_KEY_SECONDARY: "right" });
    await cluster.broker({ SCC_AUTH_KEY_SECONDARY: "next" });
    const worker = await (await cluster.worker()).ready();

    expect(worker.output).not.toContain("right");
  });

  it("refuses a wrong key or none, and the rejected process says exactly that and what to set", async () => {
    const cluster = await Cluster.create(key);
    const state = await cluster.state().ready();
    const [wrong, none] = [
      await cluster.broker({ SCC_AUTH_KEY: "wrong" }),
      await cluster.worker({ SCC_AUTH_KEY: "" }),
    ];

    await wrong.printed(REFUSED);
    await none.printed(REFUSED);
    expect([wrong.running, none.running]).toEqual([true, true]);
    expect(state.log.filter(({ msg }) => msg === "member registered")).toEqual([]);
    expect(wrong.output + state.output).not.toMatch(/"wrong"|right/);
  });

  it("lets a rejected process exit where it is told to", async () => {
    const cluster = await Cluster.create(key);
    await cluster.state().ready();
    const wrong = await cluster.broker({ SCC_AUTH_KEY: "wrong", SCC_EXIT_ON_AUTH_ERROR: 1 });
    await until("it ends", () => !wrong.running);

    expect(wrong.process.exitCode).toBe(77);
    expect(wrong.output).toContain(REFUSED);
  });

  it("answers 401 to whoever dials a broker without it", async () => {
    const cluster = await Cluster.create(key);
    cluster.state();
    const broker = await (await cluster.broker()).ready();
    const status = await new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${broker.port}/socketcluster/`, "scc-link.1");
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
      socket.on("error", () => {});
    });

    expect(status).toBe(401);
  });
});

describe("A cluster without a key", () => {
  it("says at start that it is open to all where other machines reach it, unless that is meant", async () => {
    const cluster = await Cluster.create();
    const state = cluster.state({ SCC_HOST: "0.0.0.0" });
    const broker = await cluster.broker({ SCC_HOST: "0.0.0.0", SCC_INSECURE: 1 });
    await Promise.all([state.ready(), broker.ready()]);

    expect(state.log).toContainEqual(
      expect.objectContaining({ level: "warn", msg: expect.stringContaining("NO KEY") }),
    );
    expect(broker.output).not.toContain("NO KEY");
  });
});

describe("scc-state", () => {
  it("refuses addresses that cannot be used, with a reason, and tells nobody of them", async () => {
    const cluster = await Cluster.create();
    const state = cluster.state({ SCC_STATE_SERVER_RETRY_DELAY: 50 });
    const [good, worker] = [await cluster.broker(), await cluster.worker()];
    await Promise.all([good, worker].map((service) => service.ready()));
    const nonsense = await cluster.broker({ SCC_INSTANCE_IP: "not an address" });
    const nobody = await cluster.broker({ SCC_INSTANCE_IP: "0.0.0.0" });
    const port = await freePort();
    const unreachable = await cluster.broker({ SCC_INSTANCE_PORT: port });

    await nonsense.printed("it is no IP address and no host name");
    await nobody.printed("nobody can connect to it; set SCC_INSTANCE_IP");
    await unreachable.printed(`Cannot register ws://127.0.0.1:${port}: this broker does not answer there`);
    expect(unreachable.output).not.toContain("nobody listens");
    expect(state.log).toContainEqual(expect.objectContaining({ detail: "nobody listens there" }));
    expect(state.log.filter(({ msg }) => msg === "new ring")).toHaveLength(1);
    expect(worker.output).not.toContain(String(port));
    expect((await worker.probe()).status).toBe(200);
  });
});

describe("A cluster that lost more than one process", () => {
  it("goes on when scc-state and its only broker are both replaced, the broker elsewhere", async () => {
    const cluster = await Cluster.create();
    const state = cluster.state();
    const [broker, worker] = [await cluster.broker(), await cluster.worker()];
    await Promise.all([broker, worker].map((service) => service.ready()));
    await Promise.all([state, broker].map((service) => service.stop("SIGKILL")));
    await until("the worker notices", async () => (await worker.probe()).status === 503);

    cluster.state();
    const other = await cluster.broker();
    await Promise.all([other, worker].map((service) => service.ready()));
  });

  it("gives a frozen broker's channels to the other, and takes it back when it wakes", async () => {
    const cluster = await Cluster.create();
    cluster.state();
    const [frozen, other] = [await cluster.broker(), await cluster.broker()];
    const workers = [await cluster.worker(), await cluster.worker()];
    await Promise.all([frozen, other, ...workers].map((service) => service.ready()));
    const brokers = (): unknown => other.log.findLast(({ msg }) => msg === "ring adopted")?.brokers;
    await until("both are in the ring", () => brokers() === 2);
    frozen.process.kill("SIGSTOP");
    await until("the frozen one is out of it", () => brokers() === 1);
    await Promise.all(workers.map((service) => service.ready()));

    frozen.process.kill("SIGCONT");
    await frozen.printed("starting over as a new instance");
    await Promise.all([frozen, ...workers].map((service) => service.ready()));
  });
});

describe("A worker with an application", () => {
  const directory = mkdtempSync(join(tmpdir(), "scc-app-"));

  afterAll(() => rmSync(directory, { recursive: true }));

  it("may wait in it for the cluster, which may come later", async () => {
    const file = join(directory, "app.mjs");
    writeFileSync(
      file,
      `export default async ({ exchange }) => {
        const channel = exchange.subscribe("news");
        await channel.listener("subscribe").once();
        await exchange.invokePublish("news", "it works");
        process.stdout.write("the application is ready\\n");
        return () => process.stdout.write("the application was closed\\n");
      };`,
    );
    const cluster = await Cluster.create();
    const worker = await cluster.worker({}, [file]);
    await worker.printed("cannot reach scc-state");
    cluster.state();
    await cluster.broker();
    await worker.printed("the application is ready");
    await worker.ready();

    expect(await worker.stop()).toBe(0);
    expect(worker.output).toContain("the application was closed");
  });

  it("refuses options that cannot work, all at once", async () => {
    const options = { pingInterval: "8s", protocolVersion: 3, origins: 80 };
    const env = { SOCKETCLUSTER_OPTIONS: JSON.stringify(options), SCC_METRICS_PORT: 0 };
    const worker = new Service("scc-worker", ["worker"], env, 0);
    await until("it ends", () => !worker.running);

    expect(worker.process.exitCode).toBe(2);
    for (const name of Object.keys(options))
      expect(worker.output).toContain(`SOCKETCLUSTER_OPTIONS: ${name}: expected`);
  });

  it("says in a sentence where it cannot listen", async () => {
    const worker = new Service("scc-worker", ["worker"], { SCC_HOST: "192.0.2.1", SCC_METRICS_PORT: 0 }, 0);
    const high = new Service("scc-worker", ["worker"], { SOCKETCLUSTER_PORT: 65_000 }, 0);
    await until("they end", () => !worker.running && !high.running);

    expect(worker.output).toContain("Cannot listen on 192.0.2.1, port 8000");
    expect(high.output).toContain("SCC_METRICS_PORT is required");
    expect(worker.output + high.output).not.toMatch(/^\s+at /m);
  });
});
