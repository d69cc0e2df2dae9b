import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createConnection, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { attempt, BrokenStateError, Faults, faults, onRequest, onUpgrade } from "./contain.ts";

const closing: (() => void)[] = [];
const before = faults.told;
afterEach(() => {
  faults.told = before;
  for (const close of closing.splice(0)) close();
});

/** What was told of faults from here on. */
function told(): string[] {
  const lines: string[] = [];
  faults.told = (reader, error) => lines.push(`${reader}: ${(error as Error).message}`);
  return lines;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close().closeAllConnections());
  return (server.address() as AddressInfo).port;
}

/** All that is answered until the connection ends. */
async function answerTo(port: number, request: string): Promise<string> {
  const socket: Socket = createConnection(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  socket.write(request);
  await once(socket, "close");
  return text;
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const UPGRADE = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

describe("What one connection's input brings up", () => {
  it("is counted by who read it, and told", () => {
    const own = new Faults();
    own.told = () => {};
    own.contain("member", new Error("bug"));

    expect(own.counts).toMatchObject({ member: 1, http: 0 });
    const lines = told();
    expect(attempt("dashboard", () => fail("bug"))).toBe(false);
    expect(attempt("dashboard", () => {})).toBe(true);
    expect(lines).toEqual(["dashboard: bug"]);
  });

  it("is not contained where a change of the whole has stopped halfway", () => {
    const broken = new BrokenStateError("the adoption of a ring", new Error("bug"));

    expect(() => attempt("member", () => throws(broken))).toThrow("the adoption of a ring stopped halfway");
  });

  it("is answered 500 where it is a request, before and amid the answer, and the next is served", async () => {
    const lines = told();
    const server = createServer();
    let count = 0;
    onRequest(server, (_request, response) => {
      count += 1;
      if (count === 1) fail("before");
      response.writeHead(200);
      if (count === 2) fail("amid");
      response.end("fine");
    });
    const port = await listening(server);

    expect(await answerTo(port, GET)).toMatch(/^HTTP\/1.1 500 .*a fault of this program\n/s);
    expect(await answerTo(port, GET)).toBe("");
    expect(await answerTo(port, GET)).toMatch(/^HTTP\/1.1 200 .*fine/s);
    expect(lines).toEqual(["http: before", "http: amid"]);
  });

  it("ends the connection where it is an upgrade", async () => {
    const lines = told();
    const server = createServer((_request, response) => response.end("fine"));
    onUpgrade(server, () => fail("bug"));
    const port = await listening(server);

    expect(await answerTo(port, UPGRADE)).toBe("");
    expect(await answerTo(port, GET)).toMatch(/fine/);
    expect(lines).toEqual(["upgrade: bug"]);
  });
});

function fail(message: string): never {
  throw new Error(message);
}

function throws(error: Error): never {
  throw error;
}
