import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Balancer } from "../support/balancer.ts";
import { type Client, connect, subscribe } from "../support/client.ts";
import { metricsOf } from "../support/metrics.ts";
import { Cluster, freePort, type Service, until } from "../support/processes.ts";

/** An application that publishes while it ends. */
const MODULE = fileURLToPath(new URL("../support/last-words.cjs", import.meta.url));
const CLIENTS = 200;
const PER_SECOND = 100;
/** Clients that may be told before the first step of the pace is over, and what clocks may differ by. */
const STEP = 10;

/** A cluster whose first worker leaves in the test, and a second one. */
async function running(env: Readonly<Record<string, string | number>> = {}, args: readonly string[] = []) {
  const cluster = await Cluster.create();
  cluster.state();
  const [broker, leaving, staying] = [
    await cluster.broker(),
    await cluster.worker(env, args),
    await cluster.worker(),
  ];
  await Promise.all([broker, leaving, staying].map((service) => service.ready()));
  return { cluster, broker, leaving, staying };
}

async function connectAll(port: number, count: number): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    clients.push(...(await Promise.all([...Array(20)].map(() => connect(port)))));
  }
  return clients;
}

/** Notes with which code a client is closed, and whether it has connected again by itself. */
function comesBack(client: Client): { code: number | undefined; isBack: boolean } {
  const note = { code: undefined as number | undefined, isBack: false };
  void (async () => {
    const { code } = await client.listener("disconnect").once(30_000);
    note.code = code as number;
    await client.listener("connect").once(30_000);
    note.isBack = true;
  })();
  return note;
}

/** Publishes one message after the other until told to stop; which were acknowledged and which not. */
function publishOn(client: Client, channel: string, name: string) {
  const acknowledged: string[] = [];
  const failed: { name: string }[] = [];
  let goesOn = true;
  const ended = (async () => {
    for (let n = 0; goesOn; n++) {
      try {
        await client.invokePublish(channel, `${name}-${n}`);
        acknowledged.push(`${name}-${n}`);
      } catch (error) {
        failed.push(error as { name: string });
      }
    }
  })();
  const stop = (): Promise<void> => {
    goesOn = false;
    return ended;
  };
  return { acknowledged, failed, stop };
}

/** No more than the rate, however it is looked at: nobody comes before it is due. */
function expectPaced(came: readonly number[], since: number): void {
  const early = came.filter((at, index) => at - since < ((index + 1 - STEP) / PER_SECOND) * 1000);
  expect(early).toEqual([]);
}

async function expectHandover(balancer: Balancer, leaving: Service, staying: Service, clients: Client[]) {
  const watcher = await connect(staying.port);
  const inbox = await subscribe(watcher, "news");
  const publishers = clients.slice(0, 10).map((client, n) => publishOn(client, "news", `p${n}`));
  await until("all publish", () => publishers.every(({ acknowledged }) => acknowledged.length > 3));
  const notes = clients.map(comesBack);
  const before = balancer.came.length;

  const since = performance.now();
  const exited = leaving.stop();
  await until("all are back", () => notes.every(({ isBack }) => isBack), 30_000);
  const code = await exited;
  const counts = publishers.map(({ acknowledged }) => acknowledged.length);
  await until("all publish there", () =>
    publishers.every(({ acknowledged }, n) => acknowledged.length > counts[n]! + 3),
  );
  await Promise.all(publishers.map(({ stop }) => stop()));

  expect(code).toBe(0);
  expect(new Set(notes.map(({ code }) => code))).toEqual(new Set([1005]));
  const came = balancer.came.slice(before);
  expect(came).toHaveLength(CLIENTS);
  expectPaced(came, since);
  const acknowledged = publishers.flatMap((publisher) => publisher.acknowledged);
  await until("what was acknowledged has arrived", () => inbox.length >= acknowledged.length);
  const arrived = new Set(inbox);
  expect(acknowledged.filter((text) => !arrived.has(text))).toEqual([]);
  expect(inbox).toHaveLength(arrived.size);
  return publishers.flatMap(({ failed }) => failed);
}

