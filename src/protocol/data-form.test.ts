import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PLAIN, tagPublishes, WITH_BYTES } from "./data-form.ts";

function through(form: typeof PLAIN, data: unknown): unknown {
  const text = form.write(data);
  return form.read(text === undefined ? Buffer.alloc(0) : Buffer.from(text));
}

const { buffer } = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);

const BYTES: readonly [name: string, value: unknown][] = [
  ["Buffer", Buffer.from("hello")],
  ["ArrayBuffer", buffer],
  ["DataView", new DataView(buffer, 3, 5)],
  ["Int8Array", new Int8Array(buffer, 1, 3)],
  ["Uint8Array", new Uint8Array(buffer, 1, 3)],
  ["Uint8ClampedArray", new Uint8ClampedArray(buffer)],
  ["Int16Array", new Int16Array(buffer, 2, 3)],
  ["Uint16Array", new Uint16Array(buffer)],
  ["Int32Array", new Int32Array(buffer)],
  ["Uint32Array", new Uint32Array(buffer)],
  ["Float32Array", Float32Array.of(1.5, -0, Number.NaN)],
  ["Float64Array", Float64Array.of(Math.PI, Number.POSITIVE_INFINITY)],
  ["BigInt64Array", BigInt64Array.of(-1n)],
  ["BigUint64Array", BigUint64Array.of(2n ** 64n - 1n)],
  ["an empty Buffer", Buffer.alloc(0)],
  ["an empty ArrayBuffer", new ArrayBuffer(0)],
];

describe("Data with bytes", () => {
  it.each(BYTES)("are read as they were written: %s", (_, value) => {
    const data = { value, list: [value, { value }], text: "base64" };

    const read = through(WITH_BYTES, data) as typeof data;

    expect(read).toEqual(data);
    expect(Object.getPrototypeOf(read.value)).toBe(Object.getPrototypeOf(value));
    expect(through(WITH_BYTES, value)).toEqual(value);
  });

  it("are what JSON makes of them where there are none", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        expect(WITH_BYTES.write(data)).toBe(PLAIN.write(data));
        expect(through(WITH_BYTES, data)).toEqual(through(PLAIN, data));
      }),
    );
    for (const data of [undefined, () => {}, new Date(0), { at: new Date(0) }, Symbol("s"), null, "#1"]) {
      expect(WITH_BYTES.write(data)).toBe(PLAIN.write(data));
    }
  });

  it("are not taken for what only looks like them", () => {
    const looks = [
      { base64: true, data: "AAAA" },
      { base64: true, data: "AAAA", bytes: "Date" },
      { base64: true, data: "AAAA", bytes: "Float64Array" },
      { base64: true, data: 5, bytes: "Buffer" },
      { base64: true, data: "AAAA", bytes: "constructor" },
    ];

    expect(through(WITH_BYTES, looks)).toEqual(looks);
  });

  it("are tagged in publishes, and nowhere else", () => {
    const call = { event: "save", data: Buffer.from("x"), cid: 1 };
    const publish = { event: "#publish", data: { channel: "news", data: Buffer.from("x"), more: 1 }, cid: 2 };
    const [first, second] = tagPublishes([call, publish]) as [unknown, typeof publish];

    expect(first).toBe(call);
    expect(second).toMatchObject({ event: "#publish", cid: 2, data: { channel: "news", more: 1 } });
    expect(WITH_BYTES.read(Buffer.from(JSON.stringify(second.data.data)))).toEqual(Buffer.from("x"));
    for (const odd of [
      undefined,
      null,
      5,
      "text",
      { event: "#publish" },
      { event: "#publish", data: null },
    ]) {
      expect(tagPublishes(odd)).toBe(odd);
    }
  });

  it("that cannot be written are refused, as by JSON", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;

    for (const data of [cycle, 1n, { n: 1n }]) expect(() => WITH_BYTES.write(data)).toThrow();
  });
});
