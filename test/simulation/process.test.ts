import { describe, expect, it } from "vitest";
import { Process } from "./process.ts";
import { Random } from "./random.ts";
import { Scheduler } from "./scheduler.ts";

/** A process alone in a world, and what it did. */
function alone() {
  const scheduler = new Scheduler();
  const did: string[] = [];
  const threw: unknown[] = [];
  const world = {
    scheduler,
    ran: () => {},
    threw: (_: Process, error: unknown) => threw.push(error),
    promised: () => {},
  };
  const process = new Process("w1.1", "10.0.3.1", world, new Random(1));
  const pass = (ms: number): void => {
    const end = scheduler.now + ms;
    while (scheduler.step(end));
  };
  return { scheduler, process, did, threw, pass, note: (what: string) => () => void did.push(what) };
}

describe("A simulated process", () => {
  it("runs timers in time, and ends its turns", () => {
    const { process, did, pass, note } = alone();
    process.clock.after(20, note("late"));
    process.clock.after(10, () => {
      note("early")();
      process.turn.deliver(note("deliver"));
      process.turn.write(note("write"));
    });
    const called = process.clock.after(15, note("never"));
    called.cancel();
    pass(100);

    expect(did).toEqual(["early", "deliver", "write", "late"]);
  });

  it("reads what waited before its timers run, and an interval once, when it wakes from standing still", () => {
    const { process, did, pass, note } = alone();
    const beats = process.clock.every(100, note("beat"));
    process.freeze();
    pass(1000);
    process.read(note("frame 1"));
    process.read(note("frame 2"));
    expect(did).toEqual([]);
    process.wake();
    pass(50);

    expect(did).toEqual(["frame 1", "frame 2", "beat"]);
    expect(process.ranFor).toBeCloseTo(50);
    beats.cancel();
    pass(1000);
    expect(did).toHaveLength(3);
  });

  it("does nothing any more when it is dead", () => {
    const { process, did, pass, note } = alone();
    process.clock.after(10, note("timer"));
    process.onEnd(note("end"));
    process.kill();
    process.read(note("frame"));
    process.wake();
    pass(100);

    expect(did).toEqual(["end"]);
    expect(process.isAlive).toBe(false);
  });

  it("tells of what it throws", () => {
    const { process, threw } = alone();
    process.read(() => {
      throw new Error("oops");
    });

    expect(threw).toMatchObject([{ message: "oops" }]);
  });

  it("has a clock of its own, which only grows", () => {
    const { scheduler, pass, process } = alone();
    const world = { scheduler, ran: () => {}, threw: () => {}, promised: () => {} };
    const other = new Process("w2.1", "10.0.3.2", world, new Random(2));
    const before = [process.clock.now(), other.clock.now()];
    pass(1000);
    const gone = [process.clock.now() - before[0]!, other.clock.now() - before[1]!];

    expect(before[0]).not.toBe(before[1]);
    for (const ms of gone) expect(Math.abs(ms - 1000)).toBeLessThan(11);
  });
});

describe("A seed", () => {
  it("gives the same numbers each time, and others than another seed", () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => random.whole(0, 1000));
    };

    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7)).not.toEqual(draw(7 + 2 ** 32));
    expect(new Random(7).uuid()).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it("draws evenly", () => {
    const random = new Random(1);
    const counts = [0, 0, 0, 0];
    for (let draw = 0; draw < 4000; draw++) counts[random.whole(0, 3)]! += 1;

    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
