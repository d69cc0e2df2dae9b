import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { answerProbe, type Trouble } from "../../runtime/http/http.ts";
import { healthOf } from "./health.ts";
import { servicesHere } from "./services.ts";

const SCC = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
const servers: { close(): void }[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** What answers probes as every service does. */
async function service(liveness?: Trouble, readiness?: Trouble): Promise<URL> {
  const health = { liveness: () => liveness, readiness: () => readiness };
  const server = createServer((request, response) => void answerProbe(health, request, response));
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/livez`);
}

/** Where nobody listens. */
async function nobody(): Promise<URL> {
  const url = await service();
  const server = servers.pop();
  server?.close();
  return url;
}

/** The program as built. */
async function scc(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return promisify(execFile)(process.execPath, [SCC, ...args], { env }).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: "" }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

describe("The health of services", () => {
  it("is good where one answers OK, and others do not answer", async () => {
    const url = await service();

    expect(await healthOf([await nobody(), url])).toEqual({ healthy: true, report: `${url}: OK\n` });
  });

  it("is bad where one that answers is not well, with its reason", async () => {
    const [well, ill] = [await service(), await service("stands still")];

    expect(await healthOf([well, ill])).toEqual({
      healthy: false,
      report: `${well}: OK\n${ill}: stands still\n`,
    });
  });

  it("is bad where nothing answers", async () => {
    const url = await nobody();

    expect(await healthOf([url])).toEqual({ healthy: false, report: `Nothing answers at ${url}\n` });
  });
});

describe("Services are asked", () => {
  it("at their usual ports", () => {
    expect(servicesHere({}).map(String)).toEqual([
      "http://localhost:7777/livez",
      "http://localhost:8888/livez",
      "http://localhost:8000/livez",
    ]);
  });

  it("where the environment says that they listen, with TLS where they speak it", () => {
    const env = {
      ...{ SCC_HOST: "fd00::7", SCC_STATE_SERVER_PORT: "1", SCC_BROKER_SERVER_PORT: "2" },
      ...{ SOCKETCLUSTER_PORT: "3", SCC_STATE_SERVER_SECURE: "yes", SCC_BROKER_SERVER_SECURE: "1" },
    };

    expect(servicesHere(env).map(String)).toEqual([
      "https://[fd00::7]:1/livez",
      "https://[fd00::7]:2/livez",
      "http://[fd00::7]:3/livez",
    ]);
  });

  it.each(["0.0.0.0", "::"])("at localhost where they listen on all addresses: %s", (SCC_HOST) => {
    expect(servicesHere({ SCC_HOST }).map(({ hostname }) => hostname)).toEqual(Array(3).fill("localhost"));
  });
});

describe("scc health", () => {
  it("exits with 0 where the service of this environment is well", async () => {
    const { port } = await service();

    const { code, stdout } = await scc(["health"], {
      ...{ SCC_HOST: "127.0.0.1", SOCKETCLUSTER_PORT: port },
      ...{ SCC_STATE_SERVER_PORT: "1", SCC_BROKER_SERVER_PORT: "1" },
    });

    expect([code, stdout]).toEqual([0, `http://127.0.0.1:${port}/livez: OK\n`]);
  });

  it("exits with 1 where it is not", async () => {
    const { code, stdout } = await scc(["health", (await service("stands still")).origin]);

    expect([code, stdout]).toEqual([1, expect.stringContaining("/livez: stands still\n")]);
  });

  it("asks for what it is told to", async () => {
    const { origin } = await service(undefined, "not in the ring yet");

    const { code, stdout } = await scc(["health", `${origin}/readyz`]);

    expect([code, stdout]).toEqual([1, `${origin}/readyz: not in the ring yet\n`]);
  });

  it("exits with 2 where it was given no URL of a service", async () => {
    const { code, stderr } = await scc(["health", "ws://localhost:8000"]);

    expect(code).toBe(2);
    expect(stderr).toContain("Expected http://host:port");
  });
});
