import { describe, expect, it } from "vitest";
import { ENTRY_BYTES, HeldBytes, outboxShare } from "./held-bytes.ts";

describe("What is held for clients", () => {
  it("counts memory that several wait for once, until the last of them has it", () => {
    const { held } = setUp();
    const frame = Buffer.alloc(10_000);

    for (let i = 0; i < 3; i += 1) held.hold(frame);
    expect(held.bytes).toBe(10_000 + 3 * ENTRY_BYTES);
    for (let i = 0; i < 2; i += 1) held.release(frame);
    expect(held.bytes).toBe(10_000 + ENTRY_BYTES);
    held.release(frame);

    expect(held.bytes).toBe(0);
  });

  it("counts the whole of what a part keeps alive", () => {
    const { held } = setUp();
    const all = Buffer.alloc(8_192);

    held.hold(all.subarray(0, 10));
    held.hold(all.subarray(10, 20));

    expect(held.bytes).toBe(8_192 + 2 * ENTRY_BYTES);
  });

  it("tells of every piece beyond the limit", () => {
    const { held, told } = setUp(20_000);

    held.hold(Buffer.alloc(10_000));
    expect(told()).toBe(0);
    held.hold(Buffer.alloc(10_000));
    held.hold(Buffer.alloc(1));

    expect(told()).toBe(2);
  });

  it("may be half of what there is besides the heap, and always an eighth of all", () => {
    expect(outboxShare({ heap: 400, total: 1_000 })).toBe(300);
    expect(outboxShare({ heap: 1_000, total: 1_000 })).toBe(125);
  });
});

function setUp(limit = Infinity) {
  let overflows = 0;
  const held = new HeldBytes(limit, () => {
    overflows += 1;
  });
  return { held, told: () => overflows };
}
