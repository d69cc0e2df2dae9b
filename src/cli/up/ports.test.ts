import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../runtime/errors.ts";
import type { PortNeed } from "./plan.ts";
import { checkPorts } from "./ports.ts";

describe("checkPorts", () => {
  it("names every port that is taken, and the variable that changes it", async () => {
    const [broker, metrics] = [await take("127.0.0.1"), await take("127.0.0.1")];

    const checking = checkPorts([
      need(broker.port),
      { ...need(metrics.port), purpose: "metrics of scc-broker 8888", variable: "SCC_METRICS_PORT" },
    ]);

    await expect(checking).rejects.toBeInstanceOf(ConfigError);
    await expect(checking).rejects.toMatchObject({
      problems: [
        `port ${broker.port} (scc-broker) is already taken: set SCC_BROKER_SERVER_PORT to choose another`,
        `port ${metrics.port} (metrics of scc-broker 8888) is already taken: ` +
          "set SCC_METRICS_PORT to choose another (0 turns metrics off)",
      ],
    });
    broker.release();
    metrics.release();
  });

  it("finds whoever listens on all addresses", async () => {
    const taken = await take("0.0.0.0");

    await expect(checkPorts([need(taken.port)])).rejects.toThrow(/already taken/);
    taken.release();
  });

  it("leaves a free port free", async () => {
    const { port, release } = await take("127.0.0.1");
    await release();

    await checkPorts([need(port)]);
    await expect(checkPorts([need(port)])).resolves.toBeUndefined();
  });

  it("says once that the host is not an address of this machine", async () => {
    const needs = [8000, 8001].map((port) => ({ ...need(port), host: "192.0.2.1" }));

    await expect(checkPorts(needs)).rejects.toMatchObject({
      problems: ["192.0.2.1 is not an address of this machine: set --host or SCC_HOST to one that is"],
    });
  });
});

function need(port: number): PortNeed {
  return { port, host: "127.0.0.1", purpose: "scc-broker", variable: "SCC_BROKER_SERVER_PORT" };
}

async function take(host: string) {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const release = async (): Promise<void> => {
    server.close();
    await once(server, "close");
  };
  return { port: (server.address() as AddressInfo).port, release };
}
