import { describe, expect, it } from "vitest";
import type { LoadPlan } from "../plan.ts";
import { partsOf } from "./part.ts";

const PLAN: LoadPlan = {
  protocol: "socketcluster",
  subscriberUrls: ["ws://a", "ws://b"],
  publisherUrls: ["ws://a"],
  subscribers: 10,
  channels: 7,
  channelsPerSubscriber: 1,
  publishers: 5,
  payloadBytes: 128,
  pace: { window: 8 },
  connecting: 2,
  settleMs: 0,
  warmupMs: 0,
  durationMs: 1000,
  drainMs: 1000,
  channelPrefix: "c",
  authToken: (connection) => `t${connection}`,
  generators: 3,
};

describe("A load for several generators", () => {
  const parts = partsOf(PLAN);
  const all = (value: (part: (typeof parts)[number]) => { first: number; count: number }): number[] =>
    parts.map(value).flatMap(({ first, count }) => Array.from({ length: count }, (_, at) => first + at));

  it("is divided so that everything is there once, and evenly", () => {
    for (const [numbers, count] of [
      [all(({ subscribers }) => subscribers), 10],
      [all(({ publishers }) => publishers), 5],
      [all(({ channels }) => channels), 7],
    ] as const)
      expect(numbers).toEqual(Array.from({ length: count }, (_, at) => at));
    for (const { subscribers } of parts) expect([3, 4]).toContain(subscribers.count);
  });

  it("has the window and the rate of the plan in all", () => {
    const windows = parts.map(({ pace }) => (pace && "window" in pace ? pace.window : 0));
    const open = partsOf({ ...PLAN, pace: { perSecond: 30 } });

    expect(windows.reduce((sum, window) => sum + window, 0)).toBe(8);
    expect(open.map(({ pace }) => pace)).toEqual([{ perSecond: 10 }, { perSecond: 10 }, { perSecond: 10 }]);
    expect(open.map(({ phase }) => phase)).toEqual([0, 1 / 3, 2 / 3]);
  });

  it("gives each connection its own token, and can be sent to another process", () => {
    const tokens = parts.flatMap(({ tokens, subscribers }) => tokens?.slice(0, subscribers.count) ?? []);
    const publishers = parts.flatMap(({ tokens, subscribers }) => tokens?.slice(subscribers.count) ?? []);

    expect([...tokens, ...publishers]).toEqual(Array.from({ length: 15 }, (_, at) => `t${at}`));
    expect(JSON.parse(JSON.stringify(parts))).toMatchObject([{ drainMs: 1000 }, {}, {}]);
  });
});
