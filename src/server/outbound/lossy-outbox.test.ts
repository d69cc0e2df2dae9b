import { EventEmitter } from "node:events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Turn } from "../../runtime/turn.ts";
import { Counters } from "../counters.ts";
import { HeldBytes } from "./held-bytes.ts";
import { type DrainingSocket, LossyOutbox, outboxFor } from "./lossy-outbox.ts";
import { Outbox, type OutboxSocket, Writer } from "./outbox.ts";

describe("LossyOutbox", () => {
  it("writes what a turn brought when it ends, as it is, to a socket that takes it", () => {
    const { outbox, socket, counters, endTurn } = setUp();
    const frame = Buffer.from("a");

    outbox.publish(frame, 1);
    outbox.push(Buffer.from("b"));
    expect(socket.written).toEqual([]);
    endTurn();

    expect(socket.text()).toBe("ab");
    expect(socket.written[0]).toBe(frame);
    expect(counters).toMatchObject({ writes: 1, bytesOut: 2, droppedPublications: 0 });
  });

  it("hands nothing more to a socket that holds something back, and goes on once it does not", () => {
    const { outbox, socket, endTurn } = setUp();
    socket.blocked = true;

    for (const text of ["a", "b", "c"]) {
      outbox.publish(Buffer.from(text), 1);
      endTurn();
    }
    expect(socket.text()).toBe("a");
    expect(outbox.bufferedBytes).toBe(3);
    socket.drain();

    expect(socket.text()).toBe("abc");
    expect(outbox.bufferedBytes).toBe(0);
  });

  it("drops the oldest publications when too much waits, never the newest, and counts them", () => {
    const { outbox, socket, counters, endTurn } = setUp({ maxBufferedBytes: 5 });
    socket.blocked = true;
    outbox.publish(Buffer.from("0"), 1);
    endTurn();

    for (const text of ["1", "22", "3", "4", "5"]) outbox.publish(Buffer.from(text), text.length);
    endTurn();
    expect(outbox.bufferedBytes).toBe(4);
    outbox.publish(Buffer.from("large one"), 1);
    endTurn();
    socket.drain();

    expect(socket.text()).toBe("0large one");
    expect(counters.droppedPublications).toBe(6);
  });

  it("drops nothing but publications, and keeps the order of the rest", () => {
    const { outbox, socket, owner, endTurn } = setUp({ maxBufferedBytes: 6 });
    socket.blocked = true;
    outbox.publish(Buffer.from("0"), 1);
    endTurn();

    for (const text of ["A", "1", "B", "2", "3", "C", "4", "5"]) {
      if (text >= "A") outbox.push(Buffer.from(text));
      else outbox.publish(Buffer.from(text), 1);
      endTurn();
    }
    socket.drain();

    expect(socket.text()).toBe("0ABC45");
    expect(owner.overflows).toBe(0);
  });

  it("tells its owner when too much waits of what must not be dropped", () => {
    const { outbox, socket, owner, endTurn } = setUp({ maxBufferedBytes: 3 });
    socket.blocked = true;
    outbox.push(Buffer.from("0"));
    endTurn();

    for (const text of ["A", "B", "C"]) outbox.push(Buffer.from(text));
    endTurn();
    expect(owner.overflows).toBe(0);
    outbox.push(Buffer.from("D"));
    outbox.push(Buffer.from("E"));
    endTurn();

    expect(owner.overflows).toBe(1);
    expect(socket.text()).toBe("0");
    expect(outbox.bufferedBytes).toBe(1);
  });

  it("writes all that waits when it is closed, and nothing after", () => {
    const { outbox, socket, endTurn } = setUp();
    socket.blocked = true;
    for (const text of ["a", "b"]) {
      outbox.publish(Buffer.from(text), 1);
      endTurn();
    }

    outbox.push(Buffer.from("c"));
    outbox.close();
    outbox.push(Buffer.from("late"));
    endTurn();
    socket.drain();

    expect(socket.text()).toBe("abc");
  });

  it("never holds more than the limit and one message, whatever comes, and loses no answer", () => {
    const step = fc.record({
      size: fc.integer({ min: 1, max: 40 }),
      kind: fc.constantFrom("publication", "publication", "publication", "answer", "end of turn", "drain"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const { outbox, socket, counters, owner, endTurn } = setUp({ maxBufferedBytes: 2_000 });
        const sent = { publications: 0, answers: 0 };
        socket.blocked = true;
        for (const [i, { kind, size }] of steps.entries()) {
          const frame = Buffer.from(`${kind[0]}${i}${".".repeat(size)}\n`);
          if (kind === "end of turn") endTurn();
          else if (kind === "drain") socket.drain();
          else if (kind === "publication") outbox.publish(frame, 1);
          else if (sent.answers < 40) outbox.push(frame);
          if (kind === "publication") sent.publications += 1;
          if (kind === "answer" && sent.answers < 40) sent.answers += 1;
          expect(outbox.bufferedBytes).toBeLessThanOrEqual(2_000 + 60);
        }
        for (let i = 0; i < 3; i += 1) {
          endTurn();
          socket.drain();
        }
        const lines = socket.text().split("\n").slice(0, -1);
        const places = lines.map((line) => Number.parseInt(line.slice(1), 10));

        expect(owner.overflows).toBe(0);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(lines.filter((line) => line.startsWith("a"))).toHaveLength(sent.answers);
        expect(lines.length - sent.answers + counters.droppedPublications).toBe(sent.publications);
      }),
    );
  });

  it("forgets what it dropped, however long the socket is stuck", () => {
    const { outbox, socket, counters, endTurn } = setUp({ maxBufferedBytes: 10 });
    socket.blocked = true;
    outbox.push(Buffer.from("0"));
    endTurn();
    outbox.push(Buffer.from("A"));

    for (let i = 0; i < 10_000; i += 1) outbox.publish(Buffer.from("x"), 1);
    endTurn();
    socket.drain();

    expect(socket.text()).toBe(`0A${"x".repeat(8)}`);
    expect(counters.droppedPublications).toBe(9_992);
  });
});

