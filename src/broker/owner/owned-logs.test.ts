import { describe, expect, it } from "vitest";
import { HeldLogs } from "../../cluster/replica/held-logs.ts";
import { ChannelLog } from "../../pubsub/channel-log.ts";
import { OwnedLog } from "./owned-log.ts";
import { OwnedLogs } from "./owned-logs.ts";

const version = { counter: 1, stateId: "s" };

/** What a broker may own, and how it comes to hold more or less. */
function bounded(most: number) {
  const held = new HeldLogs({ count: 10, bytes: 1000, age: 1000, totalBytes: 10_000 }, () => 0);
  const logs = new OwnedLogs(most, held);
  const hold = (channel: string, ownerId?: string): ChannelLog => {
    const log = new ChannelLog(channel, { ring: version, count: 1 });
    held.put({ log, rank: version, ownerId });
    return log;
  };
  const own = (channel: string): OwnedLog => {
    const owned = new OwnedLog(hold(channel), 0);
    logs.put(owned);
    return owned;
  };
  const drop = (owned: OwnedLog): void => {
    logs.delete(owned);
    held.remove(owned.channel);
  };
  return { logs, held, own, hold, drop };
}

describe("The logs that a broker owns", () => {
  it("are so many and no more", () => {
    const { logs, own, drop } = bounded(2);
    const [a] = [own("a"), own("b")];
    expect([logs.hasRoomFor("a"), logs.hasRoomFor("c")]).toEqual([true, false]);
    drop(a);

    expect([logs.size, logs.hasRoomFor("c")]).toEqual([1, true]);
  });

  it("are fewer where copies for others are held, which may be its own one day", () => {
    const { logs, own, hold } = bounded(2);
    own("a");
    hold("copy", "other");

    expect([logs.hasRoomFor("copy"), logs.hasRoomFor("c")]).toEqual([true, false]);
  });

  it("are fewer where their names are long", () => {
    const { logs, held, own } = bounded(1000);
    const long = (n: number): string => `${n}`.padEnd(10_000, "x");
    let count = 0;
    while (logs.hasRoomFor(long(count))) {
      own(long(count));
      own(long(count));
      count += 1;
    }

    expect(count).toBe(6);
    expect(logs.hasRoomFor("short")).toBe(true);
    held.remove(long(3));
    held.remove(long(3));
    logs.delete(new OwnedLog(new ChannelLog(long(3), { ring: version, count: 1 }), 0));
    expect(logs.hasRoomFor(long(99))).toBe(true);
    own(long(99));
    expect(logs.hasRoomFor(long(100))).toBe(false);
  });
});
