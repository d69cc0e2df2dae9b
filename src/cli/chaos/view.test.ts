import { describe, expect, it } from "vitest";
import { goodRun } from "../../tools/chaos/results/test-records.ts";
import { ChaosView } from "./view.ts";

const PROGRESS = {
  elapsedMs: 4200,
  totalMs: 13_000,
  sent: 4200,
  acknowledged: 4100,
  rejected: 7,
  deliveries: 8200,
  pending: 93,
};

function written(isTTY: boolean, columns = 100, plain = false): { view: ChaosView; text: () => string } {
  let text = "";
  const write = (part: string): void => {
    text += part;
  };
  return { view: new ChaosView({ isTTY, columns, write }, plain, 1), text: () => text };
}

describe("The view of scc chaos", () => {
  it("shows how far a run is on a line that changes, in a terminal only", () => {
    const [live, plain, piped] = [written(true), written(true, 100, true), written(false)];
    for (const { view } of [live, plain, piped]) view.progress(PROGRESS);

    expect(live.text()).toBe(
      "\r\u001b[K  4.2 s of 13.0 s  4,200 sent, 4,100 acknowledged, 7 rejected, 93 waiting, 8,200 delivered",
    );
    expect([plain.text(), piped.text()]).toEqual(["", ""]);
  });

  it("keeps the line within the terminal", () => {
    const { view, text } = written(true, 40);
    view.progress(PROGRESS);

    expect(text().replace("\r\u001b[K", "")).toHaveLength(39);
  });

  it("says what is done, and how a run ended, in lines that stay, without control characters where piped", () => {
    const { view, text } = written(false);
    view.happened("SIGKILL broker-1", 3000);
    view.ended(goodRun());
    view.ended(goodRun({ lost: 1234, rejected: { A: 1, B: 2 } }));

    expect(text().split("\n")).toEqual([
      "   3.0 s  SIGKILL broker-1",
      "  good: 0 lost, 0 doubled, 0 reordered; 0 rejected, longest pause 80 ms",
      "  NOT good: 1,234 lost, 0 doubled, 0 reordered; 3 rejected, longest pause 80 ms",
      "",
    ]);
  });
});
