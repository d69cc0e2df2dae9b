import { describe, expect, it } from "vitest";
import { ChannelLog } from "../pubsub/channel-log.ts";
import { OwnedLog } from "./owned-log.ts";
import { OwnedLogs } from "./owned-logs.ts";

const logOf = (channel: string): OwnedLog =>
  new OwnedLog(new ChannelLog(channel, { ring: { counter: 1, stateId: "s" }, count: 1 }), 0);

describe("The logs that a broker owns", () => {
  it("are so many and no more", () => {
    const logs = new OwnedLogs(2);
    const a = logOf("a");
    for (const owned of [a, logOf("b")]) logs.put(owned);
    expect([logs.hasRoomFor("a"), logs.hasRoomFor("c")]).toEqual([true, false]);
    logs.delete(a);

    expect([logs.size, logs.hasRoomFor("c")]).toEqual([1, true]);
  });

  it("are fewer where their names are long", () => {
    const logs = new OwnedLogs(1000);
    const long = (n: number): string => `${n}`.padEnd(10_000, "x");
    let count = 0;
    while (logs.hasRoomFor(long(count))) {
      const owned = logOf(long(count));
      logs.put(owned);
      logs.put(owned);
      count += 1;
    }

    expect(count).toBe(25);
    expect(logs.hasRoomFor("short")).toBe(true);
    logs.delete(logOf(long(3)));
    logs.delete(logOf(long(3)));
    expect(logs.hasRoomFor(long(99))).toBe(true);
    logs.put(logOf(long(99)));
    expect(logs.hasRoomFor(long(100))).toBe(false);
  });
});
