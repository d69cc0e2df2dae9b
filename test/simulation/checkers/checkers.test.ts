import { describe, expect, it } from "vitest";
import type { Message, SignalledGap } from "../truth.ts";
import { withinBounds } from "./bounds.ts";
import { movesItsShare } from "./changes.ts";
import { comesToRest } from "./convergence.ts";
import {
  broker,
  endingWith,
  logOf,
  memberAt,
  messageAt,
  placeIn,
  planted,
  ringOf,
  subscriptionOf,
} from "./planted.ts";
import { endsOnce, noNeedlessTimeout } from "./publishes.ts";
import { offsetsName, sequencesGrow } from "./records.ts";
import { ringsGrow } from "./rings.ts";
import { noHoles, noNeedlessGap, onceInOrder, subscribedIsSubscribed } from "./subscriptions.ts";

const gapAt = (more: Partial<SignalledGap> = {}): SignalledGap => ({
  reason: "new log",
  at: 1,
  after: undefined,
  before: undefined,
  ...more,
});

describe("The checker of invariant 1", () => {
  it("sees a member that goes back to an older ring, or takes the same twice", () => {
    const { checker, found } = planted(ringsGrow);
    for (const counter of [1, 2]) checker.ringHeld?.("b1.1", ringOf(counter, [broker(1)]));
    expect(found).toEqual([]);

    for (const counter of [2, 1]) checker.ringHeld?.("b1.1", ringOf(counter, [broker(1)]));
    expect(found).toHaveLength(2);
  });

  it("sees two rings of one version", () => {
    const { checker, found } = planted(ringsGrow);
    checker.ringHeld?.("b1.1", ringOf(1, [broker(1), broker(2)]));
    checker.ringHeld?.("w1.1", ringOf(1, [broker(2), broker(1)]));
    expect(found).toEqual([]);

    checker.ringHeld?.("w2.1", ringOf(1, [broker(1)]));
    expect(found).toHaveLength(1);
  });
});

describe("The checker of invariant 3", () => {
  it("sees an offset that names two messages", () => {
    const { checker, found } = planted(offsetsName);
    const place = placeIn(logOf("a"), 1);
    checker.recordSaid?.({ by: "b", to: "w", place, known: undefined });
    checker.recordSaid?.({ by: "b", to: "w", place, known: place });
    expect(found).toEqual([]);

    checker.recordSaid?.({ by: "b", to: "w", place: { ...place, text: "other" }, known: place });
    expect(found).toHaveLength(1);
  });
});

describe("The checker of invariant 6", () => {
  const log = logOf("a");
  const behind = (offset: number, more = {}) => subscriptionOf({ last: placeIn(log, offset), ...more });

  it.each([
    ["a hole", behind(3), placeIn(log, 5)],
    ["a repeat", behind(3), placeIn(log, 3)],
    ["a step back", behind(3), placeIn(log, 2)],
    ["a step back behind a gap signal", behind(3, { openGap: gapAt() }), placeIn(log, 2)],
    ["a new epoch", behind(3), placeIn(logOf("a", 2), 1)],
    ["a record that nobody sent", behind(3), undefined],
  ])("sees %s", (_, subscription, place) => {
    const { checker, found } = planted(noHoles);
    checker.delivered?.(subscription, messageAt(1), place);
    expect(found).toHaveLength(1);
  });

  it.each([
    ["the next", behind(3), placeIn(log, 4)],
    ["the first", subscriptionOf(), placeIn(log, 4)],
    ["a hole behind a gap signal", behind(3, { openGap: gapAt() }), placeIn(log, 9)],
    ["a new epoch behind a gap signal", behind(3, { openGap: gapAt() }), placeIn(logOf("a", 2), 1)],
  ])("accepts %s", (_, subscription, place) => {
    const { checker, found } = planted(noHoles);
    checker.delivered?.(subscription, messageAt(1), place);
    expect(found).toEqual([]);
  });
});

