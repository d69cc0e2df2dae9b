import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { parseMemberMessage } from "../registration/state-messages.ts";
import { HotChannels } from "./hot-channels.ts";
import { bucketOf, endOf, LATENCY_BUCKETS, percentile } from "./latency.ts";
import type { ReportMessage, TailMessage, WatchMessage } from "./report-messages.ts";
import { type ReportSession, type ReportSource, reportWhileWatched } from "./reporter.ts";
import { Sampling } from "./sampling.ts";
import { TailSamples } from "./tail-samples.ts";

/** A clock that counts the timers which run. */
class CountingClock extends VirtualClock {
  running = 0;

  override every(ms: number, task: () => void) {
    const timer = super.every(ms, task);
    this.running += 1;
    let isOver = false;
    return {
      cancel: () => {
        if (!isOver) this.running -= 1;
        isOver = true;
        timer.cancel();
      },
    };
  }
}

function stage() {
  const clock = new CountingClock();
  const said: (ReportMessage | TailMessage)[] = [];
  const calls: string[] = [];
  let watch: (message: WatchMessage | undefined) => void = () => {};
  const state: ReportSession = {
    onWatch: (listener: typeof watch) => {
      watch = listener;
    },
    report: (message: ReportMessage | TailMessage) => void said.push(message),
  };
  let links = ["b"];
  const source: ReportSource = {
    numbers: () => ({ messages: 3 }),
    links: () => links,
    begin: (tails) => void calls.push(`begin ${tails.join()}`),
    counted: () => ({ hot: [] }),
    tails: () => [{ type: "tail", channel: "news", messages: [], skipped: 1 }],
    end: () => void calls.push("end"),
  };
  reportWhileWatched(state, source, clock);
  const linked = (now: string[]): void => {
    links = now;
  };
  return { clock, said, calls, linked, watch: (message?: WatchMessage) => watch(message) };
}

const WATCH: WatchMessage = { type: "watch", everyMs: 1000, tails: [] };

describe("A member's reports", () => {
  it("cost no timer and no call while nobody looks", () => {
    const { clock, said, calls } = stage();
    clock.advance(60_000);

    expect([clock.running, said, calls]).toEqual([0, [], []]);
  });

  it("come at once, then as often as they are wanted, until nobody looks any more", () => {
    const { clock, said, calls, watch } = stage();
    watch(WATCH);
    clock.advance(3000);
    expect(said.map((message) => message.type === "report" && message.ms)).toEqual([0, 1000, 1000, 1000]);

    watch(undefined);
    clock.advance(10_000);
    expect(said).toHaveLength(4);
    expect([clock.running, calls]).toEqual([0, ["begin ", "end"]]);
  });

  it("are not doubled by a second wish", () => {
    const { clock, said, watch } = stage();
    watch(WATCH);
    watch({ ...WATCH, tails: ["news"] });
    clock.advance(1000);

    expect(said.filter(({ type }) => type === "report")).toHaveLength(2);
    expect(said.filter(({ type }) => type === "tail")).toHaveLength(4);
    expect(clock.running).toBe(2);
  });

  it("name links only when they have changed", () => {
    const { clock, said, linked, watch } = stage();
    watch(WATCH);
    clock.advance(1000);
    linked(["b", "c"]);
    clock.advance(1000);

    expect(said.map((message) => message.type === "report" && message.links)).toEqual([
      ["b"],
      undefined,
      ["b", "c"],
    ]);
  });

  it("are understood by scc-state, and ignored where the type is not known", () => {
    const { said, watch } = stage();
    watch(WATCH);

    expect(parseMemberMessage(JSON.parse(JSON.stringify(said[0])))).toMatchObject({ type: "report" });
    expect(parseMemberMessage({ type: "of a later release" })).toBeUndefined();
    const numbers = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`n${n}`, n]));
    expect(() => parseMemberMessage({ ...said[0], numbers })).toThrow("too many numbers");
  });
});

describe("The hottest channels", () => {
  it("are found among many more than are counted", () => {
    const hot = new HotChannels();
    for (let n = 0; n < 100_000; n++) {
      hot.add(`cold ${n}`, 1);
      if (n % 10 === 0) hot.add("hot", 1);
      if (n % 20 === 0) hot.add("warm", 1);
    }
    expect(hot.size).toBe(100);
    const list = hot.take();

    expect(list).toHaveLength(20);
    expect(list.slice(0, 2).map(({ channel }) => channel)).toEqual(["hot", "warm"]);
    expect(list[0]?.count).toBeGreaterThanOrEqual(10_000);
    expect(hot.take()).toEqual([]);
  });

  it("have their names cut", () => {
    const hot = new HotChannels();
    hot.add("x".repeat(5000), 1);

    expect(hot.take()[0]?.channel).toBe(`${"x".repeat(200)}…`);
  });
});

describe("Sampling", () => {
  it("takes everything while it is little", () => {
    const sampling = new Sampling(100, () => 0.5);
    const taken = Array.from({ length: 50 }, () => sampling.takes());

    expect(taken.every(Boolean)).toBe(true);
    sampling.adapt(1000);
    expect(sampling.weight).toBe(1);
  });

  it("takes about as much as it may of what is more, and weighs it", () => {
    let seed = 1;
    const sampling = new Sampling(100, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    });
    for (let n = 0; n < 10_000; n++) sampling.takes();
    expect(sampling.adapt(1000)).toBe(10_000);
    expect(sampling.weight).toBe(100);

    const taken = Array.from({ length: 10_000 }, () => sampling.takes()).filter(Boolean).length;
    expect(taken).toBeGreaterThan(70);
    expect(taken).toBeLessThan(130);
  });
});

describe("A tail", () => {
  it("holds a few messages of the channels that are looked at, cut, and counts the rest", () => {
    const tails = new TailSamples(["news"]);
    tails.add("other", Buffer.from("1"));
    for (let n = 0; n < 25; n++) tails.add("news", Buffer.from(JSON.stringify("é".repeat(10_000))));
    const [news, ...more] = tails.take();

    expect(more).toEqual([]);
    expect(news?.messages).toHaveLength(10);
    expect(news?.skipped).toBe(15);
    expect(news?.messages[0]?.text).toHaveLength(2001);
    expect(news?.messages[0]?.bytes).toBe(20_002);
    expect(tails.take()).toEqual([]);
  });
});

describe("Latencies in buckets", () => {
  it("keep a percentile within a fifth", () => {
    const counts = new Array<number>(LATENCY_BUCKETS).fill(0);
    for (let ms = 1; ms <= 100; ms++) counts[bucketOf(ms)]! += 1;

    expect(percentile(counts, 0.5)! / 50).toBeCloseTo(1, 0.5);
    expect(percentile(counts, 0.99)! / 99).toBeCloseTo(1, 0.5);
    expect(percentile([], 0.5)).toBeUndefined();
  });

  it("take any time", () => {
    expect(bucketOf(0)).toBe(0);
    expect(bucketOf(1e12)).toBe(LATENCY_BUCKETS - 1);
    expect(endOf(bucketOf(7))).toBeGreaterThanOrEqual(7);
  });
});
