import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { NobodyThereError, ProbeError, probe } from "./probe.ts";
import { ProbePace } from "./probe-pace.ts";

const servers: Server[] = [];

async function listening(answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function failureAt(port: number, authKey?: string): Promise<ProbeError> {
  const outcome = await probe(`ws://127.0.0.1:${port}`, { authKey, credentials: {} }).catch((error) => error);
  if (!(outcome instanceof ProbeError)) throw new Error(`Not refused: ${outcome}`);
  return outcome;
}

describe("What scc-state finds at an address that a member announced", () => {
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });

  it("is told to nobody: whatever answers there, or nothing, the refusal is the same", async () => {
    const heard: string[] = [];
    const elsewhere = await listening((request) => void heard.push(`followed to ${request.url}`));
    const ports = [
      await listening((request, response) => {
        heard.push(JSON.stringify(request.headers));
        response.end("the inside of a service");
      }),
      await listening((_request, response) => {
        response.writeHead(302, { location: `http://127.0.0.1:${elsewhere}/` }).end();
      }),
      await listening((request) => void request.socket.destroy()),
    ];
    const failures = await Promise.all(ports.map((port) => failureAt(port, "the key")));
    const [closed = 0] = ports;
    await new Promise<void>((resolve) => void servers[1]?.close(() => resolve()).closeAllConnections());
    const nobody = await failureAt(closed, "the key");

    const texts = [...failures, nobody].map(({ message }) => message.replace(/:\d+:/, ":"));
    expect(new Set(texts)).toEqual(
      new Set([
        "Cannot register ws://127.0.0.1: this broker does not answer there as itself; scc-state's log says more",
      ]),
    );
    expect(nobody).toBeInstanceOf(NobodyThereError);
    expect(heard.join()).not.toContain("the key");
    expect(heard.join()).not.toContain("followed");
  });

  it("is asked for a hundred times at once at most for members of one address, and then five times a second", () => {
    const clock = new VirtualClock();
    const pace = new ProbePace(clock);
    const turns = (from: string): number =>
      Array.from({ length: 200 }, () => pace.turn(from)).filter((turn) => turn === undefined).length;

    expect(turns("10.0.0.1")).toBe(100);
    expect(turns("10.0.0.2")).toBe(100);
    clock.advance(1000);
    expect(turns("10.0.0.1")).toBe(5);
  });
});
