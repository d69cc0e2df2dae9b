import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../../test/support/virtual-clock.ts";
import type { Client } from "./client.ts";
import { Crowd } from "./crowd.ts";

/** A crowd whose connections are made by hand. */
function crowd(count: number, atATime: number) {
  const clock = new VirtualClock();
  const dialled: number[] = [];
  const made: Crowd = new Crowd(
    count,
    atATime,
    (number) => {
      dialled.push(number);
      const connection = { destroy: (reason: string) => made.ended(number, reason) };
      return { connection } as unknown as Client;
    },
    clock,
  );
  return { made, clock, dialled };
}

describe("A crowd that connects", () => {
  it("makes so many connections at a time, and is done when all are ready", async () => {
    const { made, dialled } = crowd(4, 2);
    const done = made.connect();
    expect(dialled).toEqual([0, 1]);
    made.ready(1);
    expect(dialled).toEqual([0, 1, 2]);
    for (const number of [0, 2, 3]) made.ready(number);

    await done;
  });

  it("tries each connection three times, and goes on without those that fail", async () => {
    const { made, dialled } = crowd(2, 5);
    const done = made.connect();
    for (let attempt = 0; attempt < 3; attempt++) expect(made.ended(0, "refused")).toBe(true);
    expect(dialled).toEqual([0, 1, 0, 0]);
    made.ready(1);

    await done;
    expect(made.ended(1, "later")).toBe(false);
  });

  it("gives up a connection that is not ready in time", async () => {
    const { made, clock, dialled } = crowd(2, 5);
    const done = made.connect();
    clock.advance(9000);
    made.ready(1);
    clock.advance(1500);
    expect(dialled).toEqual([0, 1, 0]);
    made.ready(0);

    await done;
  });

  it("gives up all when nobody answers, and says so", async () => {
    const { made, clock, dialled } = crowd(1000, 5);
    const failed = expect(made.connect()).rejects.toThrow(
      "None of 1000 connections became ready: not ready within 10000 ms",
    );
    clock.advance(60_000);

    await failed;
    expect(dialled.length).toBeLessThan(20);
  });

  it("begins nothing any more once it is stopped", () => {
    const { made, dialled } = crowd(4, 1);
    made.connect();
    made.stop();
    made.ready(0);

    expect(dialled).toEqual([0]);
  });

  it("is done at once when it is nobody", async () => {
    await crowd(0, 1).made.connect();
  });
});
