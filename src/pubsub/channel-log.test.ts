import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChannelLog, ENTRY_SIZE, type LogEntry, type Since } from "./channel-log.ts";
import { Tails } from "./tails.ts";
import { compareEpochs, type Epoch } from "./version.ts";

const epoch = (counter: number, count = 1): Epoch => ({ ring: { counter, stateId: "s" }, count });
const logOf = (...texts: string[]): ChannelLog => {
  const log = new ChannelLog("news", epoch(1));
  for (const [index, text] of texts.entries()) log.append("w1", index + 1, Buffer.from(text), index);
  log.advance(texts.length);
  return log;
};
const texts = (since: Since): string[] | string =>
  "gap" in since ? since.gap : since.entries.map(({ bytes }: LogEntry) => bytes.toString());

describe("ChannelLog", () => {
  it("gives each message the next offset", () => {
    const log = logOf("a", "b");

    expect(log.append("w2", 1, Buffer.from("c"), 0).offset).toBe(3);
    expect([log.last, log.stable]).toEqual([3, 2]);
    log.advance(3);
    log.advance(1);
    expect(log.stable).toBe(3);
  });

  it("shows nothing to anybody that is not stable, whatever it holds", () => {
    const log = new ChannelLog("news", epoch(1), 10);
    for (let sequence = 1; sequence <= 4; sequence++)
      log.append("w", sequence, Buffer.from(`${sequence}`), 0);
    log.advance(12);

    expect(texts(log.since({ epoch: epoch(1), offset: 10 }))).toEqual(["1", "2"]);
    expect(texts(log.since({ epoch: epoch(1), offset: 13 }))).toBe("log went back");
    expect(log.after(12).map(({ offset }) => offset)).toEqual([13, 14]);
    expect(log.after(0)).toHaveLength(4);
  });

  it("gives everything after a position, and nothing to whoever has seen it all", () => {
    const log = logOf("a", "b", "c");

    expect(texts(log.since({ epoch: epoch(1), offset: 1 }))).toEqual(["b", "c"]);
    expect(texts(log.since({ epoch: epoch(1), offset: 3 }))).toEqual([]);
  });

  it("says why it cannot: an older log, a tail that is too short, a position ahead of it", () => {
    const log = logOf("a", "b", "c");
    log.dropOldest();

    expect(texts(log.since({ epoch: epoch(0), offset: 1 }))).toBe("new log");
    expect(texts(log.since({ epoch: epoch(1), offset: 0 }))).toBe("tail too short");
    expect(texts(log.since({ epoch: epoch(1), offset: 1 }))).toEqual(["b", "c"]);
    expect(texts(log.since({ epoch: epoch(1), offset: 4 }))).toBe("log went back");
    expect(texts(log.since({ epoch: epoch(2), offset: 1 }))).toBe("log went back");
  });

  it("knows repeats by the origin's highest sequence in this channel", () => {
    const { origins } = logOf();

    expect(origins.seen("w1", 5, 0)).toBe(false);
    expect(origins.seen("w1", 5, 1)).toBe(true);
    expect(origins.seen("w1", 4, 2)).toBe(true);
    expect(origins.seen("w2", 4, 2)).toBe(false);
    expect(origins.seen("w1", 9, 3)).toBe(false);
    origins.forget(3);
    expect(origins.size).toBe(1);
    expect(origins.highest("w1")).toBe(9);
  });
});

describe("Tails", () => {
  it("keeps every log within count and bytes, and all together within the total", () => {
    const step = fc.record({ log: fc.nat(3), size: fc.nat(60), wait: fc.nat(40), expire: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const bounds = { count: 7, bytes: 150 + 5 * ENTRY_SIZE, age: 200, totalBytes: 300 + 12 * ENTRY_SIZE };
        const tails = new Tails(bounds);
        const logs = [0, 1, 2, 3].map((n) => new ChannelLog(`c${n}`, epoch(1)));
        let now = 0;
        for (const { log: which, size, wait, expire } of steps) {
          now += wait;
          const log = logs[which]!;
          const entry = log.append("w", now, Buffer.alloc(size), now);
          log.advance(entry.offset);
          tails.appended(log, size, now);
          if (expire) tails.expire(now);

          const all = logs.reduce((sum, { bytes }) => sum + bytes, 0);
          expect(tails.bytes).toBe(all);
          expect(tails.count).toBe(logs.reduce((sum, { length }) => sum + length, 0));
          expect(all <= bounds.totalBytes).toBe(true);
          for (const each of logs) {
            expect(each.length <= bounds.count && (each.length <= 1 || each.bytes <= bounds.bytes)).toBe(
              true,
            );
            if (expire && each.oldest) expect(each.oldest.at >= now - bounds.age).toBe(true);
          }
          expect(log.since({ epoch: log.epoch, offset: entry.offset - 1 })).toEqual({ entries: [entry] });
        }
      }),
    );
  });

  it("has no places left for what left early, and keeps the order of the rest", () => {
    const tails = new Tails({ count: 1, bytes: 1000, age: 10, totalBytes: 10_000 });
    const [busy, quiet] = [logOf("first"), logOf("x")];
    tails.appended(quiet, 1, 0);
    for (let n = 0; n < 100_000; n++) {
      if (n > 0) busy.append("w", n, Buffer.from("b"), 1);
      tails.appended(busy, 1, 1);
    }

    expect([tails.count, busy.length, quiet.length]).toEqual([2, 1, 1]);
    expect(tails.places).toBeLessThan(5000);
    tails.expire(10.5);
    expect([busy.length, quiet.length]).toEqual([1, 0]);
    tails.expire(12);
    expect([tails.count, tails.places, busy.length]).toEqual([0, 0, 0]);
  });

  it("forgets a removed log whole, and goes on with the others", () => {
    const tails = new Tails({ count: 10, bytes: 1000, age: 10, totalBytes: 10_000 });
    const [gone, kept] = [logOf("a", "b"), logOf("c")];
    for (const log of [gone, gone, kept]) tails.appended(log, 1, 0);

    tails.remove(gone);

    expect([tails.bytes, tails.count, kept.length]).toEqual([1 + ENTRY_SIZE, 1, 1]);
    tails.expire(100);
    expect([tails.bytes, tails.count, kept.length]).toEqual([0, 0, 0]);
  });
});

describe("Epochs", () => {
  it("are ordered by ring, then by scc-state, then by the broker's count", () => {
    const ordered = [epoch(1, 1), epoch(1, 2), { ring: { counter: 1, stateId: "t" }, count: 1 }, epoch(2, 0)];

    expect(ordered.toReversed().toSorted(compareEpochs)).toEqual(ordered);
  });
});
