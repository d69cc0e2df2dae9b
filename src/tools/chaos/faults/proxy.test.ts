import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { canTellDiallers, diallerOf, inodeOf } from "./dialler.ts";
import { type Address, FaultProxy, type ProxyOptions } from "./proxy.ts";

const DEADLINE_MS = 5000;
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A server that remembers its connections, and sends back what it is sent. */
async function echo(host = "127.0.0.1"): Promise<{ address: Address; sockets: Socket[]; server: Server }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  server.listen(0, host);
  await once(server, "listening");
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { address: { host, port: (server.address() as AddressInfo).port }, sockets, server };
}

async function proxyTo(target: Address, options: Partial<ProxyOptions> = {}): Promise<FaultProxy> {
  const proxy = await FaultProxy.listen({ target, ...options });
  closing.push(() => proxy.close());
  return proxy;
}

/** A client that remembers what it hears and how it ended. */
class Dialled {
  readonly socket: Socket;
  heard = "";
  ended: string | undefined;

  constructor(address: Address) {
    this.socket = connect(address);
    this.socket.on("data", (bytes) => {
      this.heard += bytes.toString();
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.ended = error.code;
    });
    this.socket.on("end", () => {
      this.ended ??= "end";
    });
    closing.push(() => this.socket.destroy());
  }

