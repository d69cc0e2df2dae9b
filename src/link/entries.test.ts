import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sizeOf } from "../broker-client/pending.ts";
import { SentPublishes, Unconfirmed } from "../broker-client/unconfirmed.ts";
import { Publication } from "../pubsub/publication.ts";
import { BadEntryError, EntryWriter, GAPS } from "./entries.ts";
import { NAME_TABLE_SIZE, NameTable } from "./name-table.ts";
import { BEAT_MS, Pulse } from "./pulse.ts";
import { type EntryHandler, readEntries } from "./read-entries.ts";
import { taken } from "./test-taken.ts";

type Call = readonly [string, ...unknown[]];

/** A handler that notes every call, with message bytes as text. */
function notes(): { calls: Call[]; handler: EntryHandler } {
  const calls: Call[] = [];
  const handler = new Proxy({} as EntryHandler, {
    get:
      (_target, name) =>
      (...fields: unknown[]) =>
        calls.push([
          String(name),
          ...fields.map((field) => (Buffer.isBuffer(field) ? field.toString() : field)),
        ]),
  });
  return { calls, handler };
}

const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
const version = fc.record({ counter: number, stateId: fc.string() });
const epoch = fc.record({ ring: version, count: number });
const bytes = fc.string({ unit: "grapheme" });
const since = fc.option(fc.record({ epoch, offset: number }), { nil: undefined });
const call: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(fc.constant("publish"), number, number, bytes),
  fc.tuple(fc.constant("record"), number, number, number, number, bytes),
  fc.tuple(fc.constant("own"), number, number, number),
  fc.tuple(fc.constant("confirm"), number, number),
  fc.tuple(fc.constant("refuse"), number, bytes),
  fc.tuple(fc.constant("name"), number, fc.string({ unit: "binary" })),
  fc.tuple(fc.constant("origin"), number, bytes),
  fc.tuple(fc.constant("beat"), number),
  fc.tuple(fc.constant("subscribe"), number, number, since),
  fc.tuple(fc.constant("unsubscribe"), number),
  fc.tuple(fc.constant("epoch"), number, epoch),
  fc.tuple(fc.constant("subscribed"), number, number, number, fc.constantFrom(...GAPS)),
  fc.tuple(fc.constant("refuseSubscribe"), number, number, bytes),
  fc.tuple(fc.constant("hello"), bytes),
  fc.tuple(fc.constant("ring"), bytes),
  fc.tuple(fc.constant("version"), version),
  fc.tuple(fc.constant("offer"), number, version, epoch, number, number),
  fc.tuple(fc.constantFrom("done", "settled", "canaryCopy")),
  fc.tuple(fc.constantFrom("parts", "allow", "canary", "canaryHeld", "canaryWaits"), number),
  fc.tuple(fc.constantFrom("pull", "drop", "copied", "recopy"), number),
  fc.tuple(fc.constant("log"), number, epoch, number),
  fc.tuple(fc.constant("sequence"), number, number, number),
  fc.tuple(fc.constant("copy"), number, number, number, number, bytes),
  fc.tuple(fc.constantFrom("end", "keep"), number, number),
);

function write(calls: readonly Call[]): Buffer {
  const writer = new EntryWriter(
    () => {},
    () => {},
  );
  const methods = writer as unknown as Record<string, (...fields: unknown[]) => void>;
  for (const [name, ...fields] of calls) {
    const last = fields.length - 1;
    if (name === "publish" || name === "record" || name === "copy")
      fields[last] = Buffer.from(String(fields[last]));
    methods[name]!.apply(writer, fields);
  }
  return taken(writer);
}

describe("Entries", () => {
  it("are read as they were written, whatever the fields hold", () => {
    fc.assert(
      fc.property(fc.array(call), (written) => {
        const { calls, handler } = notes();

        readEntries(write(written), handler);

        expect(calls).toEqual(written);
      }),
    );
  });

  it("that are cut short or foreign are refused, and never read past the frame's end", () => {
    const frame = fc.oneof(
      fc.uint8Array().map((random) => Buffer.from(random)),
      fc.tuple(fc.array(call, { minLength: 1 }), fc.nat()).map(([calls, cut]) => {
        const whole = write(calls);
        return whole.subarray(0, cut % whole.length);
      }),
    );
    fc.assert(
      fc.property(frame, (hostile) => {
        try {
          readEntries(hostile, notes().handler);
        } catch (error) {
          expect(error).toBeInstanceOf(BadEntryError);
        }
      }),
    );
    expect(() => readEntries(Buffer.from([255]), notes().handler)).toThrow("no entry of kind 255");
    expect(() => readEntries(write([["name", 1, "news"]]).subarray(0, 5), notes().handler)).toThrow(
      "cut short",
    );
  });

  it("call for sending once, with the first after what was taken", () => {
    let called = 0;
    const writer = new EntryWriter(
      () => {
        called += 1;
      },
      () => {},
    );

    writer.beat(1);
    writer.beat(2);
    expect([called, taken(writer).length, writer.length]).toEqual([1, 4, 0]);
    writer.beat(3);
    expect(called).toBe(2);
  });
});

