import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HeldBytes } from "./held-bytes.ts";
import { packed, Untaken } from "./untaken.ts";

describe("What a client has not taken", () => {
  it("is given back in order, short pieces together, long ones as they are", () => {
    const { untaken } = setUp();
    const long = Buffer.alloc(20, "x");

    for (const piece of [Buffer.from("a"), Buffer.from("b"), long, Buffer.from("c")]) untaken.push(piece);

    expect(untaken.bytes).toBe(23);
    expect(String(untaken.shift(10))).toBe("ab");
    expect(untaken.shift(10)).toBe(long);
    expect(String(untaken.shift(10))).toBe("c");
    expect(untaken.isEmpty).toBe(true);
    expect(untaken.shift(10)).toBeUndefined();
  });

  it("is held while it waits, and after that while the socket has it", () => {
    const { untaken, held } = setUp();
    untaken.push(Buffer.alloc(10_000));
    const once = held.bytes;

    untaken.hand(untaken.shift(1) as Buffer);
    expect(held.bytes).toBe(once);
    untaken.clear();
    expect(held.bytes).toBe(once);
    untaken.taken();

    expect(held.bytes).toBe(0);
    expect(untaken.isHanded).toBe(false);
  });

  it("is forgotten with what the socket has, when that is about to be destroyed", () => {
    const { untaken, held } = setUp();
    untaken.hand(Buffer.alloc(10_000));
    untaken.push(Buffer.alloc(10_000));

    untaken.forget();
    untaken.taken();

    expect(held.bytes).toBe(0);
  });

  it("moves when something is taken, also a part of something, and not when more comes", () => {
    const { untaken } = setUp();
    untaken.hand(Buffer.alloc(100));
    expect(untaken.hasMoved(100)).toBe(true); // it has only just begun to wait
    expect(untaken.hasMoved(100)).toBe(false);
    expect(untaken.hasMoved(90)).toBe(true);
    expect(untaken.hasMoved(95)).toBe(false);
    untaken.taken();
    expect(untaken.hasMoved(95)).toBe(true);
  });

  it("holds nothing once all is taken, whatever came in between", () => {
    const step = fc.record({ kind: fc.constantFrom("push", "shift", "taken", "clear"), size: fc.nat(3_000) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const { untaken, held } = setUp();
        let bytes = 0;
        for (const { kind, size } of steps) {
          if (kind === "push") untaken.push(Buffer.allocUnsafe(size));
          else if (kind === "clear") untaken.clear();
          else if (kind === "taken") untaken.taken();
          else {
            const piece = untaken.shift(2_000);
            if (piece !== undefined) untaken.hand(piece);
            bytes -= piece?.length ?? 0;
          }
          bytes = kind === "clear" ? 0 : bytes + (kind === "push" ? size : 0);
          expect(untaken.bytes).toBe(bytes);
        }
        untaken.clear();
        while (untaken.isHanded) untaken.taken();
        expect(held.bytes).toBe(0);
      }),
    );
  });
});

describe("Packing", () => {
  it("keeps every byte in its place, copies short pieces together, and leaves long ones alone", () => {
    const sizes = fc.array(fc.oneof(fc.nat(50), fc.integer({ min: 1_024, max: 3_000 })), { minLength: 1 });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const pieces: Buffer[] = lengths.map((length, i) => Buffer.alloc(length, i));
        const [first, ...rest] = pieces as [Buffer, ...Buffer[]];

        const all = packed(first, rest, 100);

        expect(Buffer.concat(all).equals(Buffer.concat(pieces))).toBe(true);
        for (const piece of pieces) if (piece.length >= 1_024) expect(all).toContain(piece);
        for (const piece of all) if (!pieces.includes(piece)) expect(piece.length).toBeLessThanOrEqual(100);
      }),
    );
  });
});

function setUp() {
  const held = new HeldBytes(Infinity, () => {});
  return { held, untaken: new Untaken(held, () => {}) };
}
