import { describe, expect, it } from "vitest";
import { Recorder } from "./recorder.ts";

function recorded(values: readonly number[]): Recorder {
  const recorder = new Recorder();
  for (const value of values) recorder.record(value);
  return recorder;
}

/** 1 to 200 ms in steps of 0.1 ms: below and above what is counted apart. */
const values = Array.from({ length: 2000 }, (_, index) => (index + 1) * 100);

describe("A recorder of latencies", () => {
  it("tells percentiles in ms, to three digits", () => {
    const { count, mean, p50, p90, p99, p999, max } = recorded(values.toReversed()).latency;

    expect(count).toBe(2000);
    for (const [is, should] of [
      [mean, 100.05],
      [p50, 100],
      [p90, 180],
      [p99, 198],
      [p999, 199.8],
    ] as const)
      expect(Math.abs(is / should - 1)).toBeLessThan(0.001);
    expect(max).toBe(200);
  });

  it("adds up with others, also over text, to the same as if one had recorded everything", () => {
    const parts = [0, 1, 2].map((part) => recorded(values.filter((_, index) => index % 3 === part)));
    const total = new Recorder();
    for (const part of parts) total.add(Recorder.decode(JSON.parse(JSON.stringify(part.encode()))));

    expect(total.latency).toEqual(recorded(values).latency);
  });

  it("is empty after another has taken what it has", () => {
    const [one, other] = [recorded([500]), recorded([100_000])];
    one.take(other);

    expect(one.latency).toMatchObject({ count: 2, max: 100 });
    expect(other.latency).toMatchObject({ count: 0, max: 0, p50: 0, mean: 0 });
  });

  it("takes what is below zero for zero, and what is above an hour for an hour", () => {
    const { count, p50 } = recorded([-5, -1, 3_700_000_000]).latency;

    expect({ count, p50 }).toEqual({ count: 3, p50: 0 });
  });
});