describe("The checkers of invariant 7", () => {
  it("see an origin's sequence twice in a log, or out of order, in whatever order it is said", () => {
    const log = logOf("a");
    const say = (...offsetsAndSequences: [number, number][]): string[] => {
      const { checker, found } = planted(sequencesGrow);
      for (const [offset, sequence] of offsetsAndSequences) {
        checker.recordSaid?.({
          by: "b",
          to: "w",
          place: placeIn(log, offset, "x", sequence),
          known: undefined,
        });
      }
      return found;
    };

    expect(say([1, 5], [2, 8], [4, 12], [3, 9])).toEqual([]);
    expect(say([1, 5], [2, 5])).toHaveLength(1);
    expect(say([1, 5], [2, 8], [4, 12], [3, 13])).toHaveLength(1);
    expect(say([2, 5], [1, 6])).toHaveLength(1);
  });

  it("see a subscription that gets an origin's messages twice or out of order between two gap signals", () => {
    const hear = (...heard: [number, boolean][]): string[] => {
      const { checker, found } = planted(onceInOrder);
      const subscription = subscriptionOf();
      for (const [number, isBehindGap] of heard) {
        subscription.openGap = isBehindGap ? gapAt() : undefined;
        checker.delivered?.(subscription, messageAt(number), undefined);
      }
      return found;
    };

    expect(hear([1, false], [2, false], [1, true], [4, false])).toEqual([]);
    expect(hear([1, false], [1, false])).toHaveLength(1);
    expect(hear([2, false], [1, false])).toHaveLength(1);
    expect(hear([2, true], [3, false], [2, false])).toHaveLength(1);
  });
});

describe("The checker of invariant 8", () => {
  const impossible = { name: "PublishTimeoutError", text: "no", mayStillArrive: false };

  it("sees a publish that ends twice", () => {
    const { checker, found } = planted(endsOnce);
    checker.ended?.(messageAt(1, { ends: 2 }));
    expect(found).toHaveLength(1);
  });

  it("sees what happened although it was said that it did not, before and after that was said", () => {
    const place = placeIn(logOf("a"), 1, "w/a/1");
    const before = planted(endsOnce);
    before.checker.ended?.(messageAt(1, { rejection: impossible, places: [place] }));
    const after = planted(endsOnce);
    after.checker.ended?.(messageAt(1, { rejection: impossible }));
    expect(after.found).toEqual([]);
    after.checker.recordSaid?.({ by: "b", to: "w", place, known: undefined });

    expect([before.found.length, after.found.length]).toEqual([1, 1]);
  });

  it("sees a publish that timed out with no reason to", () => {
    const rejection = { name: "PublishTimeoutError", text: "no", mayStillArrive: true };
    for (const mayTimeOut of [true, false]) {
      const { checker, found } = planted(noNeedlessTimeout(() => mayTimeOut));
      checker.ended?.(messageAt(1, { rejection }));
      checker.ended?.(messageAt(2));
      expect(found).toHaveLength(mayTimeOut ? 0 : 1);
    }
  });

  it("sees a publish that stays open for longer than its limit and a second", () => {
    const { checker, found } = planted(endsOnce);
    checker.overdue?.("publish", 10_900, 10_000);
    expect(found).toEqual([]);
    checker.overdue?.("publish", 11_100, 10_000);
    expect(found).toHaveLength(1);
  });
});

describe("The checker of invariant 9", () => {
  it("sees an amount past its bound", () => {
    const { checker, found } = planted(withinBounds);
    checker.measured?.([{ member: "b1.1", what: "channels", value: 10, bound: 10 }]);
    expect(found).toEqual([]);
    checker.measured?.([{ member: "b1.1", what: "channels", value: 11, bound: 10 }]);
    expect(found).toHaveLength(1);
  });
});

describe("The checkers of invariant 10", () => {
  const log = logOf("a");
  const missing = messageAt(5, { places: [placeIn(log, 5)] });
  const check = (more: Parameters<typeof subscriptionOf>[0], message: Message = missing): string[] => {
    const { checker, found } = planted(subscribedIsSubscribed(() => false));
    checker.ending?.(endingWith({ messages: [message], subscriptions: [subscriptionOf(more)] }));
    return found;
  };

  it("see a confirmed message that a subscription never got", () => {
    expect(check({})).toHaveLength(1);
    expect(check({ gaps: [gapAt({ after: placeIn(log, 5) })] })).toHaveLength(1);
    expect(check({ gaps: [gapAt({ after: placeIn(log, 2), before: placeIn(log, 5) })] })).toHaveLength(1);
  });

  it("accept one that it got, that is in a signalled gap, that came before, or that was not confirmed", () => {
    expect(check({ heard: new Map([[missing, 9]]) })).toEqual([]);
    expect(check({ gaps: [gapAt({ after: placeIn(log, 4), before: placeIn(logOf("a", 2), 1) })] })).toEqual(
      [],
    );
    expect(check({ acknowledgedAt: 60 })).toEqual([]);
    expect(check({}, messageAt(5, { confirmedAt: undefined }))).toEqual([]);
    expect(check({ worker: "w9.1" })).toEqual([]);
  });

  it("see a gap that there was no reason for", () => {
    const subscription = subscriptionOf({ last: placeIn(log, 2) });
    for (const mayGap of [true, false]) {
      const excuse = { now: () => mayGap, under: () => false, isTailFull: () => false };
      const { checker, found } = planted(noNeedlessGap(excuse));
      checker.gap?.(subscription, gapAt());
      expect(found).toHaveLength(mayGap ? 0 : 1);
    }
  });

  it("accept that a tail is too short only where it is full, and as a reason for nothing else", () => {
    for (const reason of ["tail too short", "new log"] as const) {
      for (const isFull of [true, false]) {
        const excuse = { now: () => false, under: () => false, isTailFull: () => isFull };
        const { checker, found } = planted(noNeedlessGap(excuse));
        checker.gap?.(subscriptionOf({ last: placeIn(log, 2) }), { ...gapAt(), reason });
        expect(found).toHaveLength(isFull && reason === "tail too short" ? 0 : 1);
      }
    }
  });
});