describe("EntryWriter", () => {
  it("has a frame taken before it grows beyond bounds, whatever one turn brings", () => {
    const frames: number[] = [];
    const writer = new EntryWriter(
      () => {},
      () => frames.push(taken(writer).length),
    );
    for (let n = 0; n < 50; n++) writer.publish(1, n, Buffer.alloc(100_000));

    expect(frames.length).toBe(4);
    expect(Math.max(...frames)).toBeLessThan(2 ** 20 + 100_010);
  });
});

describe("NameTable", () => {
  it("gives the number anew that was given longest ago, and announces it", () => {
    const announced: [number, string][] = [];
    const table = new NameTable((...pair) => announced.push(pair), [{ upTo: Infinity, numbers: 2 }]);

    const numbers = ["a", "b", "a", "c", "b", "a"].map((channel) => table.numberOf(channel));

    expect(numbers).toEqual([0, 1, 0, 0, 1, 1]);
    expect(announced).toEqual([
      [0, "a"],
      [1, "b"],
      [0, "c"],
      [1, "a"],
    ]);
  });

  it("has few numbers for long names, and does not take the others for them", () => {
    const announced: number[] = [];
    const table = new NameTable(
      (number) => announced.push(number),
      [
        { upTo: 256, numbers: 2 },
        { upTo: Infinity, numbers: 2 },
      ],
    );
    const long = (n: number): string => `${n}`.repeat(300);
    table.numberOf("short");

    const numbers = [1, 2, 1, 3, 1].map((n) => table.numberOf(long(n)));

    expect(numbers).toEqual([2, 3, 2, 2, 3]);
    expect(table.numberOf("short")).toBe(0);
    expect(announced).toEqual([0, 2, 3, 2, 3]);
  });

  it("keeps ten million characters at most, whatever the lengths of names are", () => {
    const known = new Map<number, number>();
    const table = new NameTable((number, channel) => known.set(number, channel.length));
    for (const [length, count] of [
      [64, 70_000],
      [256, 10_000],
      [65_536, 200],
    ] as const) {
      for (let n = 0; n < count; n++) table.numberOf(`${n}`.padEnd(length));
    }

    expect([...known.values()].reduce((sum, length) => sum + length, 0)).toBeLessThan(10 * 2 ** 20);
    expect(Math.max(...known.keys())).toBe(NAME_TABLE_SIZE - 1);
  });
});

describe("Pulse", () => {
  it("finds the other side silent after 3 s without a frame", () => {
    const pulse = new Pulse();
    let beats = 0;
    while (pulse.beat()) {
      beats += 1;
      pulse.acknowledged(beats);
    }

    expect(beats * BEAT_MS).toBe(3000);
  });

  it("finds a side silent that sends but acknowledges nothing new", () => {
    const pulse = new Pulse();
    let beats = 0;
    while (pulse.beat()) {
      beats += 1;
      pulse.heard();
      pulse.acknowledged(1);
    }

    expect(beats * BEAT_MS).toBe(3500);
  });

  it("takes parts of a large frame for a sign of life, and counts on where the next part stays away", () => {
    const pulse = new Pulse();
    for (let beats = 0; beats < 100; beats++) {
      pulse.heardPart();
      expect(pulse.beat()).toBe(true);
    }
    let beats = 0;
    while (pulse.beat()) beats += 1;

    expect((beats + 1) * BEAT_MS).toBe(3000);
  });
});

describe("Unconfirmed", () => {
  const publication = (text: string): Publication => new Publication("news", Buffer.from(text));

  it("keeps publishes in order until they are removed or too old", () => {
    const unconfirmed = new Unconfirmed();
    const [a, b, c] = ["a", "bb", "ccc"].map((text, at) => unconfirmed.add(publication(text), undefined, at));

    unconfirmed.remove(b!);
    unconfirmed.remove(b!);
    expect([...unconfirmed.inOrder()]).toEqual([a, c]);
    expect(unconfirmed.bytes).toBe(sizeOf(a!.publication) + sizeOf(c!.publication));
    expect(unconfirmed.before(1)).toEqual([a]);
    expect([unconfirmed.remove(a!), unconfirmed.remove(a!)]).toEqual([true, false]);
    expect([unconfirmed.count, unconfirmed.bytes]).toEqual([1, sizeOf(c!.publication)]);
  });

  it("finds what was sent by its position, once, in whatever order it is confirmed", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 60 }), (positions) => {
        const unconfirmed = new Unconfirmed();
        const sent = new SentPublishes();
        const left = new Map<number, unknown>();
        for (let position = 1; position <= 30; position++) {
          const pending = unconfirmed.add(publication(`${position}`), undefined, 0);
          sent.add(pending);
          left.set(position, pending);
        }
        for (const position of positions) {
          expect(sent.take(position)).toBe(left.get(position));
          left.delete(position);
        }
        expect(sent.count).toBeLessThanOrEqual(30);
        if (left.size === 0) expect(sent.count).toBe(0);
      }),
    );
  });
});
