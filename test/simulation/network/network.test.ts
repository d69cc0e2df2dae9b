import { describe, expect, it } from "vitest";
import type { DialFailure } from "../../../src/link/dial-failure.ts";
import { FRAME_ROOM } from "../../../src/protocol/frames.ts";
import { Process } from "../process.ts";
import { Random } from "../random.ts";
import { Scheduler } from "../scheduler.ts";
import { Network } from "./network.ts";
import type { VirtualSocket } from "./socket.ts";

const URI = "ws://10.0.2.1:8888";

/** Two processes, one of which listens; what each reads is noted. */
function two(authKey?: string) {
  const scheduler = new Scheduler();
  const world = {
    scheduler,
    ran: () => {},
    threw: (_: Process, error: unknown) => {
      throw error;
    },
    promised: () => {},
  };
  const network = new Network({ scheduler, random: new Random(5) });
  const client = new Process("w1.1", "10.0.3.1", world, new Random(1));
  const server = new Process("b1.1", "10.0.2.1", world, new Random(2));
  const sockets: { client?: VirtualSocket; server?: VirtualSocket } = {};
  const read = { client: [] as string[], server: [] as string[] };
  const failures: DialFailure[] = [];
  const take = (side: "client" | "server") => (socket: VirtualSocket) => {
    sockets[side] = socket;
    socket.start({
      read: (frame) => read[side].push(frame.toString()),
      closed: (reason) => read[side].push(`closed: ${reason}`),
    });
  };
  network.listen(server, URI, { test: take("server") }, authKey);
  const pass = (ms: number): void => {
    const end = scheduler.now + ms;
    while (scheduler.step(end));
  };
  const dial = (uri = URI): (() => void) =>
    network.dial(
      client,
      { uri, protocol: "test", timeoutMs: 1000 },
      { opened: take("client"), failed: (failure) => failures.push(failure) },
    );
  return { network, client, server, sockets, read, failures, pass, dial };
}

function send(socket: VirtualSocket | undefined, ...texts: string[]): void {
  const room = Buffer.alloc(FRAME_ROOM + 1);
  for (const text of texts) {
    room.write(text, FRAME_ROOM);
    // The same room each time: whatever is kept of it was copied.
    socket?.send(room);
  }
}

/** Connected, with something sent each way. */
function connected() {
  const stage = two();
  stage.dial();
  stage.pass(500);
  send(stage.sockets.client, "a");
  send(stage.sockets.server, "z");
  stage.pass(500);
  expect(stage.read).toEqual({ server: ["a"], client: ["z"] });
  return stage;
}

describe("The virtual network", () => {
  it("carries frames both ways, in order", () => {
    const { sockets, read, pass } = connected();
    send(sockets.client, "b", "c", "d");
    pass(500);

    expect(read.server).toEqual(["a", "b", "c", "d"]);
  });

  it("refuses where nobody listens, times out where nobody answers, and asks for the key", () => {
    const nobody = two();
    nobody.dial("ws://10.0.2.9:8888");
    nobody.pass(500);
    const silent = two();
    silent.network.loseHost(silent.server);
    silent.dial();
    silent.pass(1500);
    const locked = two("secret");
    locked.dial();
    locked.pass(500);

    const kinds = [nobody, silent, locked].map(({ failures }) => failures.map(({ kind }) => kind));
    expect(kinds).toEqual([["refused"], ["other"], ["auth"]]);
  });

  it("says nothing more of a call that was called off", () => {
    const { dial, pass, failures, sockets, read } = two();
    dial()();
    pass(2000);

    expect([failures, sockets.client]).toEqual([[], undefined]);
    expect(read.server.filter((text) => !text.startsWith("closed"))).toEqual([]);
  });

  it("brings a goodbye behind what was sent, and tells both sides once of the end", () => {
    const { sockets, read, pass } = connected();
    send(sockets.client, "b");
    sockets.client?.close("enough");
    send(sockets.client, "c");
    pass(500);

    expect(read).toEqual({ client: ["z", "closed: enough"], server: ["a", "b", "closed: enough"] });
  });

  it("loses what is on its way when it is cut, and both sides notice", () => {
    const { network, sockets, read, pass } = connected();
    send(sockets.client, "b");
    for (const connection of network.connections) connection.cut();
    pass(500);

    expect(read).toEqual({
      client: ["z", "closed: the connection broke"],
      server: ["a", "closed: the connection broke"],
    });
    expect(network.connections).toEqual([]);
  });

  it("goes on after a stall, in order, and counts what waits", () => {
    const { network, sockets, read, pass } = connected();
    for (const connection of network.connections) connection.stall(1000);
    send(sockets.client, "b", "c");
    pass(900);
    expect(read.server).toEqual(["a"]);
    send(sockets.client, "d");
    pass(500);

    expect(read.server).toEqual(["a", "b", "c", "d"]);
  });

  it("swallows without a word", () => {
    const { network, sockets, read, pass } = connected();
    for (const connection of network.connections) connection.swallow();
    send(sockets.client, "b");
    sockets.client?.close("enough");
    pass(5000);

    expect(read.server).toEqual(["a"]);
  });

  it("can keep one side from reaching the other, which still reaches it", () => {
    const { network, client, server, sockets, read, pass } = connected();
    const unblock = network.block(client, server);
    send(sockets.client, "b");
    send(sockets.server, "y");
    pass(500);
    expect(read).toEqual({ client: ["z", "y"], server: ["a"] });
    unblock();
    pass(500);

    expect(read.server).toEqual(["a", "b"]);
  });

  it("tells of a process that was killed, behind what it sent, and not of one whose host is gone", () => {
    const killed = connected();
    send(killed.sockets.server, "y");
    killed.server.kill();
    killed.pass(500);
    const lost = connected();
    lost.network.loseHost(lost.server);
    send(lost.sockets.client, "b");
    lost.pass(500);

    expect(killed.read.client).toEqual(["z", "y", "closed: the connection broke"]);
    expect(lost.read.client).toEqual(["z"]);
  });

  it("keeps what comes for a process that stands still", () => {
    const { server, sockets, read, pass } = connected();
    server.freeze();
    send(sockets.client, "b", "c");
    pass(500);
    expect(read.server).toEqual(["a"]);
    server.wake();
    pass(10);

    expect(read.server).toEqual(["a", "b", "c"]);
  });
});
