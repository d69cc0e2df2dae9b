import { createServer } from "node:http";
import { type AddressInfo, createConnection } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { controlFrame, FRAME_ROOM } from "../protocol/frames.ts";
import { systemClock } from "../runtime/clock.ts";
import { BrokenStateError, FAULT, faults } from "../runtime/contain.ts";
import { Turn } from "../runtime/turn.ts";
import { until } from "../server/test-server.ts";
import { acceptMembers } from "./accept.ts";
import { dial, PATH } from "./dial.ts";
import { Kind } from "./kinds.ts";
import { Link } from "./link.ts";
import type { MemberSocket, MemberSocketUser } from "./member-socket.ts";
import { RefuseAll } from "./refuse-all.ts";
import { BadMessageError, Talk } from "./talk.ts";
import type { WireSocket } from "./wire.ts";

const closing: (() => void)[] = [];
const tell = faults.told;
let told: string[] = [];
beforeEach(() => {
  told = [];
  faults.told = (reader, error) => told.push(`${reader}: ${(error as Error).message}`);
});
afterEach(() => {
  faults.told = tell;
  for (const close of closing.splice(0)) close();
});

/** A server of members that hands each who comes to the next of these users, and dials it. */
async function serving(...users: readonly MemberSocketUser[]) {
  const waiting = [...users];
  const server = createServer();
  acceptMembers(server, {
    authKeys: [],
    clientAuth: false,
    maxPayload: 2 ** 20,
    clock: systemClock,
    protocols: new Map([["test.1", (socket) => socket.start(waiting.shift() as MemberSocketUser)]]),
    refused: () => {},
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close().closeAllConnections());
  return (server.address() as AddressInfo).port;
}

function dialled(port: number, closed: (reason: string) => void): Promise<MemberSocket> {
  const address = { uri: `ws://127.0.0.1:${port}`, protocol: "test.1", authKey: undefined };
  return new Promise((resolve, reject) => {
    dial(
      { ...address, connectTimeoutMs: 5000, maxPayload: 2 ** 20 },
      {
        opened: (socket) => {
          socket.start({ read: () => {}, closed });
          closing.push(() => socket.terminate());
          resolve(socket);
        },
        failed: ({ reason }) => reject(new Error(reason)),
      },
    );
  });
}

const message = (text: string): Buffer => Buffer.concat([Buffer.alloc(FRAME_ROOM), Buffer.from(text)]);

/** A socket in memory: what a test says is what comes. */
function memory(send: () => boolean = () => false) {
  const events = { user: undefined as MemberSocketUser | undefined, cut: false, said: [] as string[] };
  const socket: WireSocket = {
    bufferedBytes: 0,
    start: (user) => {
      events.user = user;
    },
    send,
    close: (reason) => void events.said.push(reason),
    terminate: () => {
      events.cut = true;
    },
  };
  return { socket, events };
}

class Handler extends RefuseAll {
  override hello(): void {}
  override settled(): void {
    throw new Error("a bug");
  }
}

describe("A fault in what reads from a member", () => {
  it("ends that connection and no other, and so does one when it ends", async () => {
    const heard: string[] = [];
    const ends: string[] = [];
    const bad: MemberSocketUser = {
      read: () => {
        throw new Error("a bug");
      },
      closed: (reason) => {
        ends.push(reason);
        throw new Error("another");
      },
    };
    const good: MemberSocketUser = { read: (bytes) => void heard.push(bytes.toString()), closed: () => {} };
    const port = await serving(bad, good);
    const reasons: string[] = [];
    const first = await dialled(port, (reason) => void reasons.push(reason));
    const second = await dialled(port, () => {});
    first.send(message("one"));
    await until("the first ended", () => reasons.length === 1);
    second.send(message("two"));
    await until("the second is heard", () => heard.length === 1);

    expect(ends).toEqual([FAULT]);
    expect(told).toEqual(["member: a bug", "member: another"]);
  });

  it("ends a link whose handler throws, at the socket that reads for it", () => {
    const { socket, events } = memory();
    const link = new Link(socket, {
      turn: new Turn(() => {}),
      clock: new VirtualClock(),
      maxBufferedBytes: 1,
    });
    link.start({ handler: new Handler(), closed: () => {} });
    const helloAndSettled = Buffer.of(Kind.hello, 0, Kind.settled);

    expect(() => events.user?.read(helloAndSettled)).toThrow("a bug");
  });

  it("ends a link at the end of a turn, and what others have to send goes out", () => {
    let end = (): void => {};
    const turn = new Turn((run) => {
      end = run;
    });
    const clock = new VirtualClock();
    const broken = memory(() => {
      throw new Error("a bug");
    });
    let sent = 0;
    const whole = memory(() => {
      sent += 1;
      return false;
    });
    const reasons: string[] = [];
    for (const { socket } of [broken, whole]) {
      const link = new Link(socket, { turn, clock, maxBufferedBytes: 1 });
      link.start({ handler: new Handler(), closed: (reason) => void reasons.push(reason) });
      link.entries.settled();
    }
    end();

    expect([reasons, sent, broken.events.cut]).toEqual([[FAULT], 1, true]);
    clock.advance(500);
    expect(told).toEqual(["member: a bug"]);
  });

  it("ends a link whose sign of life cannot be given", () => {
    const clock = new VirtualClock();
    const { socket } = memory(() => {
      throw new Error("a bug");
    });
    const talk = new Talk(socket, clock);
    const reasons: string[] = [];
    talk.start({ message: () => {}, closed: (reason) => void reasons.push(reason) });
    clock.advance(500);

    expect([reasons, told]).toEqual([[FAULT], ["member: a bug"]]);
  });

  it("is told apart in a talk from what is not understood", () => {
    const { socket, events } = memory();
    const talk = new Talk(socket, new VirtualClock());
    talk.start({
      message: (said) => {
        if (said === 1) throw new BadMessageError("one");
        throw new TypeError("a bug");
      },
      closed: () => {},
    });
    events.user?.read(Buffer.from("{"));
    events.user?.read(Buffer.from("1"));

    expect(events.said[0]).toMatch(/^not understood: .*JSON/);
    expect(events.said[1]).toBe("not understood: one");
    expect(() => events.user?.read(Buffer.from("2"))).toThrow(TypeError);
  });

  it("ends the process where a change of the whole stopped halfway", () => {
    const broken = new BrokenStateError("the adoption of a ring", new Error("a bug"));
    expect(() => faults.contain("member", broken)).toThrow(broken);
    expect(told).toEqual([]);
  });
});

describe("Whoever pings a member and does not read the answers", () => {
  it("is cut off before they fill the memory", async () => {
    const ends: string[] = [];
    const port = await serving({ read: () => {}, closed: (reason) => void ends.push(reason) });
    const raw = createConnection({ host: "127.0.0.1", port });
    raw.on("error", () => {});
    closing.push(() => raw.destroy());
    raw.write(
      `GET ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: test.1\r\n\r\n",
    );
    raw.pause();
    const pings = Buffer.concat(Array.from({ length: 1000 }, maskedPing));
    const flood = (): void => {
      while (ends.length === 0 && raw.write(pings)) {}
      raw.once("drain", flood);
    };
    flood();
    await until("it is cut off", () => ends.length === 1);

    expect(ends).toEqual(["it pings without reading the answers"]);
  });
});

function maskedPing(): Buffer {
  const plain = controlFrame("ping", Buffer.alloc(125));
  plain[1] = (plain[1] as number) | 0x80;
  return Buffer.concat([plain.subarray(0, 2), Buffer.alloc(4), plain.subarray(2)]);
}
