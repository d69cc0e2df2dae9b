import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FRESH, LATE, REPEATED, Tracks } from "./tracks.ts";

describe("Tracks", () => {
  it("tell every delivery of any history from a model that remembers everything", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 80 }), (history) => {
        const tracks = new Tracks(2);
        const seen = new Set<number>();
        let highest = -1;
        for (const sequence of history) {
          const expected = seen.has(sequence) ? REPEATED : sequence < highest ? LATE : FRESH;
          expect(tracks.saw(1, sequence)).toBe(expected);
          seen.add(sequence);
          highest = Math.max(highest, sequence);
        }

        expect(tracks.missing(1, 50)).toBe(50 - seen.size);
        expect(tracks.isMissing(1, 20)).toBe(!seen.has(20));
        expect(tracks.missing(0, 50)).toBe(50);
      }),
    );
  });

  it("count a gap that is out of the window as missing for good, and do not grow any further", () => {
    const tracks = new Tracks(1);
    for (let sequence = 1; sequence < 2001; sequence += 2) tracks.saw(0, sequence);

    expect(tracks.missing(0, 2000)).toBe(1000);
    expect(tracks.saw(0, 0)).toBe(LATE);
    expect(tracks.missing(0, 2000)).toBe(1000);
    expect(tracks.saw(0, 1998)).toBe(LATE);
    expect(tracks.missing(0, 2000)).toBe(999);
  });
});