describe("The checker of invariant 11", () => {
  const ring = ringOf(1, [broker(1)]);
  const log = logOf("a");
  const here = memberAt(ring, { logs: [{ channel: "a", epoch: log.epoch, stable: 4 }] });
  const check = (more: Parameters<typeof endingWith>[0]): string[] => {
    const { checker, found } = planted(comesToRest);
    checker.ending?.(endingWith({ members: [here], ...more }));
    return found;
  };

  it("accepts a cluster at rest", () => {
    const subscriptions = [
      subscriptionOf({ last: placeIn(log, 4) }),
      subscriptionOf(),
      subscriptionOf({ endedAt: 4 }),
    ];
    expect(check({ subscriptions })).toEqual([]);
  });

  it.each([
    [
      "two rings",
      { members: [here, memberAt(ringOf(2, [broker(1)]), { name: "w1.1", role: "worker" as const })] },
    ],
    ["a ring that lists who does not live", { members: [memberAt(ringOf(1, [broker(1), broker(2)]))] }],
    ["a broker that lives and is not listed", { members: [here, memberAt(ring, { instanceId: "id2" })] }],
    ["a member that is not ready", { members: [memberAt(ring, { trouble: "no link" })] }],
    ["what still waits", { members: [memberAt(ring, { pending: { "open publishes": 1 } })] }],
    ["a subscription behind its owner", { subscriptions: [subscriptionOf({ last: placeIn(log, 3) })] }],
    [
      "a subscription in another log",
      { subscriptions: [subscriptionOf({ last: placeIn(logOf("a", 9), 4) })] },
    ],
    ["a subscription that waits", { subscriptions: [subscriptionOf({ acknowledgedAt: undefined })] }],
  ])("sees %s", (_, more) => {
    expect(check(more)).toHaveLength(1);
  });

  it("sees a broker removed that all could use", () => {
    const made = { ring: ringOf(2, [broker(1)]), before: ringOf(1, [broker(1), broker(2)]) };
    for (const isBlameless of [true, false]) {
      const { checker, found } = planted(comesToRest);
      checker.ringMade?.({ ...made, isBlameless: () => isBlameless });
      expect(found).toHaveLength(isBlameless ? 1 : 0);
    }
  });
});

describe("The checker of invariant 12", () => {
  const check = (
    before: readonly number[],
    after: readonly number[],
    placement = ringOf(1, []).placement,
  ): string[] => {
    const { checker, found } = planted(movesItsShare);
    const ring = {
      ...ringOf(
        2,
        after.map((index) => broker(index)),
      ),
      placement,
    };
    checker.ringMade?.({
      ring,
      before: ringOf(
        1,
        before.map((index) => broker(index)),
      ),
      isBlameless: () => false,
    });
    return found;
  };

  it("accepts that a broker more or fewer moves its share", () => {
    expect(check([1, 2], [1, 2, 3])).toEqual([]);
    expect(check([1, 2, 3, 4], [1, 2, 4])).toEqual([]);
    expect(check([1, 2, 3], [1, 2, 4])).toEqual([]);
  });

  it("sees a ring that changes nothing", () => {
    expect(check([1, 2], [2, 1])).toHaveLength(1);
  });

  it("sees channels that move between brokers which both stay", () => {
    const { checker, found } = planted(movesItsShare);
    // The same two brokers at swapped addresses: as far as the hash goes, everything moves.
    const swapped = [
      { ...broker(1), uri: broker(2).uri },
      { ...broker(2), uri: broker(3).uri },
      { ...broker(4), uri: "ws://10.0.2.9:8888" },
    ];
    checker.ringMade?.({
      ring: ringOf(2, swapped),
      before: ringOf(1, [broker(1), broker(2)]),
      isBlameless: () => false,
    });
    expect(found).toHaveLength(1);
  });
});
