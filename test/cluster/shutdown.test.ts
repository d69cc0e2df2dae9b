import { Agent, get } from "node:http";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { Cluster, freePort, Service, until } from "../support/processes.ts";

const SLOW_ANSWERS = fileURLToPath(new URL("../support/slow-answers.cjs", import.meta.url));
const agents: Agent[] = [];

afterEach(() => {
  for (const agent of agents.splice(0)) agent.destroy();
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly connection: string | undefined;
}

function agentOf(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  return agent;
}

/** @returns the answer when it is there as a whole; rejects if the connection breaks before. @param began at its first part */
function ask({ port }: Service, path: string, agent = agentOf(), began = (): void => {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ port, path, host: "127.0.0.1", agent }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        if (text === "") began();
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, text, connection: response.headers.connection });
      });
    });
    request.on("error", reject);
  });
}

/** A request of a second and a streamed answer, both on their way when this resolves. */
async function askSlowly(worker: Service): Promise<Promise<Answer>[]> {
  const slow = ask(worker, "/slow");
  let stream: Promise<Answer> | undefined;
  await new Promise<void>((resolve) => {
    stream = ask(worker, "/stream", agentOf(), resolve);
  });
  return [slow, stream as Promise<Answer>];
}

async function worker(env: Readonly<Record<string, string | number>> = {}): Promise<Service> {
  const port = await freePort();
  const all = { SOCKETCLUSTER_PORT: port, SCC_METRICS_PORT: 0, ...env };
  return new Service("scc-worker", ["worker", SLOW_ANSWERS], all, port).ready();
}

/** What is promised of a worker with requests under way that is told to end. */
async function expectAllAnswered(service: Service): Promise<void> {
  const kept = agentOf();
  await ask(service, "/", kept);
  const running = await askSlowly(service);
  const ended = service.stop();
  await until("it says that it stops", async () => (await service.probe()).status === 503);

  const late = await ask(service, "/", kept);
  const fresh = await ask(service, "/slow");
  const answers = await Promise.all(running);
  expect(late).toEqual({ status: 200, text: "at once", connection: "close" });
  expect(fresh).toMatchObject({ status: 200, text: "slow", connection: "close" });
  expect(answers.map(({ status, text }) => ({ status, text }))).toEqual([
    { status: 200, text: "slow" },
    { status: 200, text: "part part part part part end" },
  ]);
  expect(await ended).toBe(0);
}

describe("A worker that is told to end while HTTP requests run", { timeout: 40_000 }, () => {
  it("answers them, and serves as before until load balancers have noticed", async () => {
    const service = await worker({ SCC_LAME_DUCK_MS: 3_000 });
    await expectAllAnswered(service);
    expect(service.output).not.toContain("requests are cut");
  });

  it("answers them also where nobody has to notice, before the application ends", async () => {
    const service = await worker();
    const running = await askSlowly(service);
    const ended = service.stop();
    const answers = await Promise.all(running);

    expect(answers.map(({ text }) => text)).toEqual(["slow", "part part part part part end"]);
    expect(await ended).toBe(0);
    expect(service.output).toContain("the application ends");
  });

  it("cuts what is not answered when the grace period is over, and says so", async () => {
    const service = await worker({ SCC_DRAIN_MS: 400 });
    const running = (await askSlowly(service)).map((answer) => answer.then(String, () => "cut"));
    const code = await service.stop();

    expect(await Promise.all(running)).toEqual(["cut", "cut"]);
    expect(service.output).toContain('"requests":2');
    expect(service.output).toContain("requests are cut: the grace period is over");
    expect(code).toBe(0);
  });

  it("does so with several processes, too", async () => {
    const cluster = await Cluster.create();
    cluster.state();
    const broker = await cluster.broker();
    const service = await cluster.worker({ SCC_LAME_DUCK_MS: 3_000, SCC_WORKER_PROCESSES: 2 }, [
      SLOW_ANSWERS,
    ]);
    await Promise.all([broker.ready(), service.ready()]);
    await expectAllAnswered(service);
  });
});

describe("A broker and scc-state that are told to end", { timeout: 40_000 }, () => {
  it("say so for as long as they are told to, and end connections with the answer", async () => {
    const cluster = await Cluster.create({ SCC_LAME_DUCK_MS: 2_000 });
    const state = await cluster.state().ready();
    const broker = await (await cluster.broker()).ready();
    for (const service of [broker, state]) {
      const kept = agentOf();
      expect(await ask(service, "/livez", kept)).toMatchObject({ status: 200, connection: "keep-alive" });
      const ended = service.stop();
      await until("it says that it stops", async () => (await service.probe()).status === 503);

      expect(await ask(service, "/livez", kept)).toMatchObject({ status: 200, connection: "close" });
      expect((await service.probe()).text).toBe("stopping\n");
      expect(await ended).toBe(0);
    }
  });
});
