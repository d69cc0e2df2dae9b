import { describe, expect, it } from "vitest";
import { TurnBudget } from "./turn-budget.ts";

const MIB = 1024 * 1024;

/** A budget of 20 ms a turn, on time and turns that a test decides about. */
function start() {
  let now = 0;
  let turn: (() => void) | undefined;
  let timer: { at: number; task: () => void } | undefined;
  const budget = new TurnBudget(
    {
      now: () => now,
      schedule(run) {
        turn = run;
      },
      after(ms, task) {
        timer = { at: now + ms, task };
      },
    },
    20,
  );
  return {
    budget,
    pass(ms: number): void {
      now += ms;
      if (timer === undefined || timer.at > now) return;
      const { task } = timer;
      timer = undefined;
      task();
    },
    /** Ends the turn: once, or where sockets have spent its budget before timers had their time, twice. */
    next(): boolean {
      const run = turn;
      turn = undefined;
      run?.();
      return run !== undefined;
    },
  };
}

describe("The budget of a turn", () => {
  it("lets small messages begin until it is spent, and the next turn's more", () => {
    const { budget, pass, next } = start();
    let begun = 0;
    while (begun < 10_000 && budget.take(100)) {
      begun += 1;
      pass(1);
    }
    expect(begun).toBeLessThan(150);
    expect(budget.take(0)).toBe(false);

    next();
    expect(budget.take(0)).toBe(false);
    next();
    expect(budget.take(100)).toBe(true);
  });

  it("lets no second large message begin after one that took all of it, and then not before as much time has passed", () => {
    const { budget, pass, next } = start();
    expect(budget.take(MIB)).toBe(true);
    pass(50);
    expect(budget.take(100)).toBe(false);
    expect(budget.take(MIB)).toBe(false);
    let begun = 0;
    budget.wait(() => {
      begun += Number(budget.take(MIB));
    }, MIB);
    next();
    next();
    expect(budget.take(100)).toBe(true);
    expect(next()).toBe(false);
    pass(49);
    expect([begun, next(), budget.take(MIB)]).toEqual([0, false, false]);
    pass(1);
    next();
    expect(begun).toBe(1);
  });

  it("lets any number of large messages begin that do not take long", () => {
    const { budget, pass, next } = start();
    for (let n = 0; n < 100; n += 1) {
      expect(budget.take(MIB)).toBe(true);
      pass(1);
      if (n % 10 === 9) next();
    }
  });

  it("gives those who wait their turn in order, as many as there is time for", () => {
    const { budget, pass, next } = start();
    budget.take(MIB);
    pass(50);
    const done: number[] = [];
    for (const n of [1, 2, 3, 4]) {
      budget.wait(() => {
        done.push(n);
        pass(15);
      });
    }
    next();
    expect(done).toEqual([]);
    next();
    expect(done).toEqual([1, 2]);
    expect(budget.isAwaited).toBe(true);

    next();
    expect(done).toEqual([1, 2, 3, 4]);
    next();
    expect(next()).toBe(false);
  });

  it("goes on with the others when one of them throws", () => {
    const { budget, next } = start();
    const done: number[] = [];
    budget.wait(() => {
      throw new Error("no");
    });
    budget.wait(() => void done.push(2));
    expect(() => next()).toThrow("no");
    next();

    expect(done).toEqual([2]);
  });

  it("lets those with little to do begin before one that has much, which is sure of its turn all the same", () => {
    const { budget, pass, next } = start();
    const done: string[] = [];
    const work = (name: string, bytes: number, ms: number): void =>
      budget.wait(() => {
        if (!budget.take(bytes)) throw new Error(`${name} may not begin`);
        done.push(name);
        pass(ms);
      }, bytes);
    work("large 1", MIB, 80);
    work("large 2", MIB, 80);
    for (const n of [1, 2, 3]) work(`small ${n}`, 0, 15);
    next();
    expect(done).toEqual(["small 1", "small 2", "large 1"]);

    next();
    expect(done.slice(3)).toEqual(["small 3"]);
    next();
    pass(80);
    next();
    expect(done.slice(4)).toEqual(["large 2"]);
  });

  it("asks for no turn while little comes", () => {
    const { budget, next } = start();
    for (let n = 0; n < 10; n += 1) budget.take(50);

    expect(next()).toBe(false);
  });
});
