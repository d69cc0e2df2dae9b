import { describe, expect, it } from "vitest";
import { BEAT_MS, Wakefulness } from "./wakefulness.ts";

describe("Whether scc-state has been running all along", () => {
  const steady = (): Wakefulness => {
    const wakefulness = new Wakefulness(0);
    for (let beat = 1; beat <= 4; beat++) wakefulness.beat(beat * BEAT_MS);
    return wakefulness;
  };

  it("is so from the start, and while beats come about in time", () => {
    expect(new Wakefulness(7000).isAwake(7000)).toBe(true);
    expect(steady().isAwake(2999)).toBe(true);
  });

  it("is not so as soon as a beat is overdue, be it read before or after what waited", () => {
    const wakefulness = steady();

    expect(wakefulness.isAwake(9000)).toBe(false);
    expect(wakefulness.beat(9000)).toBe(false);
    expect(wakefulness.isAwake(9000)).toBe(false);
  });

  it("is so again two beats later, which the second of them tells", () => {
    const wakefulness = steady();
    wakefulness.beat(9000);

    expect(wakefulness.beat(9500)).toBe(false);
    expect(wakefulness.isAwake(9500)).toBe(false);
    expect(wakefulness.beat(10_000)).toBe(true);
    expect(wakefulness.isAwake(10_000)).toBe(true);
    expect(wakefulness.beat(10_500)).toBe(false);
  });

  it("counts anew when it stands still again meanwhile", () => {
    const wakefulness = steady();
    for (const now of [9000, 9500, 12_000, 12_500]) expect(wakefulness.beat(now)).toBe(false);

    expect(wakefulness.beat(13_000)).toBe(true);
  });
});
