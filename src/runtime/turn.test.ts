import { describe, expect, it } from "vitest";
import { Turn } from "./turn.ts";

/** A turn that ends when a test says so. */
function stage() {
  const ends: (() => void)[] = [];
  const turn = new Turn((run) => ends.push(run));
  return { turn, end: () => ends.shift()?.() };
}

describe("The end of a turn", () => {
  it("does what was added in its order, deliveries first", () => {
    const { turn, end } = stage();
    const done: string[] = [];
    turn.write(() => done.push("write"));
    turn.deliver(() => {
      done.push("deliver");
      turn.write(() => done.push("write later"));
    });
    end();

    expect(done).toEqual(["deliver", "write", "write later"]);
  });

  it("does at the next end what stands behind a task that throws", () => {
    const { turn, end } = stage();
    const done: string[] = [];
    const fail = (): void => {
      throw new Error("a bug");
    };
    turn.deliver(fail);
    turn.deliver(() => done.push("deliver"));
    turn.write(fail);
    turn.write(() => done.push("write"));

    expect(end).toThrow("a bug");
    expect(end).toThrow("a bug");
    end();
    expect(done).toEqual(["deliver", "write"]);
  });
});