describe("The policy for slow consumers", () => {
  it("closes them, unless their publications may be dropped and their socket can say when it is free", () => {
    const { socket, owner, writer } = setUp();
    const mute: OutboxSocket = { ...socket, write: () => true, cork: () => {}, uncork: () => {} };
    Reflect.deleteProperty(mute, "once");

    expect(outboxFor(owner, socket, writer, "close")).toBeInstanceOf(Outbox);
    expect(outboxFor(owner, socket, writer, "dropOldest")).toBeInstanceOf(LossyOutbox);
    expect(outboxFor(owner, mute, writer, "dropOldest")).toBeInstanceOf(Outbox);
  });
});

/** A socket as Node.js has it, with room for a single write while it is blocked. */
class StuckSocket extends EventEmitter {
  readonly written: Buffer[] = [];
  blocked = false;
  writable = true;
  writableLength = 0;

  get writableNeedDrain(): boolean {
    return this.writableLength > 0;
  }

  write(frames: Buffer): boolean {
    this.written.push(frames);
    if (this.blocked) this.writableLength += frames.length;
    return !this.blocked;
  }

  /** Takes everything for a moment, and is blocked again after if it was. */
  drain(): void {
    const { blocked } = this;
    this.blocked = false;
    this.writableLength = 0;
    this.emit("drain");
    this.blocked = blocked;
  }

  text(): string {
    return Buffer.concat(this.written).toString();
  }

  cork(): void {}
  uncork(): void {}
}

function setUp({ maxBufferedBytes = 1_000 } = {}) {
  let endTurn = (): void => {};
  const turn = new Turn((run) => {
    endTurn = run;
  });
  const socket = new StuckSocket() as StuckSocket & DrainingSocket;
  const owner = {
    overflows: 0,
    overflowed() {
      this.overflows += 1;
    },
  };
  const counters = new Counters();
  const writer = new Writer(turn, counters, new HeldBytes(Infinity, () => {}), maxBufferedBytes);
  return {
    outbox: new LossyOutbox(owner, socket, writer),
    socket,
    owner,
    counters,
    writer,
    endTurn: () => endTurn(),
  };
}
