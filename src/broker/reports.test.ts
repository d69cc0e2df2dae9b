import { describe, expect, it } from "vitest";
import { HeldLogs } from "../cluster/replica/held-logs.ts";
import { ChannelLog } from "../pubsub/channel-log.ts";
import { NO_VERSION } from "../pubsub/version.ts";
import { BrokerReports } from "./reports.ts";
import type { BrokerService } from "./service.ts";

const BOUNDS = { count: 10, bytes: 1000, age: 1000, totalBytes: 10_000 };

function stage() {
  const logs = () => new HeldLogs(BOUNDS, () => 0);
  const service = { held: logs(), linked: ["w"] };
  const reports = new BrokerReports(service as unknown as BrokerService);
  const publish = (channel: string, sequence: number): void => {
    const log = service.held.find(channel)?.log ?? new ChannelLog(channel, { ring: NO_VERSION, count: 1 });
    if (service.held.find(channel) === undefined)
      service.held.put({ log, rank: NO_VERSION, ownerId: undefined });
    service.held.append(log, "w", sequence, Buffer.from("1"));
  };
  return { logs, service, reports, publish };
}

describe("A broker's reports", () => {
  it("leave nothing on the way of messages while nobody looks", () => {
    const { service, reports } = stage();
    expect(service.held.tap).toBeNull();
    reports.begin(["news"]);
    expect(service.held.tap).not.toBeNull();
    reports.end();
    expect(service.held.tap).toBeNull();
  });

  it("count channels, and show messages of those that are looked at, repeats left out", () => {
    const { reports, publish } = stage();
    reports.begin(["news"]);
    publish("news", 1);
    publish("news", 1);
    publish("news", 2);
    publish("other", 3);

    expect(reports.counted(1000).hot).toEqual([
      { channel: "news", count: 2 },
      { channel: "other", count: 1 },
    ]);
    expect(reports.tails()).toMatchObject([{ channel: "news", messages: [{ text: "1" }, { text: "1" }] }]);
  });

  it("follow a broker that starts over", () => {
    const { logs, service, reports, publish } = stage();
    reports.begin([]);
    const before = service.held;
    service.held = logs();
    reports.counted(1000);
    publish("news", 1);

    expect(before.tap).toBeNull();
    expect(reports.counted(1000).hot).toEqual([{ channel: "news", count: 1 }]);
  });
});
