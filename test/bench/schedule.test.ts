import { describe, expect, it } from "vitest";
import type { PeerName } from "../../bench/contenders/contender.ts";
import { SCENARIOS } from "../../bench/suite/scenarios.ts";
import { keyOf, scheduleOf, type Wanted } from "../../bench/suite/schedule.ts";
import { STUDIES } from "../../bench/suite/studies.ts";
import { TARGETS } from "../../bench/suite/targets.ts";
import { alone, measured, pair, point, session } from "./fixtures.ts";

const RUN = measured(1);

describe("The schedule", () => {
  it("pairs ours with every peer in turn, as often as wanted", () => {
    expect(keys({ only: ["mixed10", "connect-jwt"], pairs: 2 })).toEqual([
      "mixed10 uws",
      "mixed10 socketcluster-server",
      "mixed10 uws",
      "mixed10 socketcluster-server",
      "connect-jwt socketcluster-server",
      "connect-jwt socketcluster-server",
    ]);
  });

  it("continues where it was broken off, and makes up for what is behind first", () => {
    const done = [session(), pair("mixed10", "uws", RUN, RUN), pair("mixed10", "uws", RUN, RUN)];

    expect(keys({ only: ["mixed10"], pairs: 3 }, done)).toEqual([
      "mixed10 socketcluster-server",
      "mixed10 socketcluster-server",
      "mixed10 uws",
      "mixed10 socketcluster-server",
    ]);
  });

  it("has nothing left when everything has been measured, and goes on when more is wanted", () => {
    const done = [pair("connect-jwt", "socketcluster-server", RUN, RUN)];

    expect(keys({ only: ["connect-jwt"], pairs: 1 }, done)).toEqual([]);
    expect(keys({ only: ["connect-jwt"], pairs: 2 }, done)).toHaveLength(1);
  });

  it("leaves out peers that are missing, and measures ours alone where all are", () => {
    expect(keys({ only: ["mixed10"], pairs: 1, present: ["uws"] })).toEqual(["mixed10 uws"]);
    expect(keys({ only: ["mixed10"], pairs: 2, present: [] })).toEqual(["mixed10 alone", "mixed10 alone"]);
    expect(keys({ only: ["mixed10"], pairs: 2, present: [] }, [alone("mixed10", RUN)])).toHaveLength(1);
  });

  it("does not count what was measured alone as a pair", () => {
    expect(keys({ only: ["connect-jwt"], pairs: 1 }, [alone("connect-jwt", RUN)])).toHaveLength(1);
  });

  it("goes through all points of a study, with every contender that is there, before it repeats them", () => {
    const all = keys({ only: ["workers"], pairs: 2 });
    const rest = keys({ only: ["workers"], pairs: 2 }, [point("workers", 4, "scc", RUN)]);

    expect(all.slice(0, 3)).toEqual(["workers 2 scc", "workers 4 scc", "workers 8 scc"]);
    expect(all).toHaveLength(6);
    expect(rest).toEqual([
      "workers 2 scc",
      "workers 8 scc",
      "workers 2 scc",
      "workers 4 scc",
      "workers 8 scc",
    ]);
    expect(keys({ only: ["channels"], pairs: 1, present: ["uws"] })).toContain("channels 50000 uws");
  });

  it("knows a scenario for every target, with the peer that it is about", () => {
    for (const { scenario, peer } of TARGETS) {
      const found = SCENARIOS.find(({ name }) => name === scenario);
      expect(found, scenario).toBeDefined();
      if (peer !== undefined) expect(found?.peers, scenario).toContain(peer);
    }
  });

  it("asks for loads that the generator can make", () => {
    const loads = [
      ...SCENARIOS.map(({ load }) => load),
      ...STUDIES.flatMap(({ values, load }) => values.map(load)),
    ];
    for (const {
      channels,
      channelsPerSubscriber,
      generators,
      subscribers,
      publishers,
      split,
      shape,
    } of loads) {
      expect(Number.isInteger(channelsPerSubscriber)).toBe(true);
      expect(channels / generators).toBeGreaterThanOrEqual(channelsPerSubscriber);
      expect(subscribers).toBeGreaterThanOrEqual(generators);
      expect(publishers === 0 || publishers >= generators).toBe(true);
      expect(!split || shape.workers > 1).toBe(true);
    }
  });
});

interface Ask {
  readonly only: readonly string[];
  readonly pairs: number;
  /** Absent: all of them. */
  readonly present?: readonly PeerName[];
}

function keys({ only, pairs, present }: Ask, done: Parameters<typeof scheduleOf>[1] = []): string[] {
  const wanted: Wanted = {
    scenarios: SCENARIOS.filter(({ name }) => only.includes(name)),
    studies: STUDIES.filter(({ name }) => only.includes(name)),
    pairs,
    repeats: pairs,
    isPresent: (peer) => present?.includes(peer) ?? true,
  };
  return scheduleOf(wanted, done).map(keyOf);
}