describe("A worker that is told to stop", () => {
  it("sends its clients elsewhere at its rate, loses nothing acknowledged, and exits 0", {
    timeout: 60_000,
  }, async () => {
    const { leaving, staying } = await running({ SCC_DRAIN_RATE: PER_SECOND, SCC_EXPECTED_CLIENTS: 1000 });
    const balancer = await Balancer.start([leaving, staying]);
    const clients = await connectAll(balancer.port, CLIENTS);

    const failed = await expectHandover(balancer, leaving, staying, clients);

    // What was on its way when its turn came was still acknowledged; only what came after was not.
    expect(failed.every(({ name }) => name === "BadConnectionError")).toBe(true);
    expect(leaving.output).not.toContain("too short");
    expect(leaving.log.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("keeps to the rate with all its processes together", { timeout: 60_000 }, async () => {
    const { leaving, staying } = await running({ SCC_DRAIN_RATE: PER_SECOND }, ["--processes", "2"]);
    const balancer = await Balancer.start([leaving, staying]);
    const clients = await connectAll(balancer.port, CLIENTS);

    await expectHandover(balancer, leaving, staying, clients);
    // 100 a second for 18 s are fewer than the 5,000 clients that are expected by default: said once.
    expect(leaving.output.split("SCC_DRAIN_MS is too short").length).toBe(2);
  });

  it("goes faster than its rate where the grace period wants it, and says so", async () => {
    const { leaving, staying } = await running({ SCC_DRAIN_RATE: 1, SCC_DRAIN_MS: 4000 });
    const balancer = await Balancer.start([leaving, staying]);
    const clients = await connectAll(balancer.port, 20);
    const notes = clients.map(comesBack);

    expect(await leaving.stop()).toBe(0);
    await until("all are back", () => notes.every(({ isBack }) => isBack));
    expect(leaving.log.filter(({ level, capacity }) => level === "warn" && capacity)).toMatchObject([
      { capacity: 2, expectedClients: 5000 },
      { capacity: 2, clients: 20 },
    ]);
  });

  it("acknowledges what a client published before, and then closes it", async () => {
    const metricsPort = await freePort();
    const { broker, leaving, staying } = await running({
      SCC_DRAIN_MS: 8000,
      SCC_METRICS_PORT: metricsPort,
    });
    const publisher = await connect(leaving.port);
    const inbox = await subscribe(await connect(staying.port), "news");
    broker.process.kill("SIGSTOP");
    const outcome = publisher.invokePublish("news", "last").then(
      () => "acknowledged",
      ({ name }) => name,
    );
    await until(
      "it was read",
      async () => (await metricsOf(metricsPort)).get("scc_worker_publishes_total") === 1,
    );
    const exited = leaving.stop();
    await leaving.printed("sending clients elsewhere");
    broker.process.kill("SIGCONT");

    expect(await outcome).toBe("acknowledged");
    expect(await exited).toBe(0);
    await until("it has arrived", () => inbox.length > 0);
    expect(inbox).toEqual(["last"]);
  });

  it("passes on what its application publishes at last, also if there is no broker just then", async () => {
    const { cluster, broker, leaving, staying } = await running({}, [MODULE]);
    const inbox = await subscribe(await connect(staying.port), "news");
    await broker.stop("SIGKILL");
    await leaving.printed("lost link to broker");
    const exited = leaving.stop();
    await leaving.printed("sending clients elsewhere");
    await cluster.broker();

    expect(await exited).toBe(0);
    await until("all has arrived", () => inbox.length === 100);
    expect(inbox).toEqual([...Array(100).keys()]);
  });

  it("ends at once when it is told a second time", async () => {
    const { leaving } = await running({ SCC_DRAIN_RATE: 1 });
    const clients = await connectAll(leaving.port, 20);
    const gone = Promise.all(clients.map((client) => client.listener("disconnect").once(20_000)));
    leaving.process.kill("SIGTERM");
    await leaving.printed("sending clients elsewhere");
    expect(leaving.running).toBe(true);
    // The same wish told twice within half a second is one.
    await until("it is forced", () => {
      leaving.process.kill("SIGTERM");
      return !leaving.running;
    });

    expect(leaving.process.exitCode).toBe(130);
    await gone;
  });
});