  async hears(text: string): Promise<void> {
    await until(`"${text}" is heard`, () => this.heard.includes(text));
  }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Somebody says something and hears it again: what was sent before on another connection had time to pass, too. */
async function roundTrip(address: Address): Promise<void> {
  const other = new Dialled(address);
  other.socket.write("round trip");
  await other.hears("round trip");
}

describe("The fault proxy", () => {
  it("passes bytes both ways, and each side's end", async () => {
    const { address } = await echo();
    const proxy = await proxyTo(address);
    const client = new Dialled(proxy.address);
    client.socket.end("a".repeat(300_000));

    await until("all came back, and the end", () => client.ended === "end");
    expect(client.heard).toBe("a".repeat(300_000));
    await until("nothing is left", () => proxy.connections === 0);
  });

  it("works with IPv6", async () => {
    const { address } = await echo("::1");
    const proxy = await proxyTo(address, { host: "::1" });
    await roundTrip(proxy.address);

    expect(proxy.address.host).toBe("::1");
  });

  it("resets the connections that are there, for both sides, and welcomes new ones", async () => {
    const { address, sockets } = await echo();
    const proxy = await proxyTo(address);
    const client = new Dialled(proxy.address);
    client.socket.write("hello");
    await client.hears("hello");

    proxy.reset();
    await until("both sides know", () => client.ended !== undefined && sockets[0]?.destroyed === true);
    expect(client.ended).toBe("ECONNRESET");
    await roundTrip(proxy.address);
  });

  it("passes on that a side has reset its connection", async () => {
    const { address, sockets } = await echo();
    const proxy = await proxyTo(address);
    const client = new Dialled(proxy.address);
    client.socket.write("hello");
    await client.hears("hello");

    sockets[0]?.resetAndDestroy();
    await until("the client knows", () => client.ended !== undefined);
    expect(client.ended).toBe("ECONNRESET");
  });

  it("breaks connections while it is cut, old and new, until it is healed", async () => {
    const { address } = await echo();
    const proxy = await proxyTo(address);
    const before = new Dialled(proxy.address);
    before.socket.write("hello");
    await before.hears("hello");

    proxy.setRules([{ fault: { kind: "cut" } }]);
    const meanwhile = new Dialled(proxy.address);
    await until("both are broken", () => [before, meanwhile].every(({ ended }) => ended === "ECONNRESET"));
    proxy.setRules([]);
    await roundTrip(proxy.address);
  });

  it("keeps connections up and passes nothing while it is stalled, and everything afterwards", async () => {
    const { address } = await echo();
    const [stalled, fine] = [await proxyTo(address), await proxyTo(address)];
    const client = new Dialled(stalled.address);
    client.socket.write("before ");
    await client.hears("before ");

    stalled.setRules([{ fault: { kind: "stall" } }]);
    client.socket.write("meanwhile");
    const newcomer = new Dialled(stalled.address);
    newcomer.socket.write("me too");
    await roundTrip(fine.address);
    expect([client.heard, newcomer.heard, client.ended, newcomer.ended]).toEqual([
      "before ",
      "",
      undefined,
      undefined,
    ]);

    stalled.setRules([]);
    await Promise.all([client.hears("before meanwhile"), newcomer.hears("me too")]);
  });

  it("stalls one way only where a rule says so", async () => {
    const { address, sockets } = await echo();
    const proxy = await proxyTo(address);
    const client = new Dialled(proxy.address);
    client.socket.write("1");
    await client.hears("1");
    proxy.setRules([{ fault: { kind: "stall" }, direction: "up" }]);
    client.socket.write("2");

    sockets[0]?.write("said by the server");
    await client.hears("said by the server");
    expect(client.heard).toBe("1said by the server");
  });

  it("swallows bytes, and breaks the connection that lost some when the fault ends", async () => {
    const { address } = await echo();
    const [faulty, fine] = [await proxyTo(address), await proxyTo(address)];
    const client = new Dialled(faulty.address);
    client.socket.write("before");
    await client.hears("before");

    faulty.setRules([{ fault: { kind: "swallow" } }]);
    client.socket.write("lost");
    await roundTrip(fine.address);
    expect([client.heard, client.ended]).toEqual(["before", undefined]);

    faulty.setRules([]);
    await until("the connection is broken", () => client.ended === "ECONNRESET");
    expect(client.heard).toBe("before");
    await roundTrip(faulty.address);
  });

  it("delays both ways", async () => {
    const { address } = await echo();
    const proxy = await proxyTo(address);
    proxy.setRules([{ fault: { kind: "delay", ms: 100, jitterMs: 20 } }]);
    const before = performance.now();
    await roundTrip(proxy.address);

    expect(performance.now() - before).toBeGreaterThanOrEqual(199);
  });

  it("narrows a connection to so many bytes a second, and loses none", async () => {
    const { address } = await echo();
    const proxy = await proxyTo(address);
    proxy.setRules([{ fault: { kind: "throttle", bytesPerSecond: 100_000 }, direction: "up" }]);
    const client = new Dialled(proxy.address);
    const before = performance.now();
    client.socket.end("x".repeat(60_000));
    await until("all came back", () => client.ended === "end");

    expect(client.heard.length).toBe(60_000);
    // A tenth of a second is let through at once.
    expect(performance.now() - before).toBeGreaterThanOrEqual(480);
  });

  it("stops reading from a sender when too much waits", async () => {
    const { address } = await echo();
    const proxy = await proxyTo(address);
    const client = new Dialled(proxy.address);
    client.socket.write("1");
    await client.hears("1");
    proxy.setRules([{ fault: { kind: "stall" } }]);
    const size = 64 * 1024 * 1024;
    client.socket.write(Buffer.alloc(size, "x"));
    // Time enough to read far more than is allowed.
    const fine = await proxyTo(address);
    for (let n = 0; n < 50; n++) await roundTrip(fine.address);

    expect(client.socket.writableLength).toBeGreaterThan(size / 2);
  });

  it("leads new connections to another target, and leaves the old ones where they are", async () => {
    const [first, second] = [await echo(), await echo()];
    const proxy = await proxyTo(first.address);
    const old = new Dialled(proxy.address);
    old.socket.write("1");
    await old.hears("1");

    proxy.aimAt(second.address);
    await roundTrip(proxy.address);
    old.socket.write("2");
    await old.hears("12");
    expect([first.sockets.length, second.sockets.length]).toEqual([1, 1]);
  });

  it("refuses connections while it is shut, keeps those that are there, and opens again at the same port", async () => {
    const { address } = await echo();
    const proxy = await proxyTo(address);
    const old = new Dialled(proxy.address);
    old.socket.write("1");
    await old.hears("1");

    proxy.shut();
    const refused = new Dialled(proxy.address);
    await until("it is refused", () => refused.ended === "ECONNREFUSED");
    old.socket.write("2");
    await old.hears("12");
    await proxy.open();
    await roundTrip(proxy.address);
  });

  it("resets a connection whose target cannot be reached", async () => {
    const { address, server } = await echo();
    server.close();
    await once(server, "close");
    const proxy = await proxyTo(address);
    const client = new Dialled(proxy.address);

    await until("it is broken", () => client.ended === "ECONNRESET");
  });

  it("applies a rule only to the process that it names", async () => {
    const { address } = await echo();
    const names = ["worker-1", "worker-2"];
    const proxy = await proxyTo(address, { identify: async () => names.shift() });
    const one = new Dialled(proxy.address);
    one.socket.write("1");
    await one.hears("1");
    const other = new Dialled(proxy.address);
    other.socket.write("1");
    await other.hears("1");

    proxy.setRules([{ fault: { kind: "cut" }, dialler: "worker-1" }]);
    await until("the one is broken", () => one.ended === "ECONNRESET");
    other.socket.write("2");
    await other.hears("12");
    proxy.reset("worker-2");
    await until("so is the other", () => other.ended === "ECONNRESET");
  });
});

describe("Who dialled", () => {
  it.skipIf(!canTellDiallers())("is told of processes of this machine", async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((socket) => {
      seen.push(
        diallerOf(socket, new Map([[process.pid, "this one"]])),
        diallerOf(socket, new Map([[1, "init"]])),
      );
      socket.destroy();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closing.push(() => server.close());
    new Dialled({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });

    await until("it was accepted", () => seen.length > 0);
    expect(seen).toEqual(["this one", undefined]);
  });

  it("is read from the kernel's table, where both ports and the state must fit", () => {
    const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 111 1
   1: 0100007F:C001 0100007F:1F90 06 00000000:00000000 00:00000000 00000000     0        0 222 1
   2: 0100007F:C001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 333 1`;

    expect(inodeOf(table, 0xc001, 0x1f90)).toBe("333");
    expect(inodeOf(table, 0xc002, 0x1f90)).toBeUndefined();
  });
});
