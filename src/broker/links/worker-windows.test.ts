import { describe, expect, it } from "vitest";
import { Turn } from "../../runtime/turn.ts";
import { WorkerWindows } from "./worker-windows.ts";

interface Told {
  readonly told: number[];
  allows(bytes: number): void;
}

function link(): Told {
  const told: number[] = [];
  return { told, allows: (bytes) => told.push(bytes) };
}

function windowsOf(total: number) {
  let endTurn = (): void => {};
  const turn = new Turn((run) => {
    endTurn = run;
  });
  return { windows: new WorkerWindows(total, (task) => turn.deliver(task)), endTurn: () => endTurn() };
}

describe("What workers may have unconfirmed at a broker", () => {
  it("is shared by those who are linked, and shared anew when one comes or goes", () => {
    const { windows, endTurn } = windowsOf(1000);
    const [first, second] = [link(), link()];
    windows.add(first);
    endTurn();
    windows.add(second);
    endTurn();
    windows.remove(first);
    endTurn();

    expect(first.told).toEqual([1000, 500]);
    expect(second.told).toEqual([500, 1000]);
  });

  it("is told each once a turn, however many come at once", () => {
    const { windows, endTurn } = windowsOf(1000);
    const links = Array.from({ length: 10 }, link);
    for (const each of links) windows.add(each);
    endTurn();

    expect(links.map(({ told }) => told)).toEqual(links.map(() => [100]));
  });

  it("is never nothing, and who was not linked changes nothing", () => {
    const { windows, endTurn } = windowsOf(1);
    const [first, second, stranger] = [link(), link(), link()];
    windows.add(first);
    windows.add(second);
    windows.remove(stranger);
    endTurn();

    expect([first.told, second.told, stranger.told]).toEqual([[1], [1], []]);
  });
});
