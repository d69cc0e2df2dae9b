import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { type Client, connect, subscribe } from "../support/client.ts";
import { Cluster, freePort, Service, until } from "../support/processes.ts";
import { gone, isAlive } from "../support/scc-up.ts";
import { ServerProcess } from "../support/spawned.ts";

const SCC = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "scc-processes-"));
const RECONNECT = { autoReconnectOptions: { initialDelay: 10, randomness: 10, maxDelay: 100 } };

afterAll(() => rmSync(directory, { recursive: true }));

function moduleOf(name: string, source: string): string {
  const file = join(directory, name);
  writeFileSync(file, source);
  return file;
}

/** Tells clients which process they are on. */
const PID_APP = moduleOf(
  "pid.mjs",
  `export default async ({ server }) => {
    (async () => {
      for await (const { socket } of server.listener("connection")) {
        (async () => {
          for await (const request of socket.procedure("pid")) request.end(process.pid);
        })();
      }
    })();
  };`,
);

interface Started {
  readonly cluster: Cluster;
  readonly broker: Service;
  readonly worker: Service;
}

/** A cluster with one worker of several processes, ready. */
async function start(count: number, env = {}, args: readonly string[] = []): Promise<Started> {
  const cluster = await Cluster.create();
  cluster.state();
  const [broker, worker] = [
    await cluster.broker(),
    await cluster.worker({ SCC_WORKER_PROCESSES: count, ...env }, args),
  ];
  await Promise.all([broker.ready(), worker.ready()]);
  return { cluster, broker, worker };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Asks over a connection of its own, which may reach any of the processes, or over those of an agent. */
function ask(port: number, path: string, agent: Agent | false = false, host = "127.0.0.1"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ host, port, path, agent }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on("error", reject);
  });
}

/** The processes that answer at a port, from its demo page's word, once there are so many. */
async function pidsAt(port: number, count: number, host?: string): Promise<number[]> {
  const pids = new Set<number>();
  await until(`${count} processes answer`, async () => {
    pids.add(JSON.parse((await ask(port, "/worker.json", false, host)).text).pid);
    return pids.size === count;
  });
  return [...pids];
}

/** The value of a series without any label but the usual two; 0 if there is none. */
async function metric(port: number, name: string): Promise<number> {
  const { text } = await ask(port, "/metrics");
  const pattern = new RegExp(`^${name}\\{service="scc-worker",instance="\\d+"\\} (\\S+)$`, "m");
  return Number(pattern.exec(text)?.[1] ?? 0);
}

const pidOf = async (client: Client): Promise<number> => Number(await client.invoke("pid"));

/** Clients until there is one on each process, by process. */
async function clientsOnEach(port: number, count: number): Promise<Map<number, Client>> {
  const clients = new Map<number, Client>();
  await until(`clients land on ${count} processes`, async () => {
    const client = await connect(port, RECONNECT);
    clients.set(await pidOf(client), client);
    return clients.size === count;
  });
  return clients;
}

