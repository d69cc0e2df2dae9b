import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { Turn } from "../../runtime/turn.ts";
import { Counters } from "../counters.ts";
import { HeldBytes } from "./held-bytes.ts";
import { Outbox, Writer } from "./outbox.ts";

describe("Outbox", () => {
  it("writes nothing before the turn ends, and then a single Buffer as it is", () => {
    const { outbox, socket, endTurn } = setUp();
    const frame = Buffer.from("a");

    outbox.push(frame);
    expect(socket.log).toEqual([]);
    endTurn();

    expect(socket.log).toEqual(["write a"]);
    expect(socket.written[0]).toBe(frame);
  });

  it("joins several short Buffers in their order, without changing them", () => {
    const { outbox, socket, endTurn } = setUp();
    const frames = ["a", "b", "c"].map((text) => Buffer.from(text));

    for (const frame of frames) outbox.push(frame);
    endTurn();

    expect(socket.log).toEqual(["write abc"]);
    expect(frames.map(String)).toEqual(["a", "b", "c"]);
  });

  it("writes long Buffers in their order, corked and as they are", () => {
    const { outbox, socket, endTurn } = setUp({ maxBufferedBytes: 100_000 });
    const frames = ["a", "b"].map((text) => Buffer.from(text.repeat(10_000)));

    for (const frame of frames) outbox.push(frame);
    endTurn();

    expect(socket.log.map((entry) => entry.slice(0, 7))).toEqual(["cork", "write a", "write b", "uncork"]);
    expect(socket.written).toEqual(frames);
  });

  it("counts one write for a turn, however much it brought", () => {
    const { outbox, counters, endTurn } = setUp();

    for (const text of ["a", "bc"]) outbox.push(Buffer.from(text));
    endTurn();

    expect(counters).toMatchObject({ writes: 1, bytesOut: 3 });
  });

  it("tells its owner, and writes nothing, when what is unsent passes the limit", () => {
    const { outbox, socket, owner, endTurn } = setUp({ maxBufferedBytes: 10 });
    socket.writableLength = 8;

    outbox.push(Buffer.from("abc"));
    endTurn();

    expect(owner.overflows).toBe(1);
    expect(socket.log).toEqual([]);
  });

  it("lets a single message be larger than the limit while nothing else is unsent", () => {
    const { outbox, socket, owner, endTurn } = setUp({ maxBufferedBytes: 10 });

    outbox.push(Buffer.alloc(100));
    endTurn();

    expect(owner.overflows).toBe(0);
    expect(socket.written).toHaveLength(1);
  });

  it("does not take whoever was just sent a large message for slow, but knows an end", () => {
    const { outbox, socket, owner, endTurn } = setUp({ maxBufferedBytes: 10 });
    outbox.push(Buffer.alloc(100));
    endTurn();

    socket.writableLength = 100;
    outbox.push(Buffer.alloc(5));
    endTurn();
    expect(owner.overflows).toBe(0);
    socket.writableLength = 105;
    outbox.push(Buffer.alloc(6));
    endTurn();
    expect(owner.overflows).toBe(1);
  });

  it("does not gather without end within a turn", () => {
    const { outbox, socket } = setUp({ maxBufferedBytes: 10 });

    for (let i = 0; i < 12; i += 1) outbox.push(Buffer.from("x"));

    expect(socket.log).toEqual([`write ${"x".repeat(11)}`]);
  });

  it("writes what waits when it is closed, and nothing after", () => {
    const { outbox, socket, endTurn } = setUp();

    outbox.push(Buffer.from("last"));
    outbox.close();
    outbox.push(Buffer.from("late"));
    endTurn();

    expect(socket.log).toEqual(["write last"]);
  });
});

function setUp({ maxBufferedBytes = 1_000 } = {}) {
  let endTurn = (): void => {};
  const turn = new Turn((run) => {
    endTurn = run;
  });
  const log: string[] = [];
  const written: Buffer[] = [];
  const socket = {
    log,
    written,
    writable: true,
    writableLength: 0,
    cork: () => void log.push("cork"),
    uncork: () => void log.push("uncork"),
    write: (frame: Buffer) => {
      written.push(frame);
      log.push(`write ${frame}`);
    },
  };
  const owner = {
    overflows: 0,
    overflowed() {
      this.overflows += 1;
    },
  };
  const counters = new Counters();
  const writer = new Writer(turn, counters, new HeldBytes(Infinity, () => {}), maxBufferedBytes);
  const outbox = new Outbox(owner, socket as unknown as Socket, writer);
  return { outbox, socket, owner, counters, endTurn: () => endTurn() };
}
