import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MOST_CHANNELS, MOST_PUBLISHERS, MOST_SEQUENCES, STAMP_LENGTH, Stamp } from "./stamp.ts";

const fields = fc.record({
  publisher: fc.nat(MOST_PUBLISHERS - 1),
  channel: fc.nat(MOST_CHANNELS - 1),
  sequence: fc.nat(MOST_SEQUENCES - 1),
  number: fc.nat(2 ** 36 - 1),
  time: fc.nat(2 ** 48 - 1),
});

function written(values: object): Buffer {
  const bytes = Buffer.alloc(STAMP_LENGTH + 2, "{");
  Object.assign(new Stamp(), values).write(bytes, 1);
  return bytes;
}

describe("A stamp", () => {
  it("is read as it was written, and touches nothing around it", () => {
    fc.assert(
      fc.property(fields, (values) => {
        const bytes = written(values);
        const stamp = new Stamp();

        expect(stamp.read(bytes, 1)).toBe(true);
        expect({ ...stamp }).toEqual(values);
        expect(`${bytes.toString()[0]}${bytes.toString().at(-1)}`).toBe("{{");
      }),
    );
  });

  it("can stand in a JSON string as it is", () => {
    const text = written({ publisher: 1, channel: 2, sequence: 3, number: 4, time: 5 }).toString();

    expect(JSON.stringify(text)).toBe(`"${text}"`);
  });

  it("is not read if any one character of it has changed, or it is cut off", () => {
    fc.assert(
      fc.property(
        fields,
        fc.nat(STAMP_LENGTH - 1),
        fc.integer({ min: 1, max: 127 }),
        (values, at, change) => {
          const bytes = written(values);
          bytes[1 + at] = (bytes[1 + at] ?? 0) ^ change;

          expect(new Stamp().read(bytes, 1)).toBe(false);
          expect(new Stamp().read(written(values).subarray(0, STAMP_LENGTH), 1)).toBe(false);
        },
      ),
    );
  });
});
