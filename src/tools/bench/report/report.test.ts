import { describe, expect, it } from "vitest";
import type { Latency, LoadResult } from "../plan.ts";
import { planOf, type Scenario } from "../scenarios.ts";
import { toHtml } from "./html.ts";
import { toJson } from "./json.ts";
import { costsOf, isFaultless, type Measured } from "./measured.ts";
import { toText } from "./text.ts";

const LATENCY: Latency = { count: 1000, mean: 2, p50: 1, p90: 2, p99: 3, p999: 4, max: 12.3456 };

const RESULT: LoadResult = {
  connections: 1004,
  subscriptions: 1000,
  connectMs: 500,
  connectLatency: LATENCY,
  windowMs: 2000,
  published: 100,
  acknowledged: 100,
  delivered: 100_000,
  acknowledgeLatency: LATENCY,
  deliveryLatency: LATENCY,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  malformed: 0,
  errors: new Map(),
  generatorCpuMs: 500,
  samples: [
    { second: 1, published: 50, delivered: 40_000, p50: 1, p99: 2 },
    { second: 2, published: 50, delivered: 60_000, p50: 1, p99: 3 },
  ],
};

function measured(result: Partial<LoadResult> = {}, scenario: Scenario = "fanout"): Measured {
  const wishes = {
    protocol: "socketcluster",
    urls: ["ws://a"],
    payloadBytes: 128,
    connecting: 1,
    generators: 1,
    channelPrefix: "x",
    ca: undefined,
  } as const;
  return {
    scenario,
    plan: { ...planOf(scenario, wishes), authToken: () => "very secret" },
    result: { ...RESULT, ...result },
    usage: {
      before: { cpuMs: 100, rssBytes: 50 * 1024 * 1024, processes: 1 },
      connected: { cpuMs: 602, rssBytes: 60 * 1024 * 1024, processes: 1 },
      opened: { cpuMs: 1000, rssBytes: 60 * 1024 * 1024, processes: 1 },
      closed: { cpuMs: 1200, rssBytes: 64 * 1024 * 1024, processes: 1 },
    },
    stopped: false,
    at: "2026-11-23T00:00:00.000Z",
  };
}

describe("A run", () => {
  it("is faultless only if nothing went wrong and everybody was there", () => {
    expect(isFaultless(measured())).toBe(true);
    for (const fault of ["lost", "duplicated", "reordered", "malformed"])
      expect(isFaultless(measured({ [fault]: 1 })), fault).toBe(false);
    expect(isFaultless(measured({ connections: 1003 }))).toBe(false);
    expect(isFaultless(measured({ errors: new Map([["token refused", 1]]) }))).toBe(false);
  });

  it("cost the servers CPU and memory per thing they did", () => {
    expect(costsOf(measured())).toEqual({
      cpuUsPerDelivery: 2,
      cpuPercent: 10,
      cpuUsPerConnection: 500,
      rssKbPerConnection: (10 * 1024) / 1004,
      rssMb: 64,
    });
    expect(costsOf({ ...measured(), usage: {} }).cpuUsPerDelivery).toBeUndefined();
  });

  it("is shown in lines, with all that went wrong", () => {
    const text = toText(measured({ lost: 7, errors: new Map([["connection lost: 4100", 3]]) }), false);

    expect(text).toContain("fanout: one channel with very many subscribers\n1,000 subscribers on 1 channel");
    expect(text).toMatch(/^ {2}delivered +50,000 per second \(100,000 in 2 s\)$/m);
    expect(text).toMatch(/^ {4}after +p50 1 {2}p90 2 {2}p99 3 {2}p99\.9 4 {2}max 12\.3 ms$/m);
    expect(text).toMatch(/^ {2}lost +7$/m);
    expect(text).toMatch(/^ {2}error +3 x connection lost: 4100$/m);
    expect(text).toMatch(/^ {2}servers' CPU +2 µs per delivery$/m);
    expect(text).toMatch(/^ {2}generator's CPU +25 % of a core$/m);
    expect(text).not.toContain("\x1b");
    expect(toText(measured({ lost: 7 }), true)).toContain("\x1b[31m");
  });

  it("says nothing of publications where there are none", () => {
    const text = toText(measured({}, "connect"), false);

    expect(text).not.toMatch(/published|lost +0/);
    expect(toHtml(measured({ deliveryLatency: { ...LATENCY, count: 0 } }, "connect"))).not.toContain("<svg");
  });

  it("is one line of JSON with everything in it, and no secret", () => {
    const json = toJson(measured({ errors: new Map([["bad", 2]]) }));
    const { errors: _, ...numbers } = RESULT;

    expect(json).not.toContain("\n");
    expect(json).not.toContain("secret");
    expect(JSON.parse(json)).toMatchObject({
      ...numbers,
      scenario: "fanout",
      faultless: false,
      errors: { bad: 2 },
      deliveredPerSecond: 50_000,
      plan: { subscribers: 1000, pace: { window: 8 } },
      servers: { cpuUsPerDelivery: 2 },
    });
  });

  it("is a page that loads nothing from elsewhere, and holds what servers said as text", () => {
    const page = toHtml(measured({ errors: new Map([["<script>alert(1)</script>", 1]]) }));

    expect(page).not.toMatch(/<script|<link|<img|@import|url\(|src=/);
    // Names of XML's own are no addresses to load from.
    expect(page.replaceAll(/xmlns(:\w+)?="[^"]*"/g, "")).not.toMatch(/https?:\/\//);
    expect(page).toContain("1 x &lt;script&gt;");
    expect(page.match(/<svg/g)?.length).toBe(3);
    expect(page).toContain("prefers-color-scheme: dark");
    expect(page).not.toContain("secret");
  });
});