describe("A worker of three processes", () => {
  it("spreads clients over them, who hear of each other", async () => {
    const { worker } = await start(3, {}, [PID_APP]);
    const clients = [...(await clientsOnEach(worker.port, 3)).values()];
    const inboxes = await Promise.all(clients.map((client) => subscribe(client, "news")));

    for (const [index, client] of clients.entries()) await client.invokePublish("news", index);
    await until("all have heard all", () => inboxes.every(({ length }) => length === 3));
    expect(inboxes).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ]);
    const instances = new Set(
      worker.log.filter(({ msg }) => msg === "scc-worker listens").map((line) => line.instance),
    );
    expect([...instances].toSorted()).toEqual([1, 2, 3].map((number) => `${worker.port}/${number}`));
  });

  it("replaces one that is killed: its clients come back, and no other notices", async () => {
    const metricsPort = await freePort();
    const { worker } = await start(3, { SCC_METRICS_PORT: metricsPort }, [PID_APP]);
    const clients = await clientsOnEach(worker.port, 3);
    const [[pid, victim], ...others] = [...clients] as [[number, Client], ...[number, Client][]];
    const ids = others.map(([, { id }]) => id);
    const inbox = await subscribe(others[0]![1], "news");
    const before = await metric(metricsPort, "scc_worker_handshakes_total");
    const reconnected = victim.listener("connect").once(10_000);

    process.kill(pid, "SIGKILL");
    await reconnected;
    expect(await pidOf(victim)).not.toBe(pid);
    const now = await clientsOnEach(worker.port, 3);
    expect([...now.keys()]).not.toContain(pid);
    await victim.invokePublish("news", "I am back");
    await until("it is heard", () => inbox.length === 1);
    expect(others.map(([, { id, state }]) => [id, state])).toEqual(ids.map((id) => [id, "open"]));
    expect(await metric(metricsPort, "scc_worker_handshakes_total")).toBeGreaterThan(before);
    expect(await metric(metricsPort, "scc_worker_processes_replaced_total")).toBe(1);
    expect(worker.log).toContainEqual(
      expect.objectContaining({
        msg: "a process ended; another takes its place",
        cause: "SIGKILL",
        pid,
        advice: expect.stringContaining("memory"),
      }),
    );
  });

  it("ends with all of them, gracefully, on a signal to the primary", async () => {
    const { worker } = await start(3);
    const pids = await pidsAt(worker.port, 3);
    const client = await connect(worker.port);
    const left = client.listener("disconnect").once(10_000);

    expect(await worker.stop()).toBe(0);
    await left;
    expect(pids.filter(isAlive)).toEqual([]);
    expect(worker.log.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("leaves nothing behind when the primary is killed: the others part with their clients", async () => {
    const { worker } = await start(3);
    const pids = await pidsAt(worker.port, 3);
    const clients = await Promise.all([connect(worker.port), connect(worker.port), connect(worker.port)]);
    const left = clients.map((client) => client.listener("disconnect").once(10_000));

    await worker.stop("SIGKILL");
    // A connection that was cut has another code.
    for (const event of await Promise.all(left)) expect(event.code).toBe(1005);
    await gone(pids);
    expect(worker.output).toContain("parent is gone");
  });
});

describe("A second signal to a worker of several processes", () => {
  it("ends all of them at once", async () => {
    const app = "console.log('pid', process.pid); export default () => () => new Promise(() => {});";
    const { worker } = await start(2, {}, [moduleOf("stuck.mjs", app)]);
    const pids = [...worker.output.matchAll(/^pid (\d+)$/gm)].map(([, pid]) => Number(pid));
    expect(pids).toHaveLength(2);

    await until("it is forced", () => {
      worker.process.kill("SIGTERM");
      return !worker.running;
    });
    expect(worker.process.exitCode).toBe(130);
    await gone(pids);
  });
});

describe("The probes of a worker of several processes", () => {
  it("speak for all, and name what is wrong", async () => {
    const cluster = await Cluster.create();
    const worker = await cluster.worker({ SCC_WORKER_PROCESSES: 2 });
    await until("they listen", async () => (await worker.probe("/livez")).status === 200);
    expect(await worker.probe()).toMatchObject({
      status: 503,
      text: expect.stringContaining("process 1 of 2: "),
    });

    cluster.state();
    const broker = await cluster.broker();
    await Promise.all([broker.ready(), worker.ready()]);
    await broker.stop("SIGKILL");
    await until("both miss the broker", async () => {
      const { status, text } = await worker.probe();
      return status === 503 && /process 1 of 2: no link .*process 2 of 2: no link/.test(text);
    });
  });

  it("are not alive while the primary stands still", async () => {
    const { worker } = await start(2);
    // The primary hands out new connections: only one that is there already can tell.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const live = () => ask(worker.port, "/livez", agent);
    expect(await live()).toEqual({ status: 200, text: "OK" });

    worker.process.kill("SIGSTOP");
    await until("it is noticed", async () => (await live()).status === 503);
    expect((await live()).text).toContain("the primary process does not answer");
    worker.process.kill("SIGCONT");
    await until("it is well again", async () => (await live()).status === 200);
    await worker.ready();
    agent.destroy();
  });
});

describe("The metrics of a worker of several processes", () => {
  it("add up what all of them do, and keep apart what is each one's own", async () => {
    const metricsPort = await freePort();
    const { worker } = await start(2, { SCC_METRICS_PORT: metricsPort });
    const clients = await Promise.all(Array.from({ length: 6 }, () => connect(worker.port)));
    await Promise.all(clients.map((client) => subscribe(client, "news")));
    await clients[0]!.invokePublish("news", 1);

    expect(await metric(metricsPort, "scc_worker_connections")).toBe(6);
    expect(await metric(metricsPort, "scc_worker_subscriptions")).toBe(6);
    expect(await metric(metricsPort, "scc_worker_publishes_total")).toBe(1);
    expect(await metric(metricsPort, "scc_worker_processes")).toBe(2);
    expect(await metric(metricsPort, "scc_worker_processes_ready")).toBe(2);
    // The highest of its processes, not the sum: the second ring names one of them as the keeper of copies.
    expect([1, 2]).toContain(await metric(metricsPort, "scc_ring_version"));
    const { text } = await ask(metricsPort, "/metrics");
    const memory = [...text.matchAll(/^process_resident_memory_bytes\{.*process="(\w+)"\} (\d+)$/gm)];
    expect(memory.map(([, name]) => name).toSorted()).toEqual(["1", "2", "primary"]);
    expect(memory.every(([, , bytes]) => Number(bytes) > 1e6)).toBe(true);
  });
});

describe("A worker that should have several processes", () => {
  it("refuses to stand alone, and says what to do", async () => {
    const worker = new Service("scc-worker", ["worker", "--processes", "2"], {}, 0);
    await until("it ends", () => !worker.running);

    expect(worker.process.exitCode).toBe(2);
    expect(worker.output).toContain("would not share channels");
    expect(worker.output).toContain("SCC_STATE_SERVER_HOST");
    expect(worker.output).toContain("scc up");
  });

  it("refuses a number that cannot be", async () => {
    const worker = new Service("scc-worker", ["worker", "--processes", "many"], {}, 0);
    await until("it ends", () => !worker.running);

    expect(worker.process.exitCode).toBe(2);
    expect(worker.output).toContain('--processes="many": expected auto or an integer from 1 to 256');
  });

  it.each([
    ["cannot be read", "export default (", 2, "it has a syntax error"],
    ["fails", "export default () => { throw new Error('no database'); };", 1, "no database"],
  ])("fails once, as one process would, with a module that %s", async (name, source, code, message) => {
    const cluster = await Cluster.create();
    const file = moduleOf(`${name.replaceAll(" ", "-")}.mjs`, source);
    const worker = await cluster.worker({ SCC_WORKER_PROCESSES: 3 }, [file]);
    await until("it ends", () => !worker.running);

    expect(worker.process.exitCode, worker.output).toBe(code);
    expect(worker.output.split(message)).toHaveLength(2);
    expect(worker.output).not.toContain("takes its place");
  });

  it("fails once if the port is taken", async () => {
    const cluster = await Cluster.create();
    const first = await cluster.worker();
    await first.printed("scc-worker listens");
    const env = { SCC_WORKER_PROCESSES: 2, SOCKETCLUSTER_PORT: first.port };
    const second = await cluster.worker(env);
    await until("it ends", () => !second.running);

    expect(second.process.exitCode, second.output).toBe(1);
    expect(second.output.split("it is already taken; set SOCKETCLUSTER_PORT")).toHaveLength(2);
  });

  it("ends as a whole where a refused key should end it", async () => {
    const cluster = await Cluster.create();
    await cluster.state({ SCC_AUTH_KEY: "right" }).ready();
    const worker = await cluster.worker({ SCC_WORKER_PROCESSES: 2, SCC_EXIT_ON_AUTH_ERROR: 1 });
    await until("it ends", () => !worker.running);

    expect(worker.process.exitCode, worker.output).toBe(77);
  });

  it("tries more and more slowly with a module that crashes again and again, and can be stopped", async () => {
    const file = moduleOf("crash.mjs", "export default () => { setTimeout(() => process.exit(3), 200); };");
    const cluster = await Cluster.create();
    const worker = await cluster.worker({ SCC_WORKER_PROCESSES: 2 }, [file]);
    const pauses = () =>
      worker.log
        .filter(({ cause, process }) => cause === "exit code 3" && process === 1)
        .map(({ inMs }) => Number(inMs));
    await until("the first has died three times", () => pauses().length >= 3);

    const [first, second, third] = pauses();
    expect(first).toBe(0);
    expect(second).toBeGreaterThanOrEqual(500);
    expect(third).toBeGreaterThanOrEqual(1000);
    expect(await worker.stop()).toBe(0);
  });

  it("listens where it is told to, also on IPv6", async () => {
    const cluster = await Cluster.create();
    cluster.state();
    await cluster.broker();
    const worker = await cluster.worker({ SCC_WORKER_PROCESSES: 2, SCC_HOST: "::1" });

    await worker.printed("all processes serve");
    expect(await pidsAt(worker.port, 2, "::1")).toHaveLength(2);
    expect((await worker.probe()).status).toBe(0);
  });
});

describe("Ctrl-C in the terminal of a worker of several processes", () => {
  it("is one wish, although it reaches all of them", async () => {
    const { cluster } = await start(1);
    const port = await freePort();
    const env = { SCC_STATE_SERVER_HOST: "127.0.0.1", SCC_STATE_SERVER_PORT: String(cluster.statePort) };
    const args = [SCC, "worker", "--processes", "2"];
    const worker = new ServerProcess(directory, process.execPath, args, port, env);
    await worker.serves("/readyz");
    const pids = await pidsAt(port, 2);
    await Promise.all([connect(port), connect(port)]);

    expect(await worker.stop("SIGINT")).toBe(0);
    expect(worker.output).not.toMatch(/forced|takes its place|"level":"error"/);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});
