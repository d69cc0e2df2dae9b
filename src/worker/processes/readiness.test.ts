import { describe, expect, it } from "vitest";
import { groupTrouble, type SeatState } from "./readiness.ts";

const ready = (number: number): SeatState => ({ number, everReady: true, trouble: undefined });
const troubled = (number: number, trouble: string): SeatState => ({ number, everReady: true, trouble });
const untried = (number: number): SeatState => ({ number, everReady: false, trouble: "starting" });

describe("A worker of several processes", () => {
  it("is not ready before each of its processes has been, and names those that have not", () => {
    expect(groupTrouble([ready(1), untried(2), ready(3)], false)).toBe("process 2 of 3: starting");
    expect(groupTrouble([ready(1), ready(2), ready(3)], false)).toBeUndefined();
  });

  it("stays ready while one of them is", () => {
    expect(groupTrouble([troubled(1, "no ring"), ready(2)], false)).toBeUndefined();
  });

  it("is not ready when none of them is, and says why for each", () => {
    expect(groupTrouble([troubled(1, "no link"), troubled(2, "no ring")], false)).toBe(
      "process 1 of 2: no link; process 2 of 2: no ring",
    );
  });

  it("is not ready once it stops", () => {
    expect(groupTrouble([ready(1), ready(2)], true)).toBe("stopping");
  });

  it("names only some of many", () => {
    const seats = Array.from({ length: 64 }, (_, index) => untried(index + 1));

    expect(groupTrouble(seats, false)).toMatch(/^process 1 of 64: starting; .*; and 56 more$/);
  });
});
