import { describe, expect, it } from "vitest";
import type { ReportMessage } from "../../cluster/report/report-messages.ts";
import type { Ring } from "../../cluster/ring/ring.ts";
import type { MemberConnection } from "../member-connection.ts";
import type { Member } from "../membership/membership.ts";
import { EventList } from "./event-list.ts";
import { Hottest } from "./hottest.ts";
import { Observed } from "./observed.ts";
import type { Picture } from "./picture.ts";

const OWN = { pid: 1, rssBytes: 1, numbers: {}, perSecond: {} };

function stage() {
  let now = 0;
  const events = new EventList(
    "s",
    () => now,
    () => {},
  );
  const observed = new Observed({
    stateId: "s",
    events,
    now: () => now,
    wallClock: () => now,
    everyMs: 1000,
    registered: () => {},
    tail: () => {},
  });
  const member = (role: Member["role"], n: number): MemberConnection => ({
    member: { instanceId: `${role}${n}`, uri: `ws://10.0.0.${n}:8888`, role },
    left: false,
    send: () => {},
    close: () => {},
  });
  const join = (role: Member["role"], n: number): MemberConnection => {
    const connection = member(role, n);
    observed.registered(connection);
    return connection;
  };
  const pass = (ms: number): void => {
    now += ms;
  };
  const state = (id: string): string | undefined =>
    observed.picture(OWN).members.find((one) => one.id === id)?.state;
  return { observed, events, join, pass, state };
}

function ringOf(counter: number, ...brokers: MemberConnection[]): Ring {
  return {
    version: { counter, stateId: "s" },
    placement: "rendezvous",
    brokers: brokers.map(({ member: { uri, instanceId } }) => ({ uri, instanceId })),
    keepers: [],
  };
}

function report(ms: number, more: Partial<ReportMessage> = {}): ReportMessage {
  return { type: "report", pid: 7, ms, cpuMs: 0, rssBytes: 100, numbers: {}, ...more };
}

const texts = ({ all }: EventList): string[] => all.map(({ text }) => text);

describe("The cluster as scc-state sees it", () => {
  it("goes with a broker from joining over taking over to in ring, away, and gone", () => {
    const { observed, join, state, pass } = stage();
    const broker = join("broker", 1);
    const other = join("broker", 2);
    expect(state("broker1")).toBe("joining");
    observed.ringChanged(ringOf(1, broker, other));
    expect(state("broker1")).toBe("taking over");
    observed.said(broker, { type: "settled", version: { counter: 1, stateId: "s" } });
    expect(state("broker1")).toBe("in ring");
    expect(observed.picture(OWN).ring.settled).toBe(false);

    observed.gone(broker, "the network broke");
    expect(state("broker1")).toBe("away");
    observed.ringChanged(ringOf(2, other));
    expect(state("broker1")).toBe("gone");
    pass(31_000);
    expect(state("broker1")).toBeUndefined();
  });

  it("tells what happened, a failover apart from a goodbye", () => {
    const { observed, events, join } = stage();
    const [first, second, third] = [join("broker", 1), join("broker", 2), join("broker", 3)];
    observed.ringChanged(ringOf(1, first, second, third));
    observed.gone(first, "silence");
    observed.ringChanged(ringOf(2, second, third));
    observed.said(second, { type: "leave" });
    observed.ringChanged(ringOf(3, third));
    observed.said(third, { type: "settled", version: { counter: 3, stateId: "s" } });
    observed.gone(second, undefined);

    expect(texts(events).slice(3)).toEqual([
      "ring 1: 10.0.0.1:8888, 10.0.0.2:8888, 10.0.0.3:8888 in",
      "broker 10.0.0.1:8888 is gone: silence",
      "ring 2: failover: 10.0.0.1:8888 out",
      "broker 10.0.0.2:8888 says goodbye",
      "ring 3: 10.0.0.2:8888 out",
      "ring 3 has settled",
      "broker 10.0.0.2:8888 has left",
    ]);
  });

  it("works out rates, and what happened between reports, but not from the first one", () => {
    const { observed, events, join, pass } = stage();
    const worker = join("worker", 1);
    observed.said(worker, report(0, { numbers: { deliveries: 5000, slowConsumers: 3, gaps: 1 } }));
    expect(observed.picture(OWN).totals.deliveries).toBe(0);
    pass(1000);
    const numbers = { deliveries: 5500, slowConsumers: 5, gaps: 1 };
    observed.said(worker, report(500, { numbers, cpuMs: 100, latency: [[10, 4]] }));

    const { totals, members } = observed.picture(OWN);
    expect(totals.deliveries).toBe(1000);
    expect(totals.latencyP50).toBeGreaterThan(0);
    expect(members[0]?.cpu).toBe(0.2);
    expect(texts(events).slice(1)).toEqual(["10.0.0.1:8888 closed 2 slow consumer(s)"]);
  });

  it("says of a member that no longer reports that it is silent, and leaves it out of the sums", () => {
    const { observed, join, state, pass } = stage();
    const worker = join("worker", 1);
    observed.said(worker, report(0, { numbers: { connections: 9 } }));
    expect(observed.picture(OWN).totals.connections).toBe(9);
    pass(5000);

    expect(state("worker1")).toBe("silent");
    expect(observed.picture(OWN).totals.connections).toBe(0);
  });

  it("says which brokers a worker cannot use, once", () => {
    const { observed, events, join, state } = stage();
    join("broker", 1);
    const worker = join("worker", 2);
    observed.said(worker, { type: "accuse", accused: ["broker1"] });
    observed.said(worker, { type: "accuse", accused: ["broker1"] });
    expect(state("worker2")).toBe("degraded");
    observed.said(worker, { type: "accuse", accused: [] });

    expect(texts(events).slice(2)).toEqual([
      "10.0.0.2:8888 cannot use 10.0.0.1:8888",
      "10.0.0.2:8888 can use all brokers again",
    ]);
  });

  it("has shares that are one together", () => {
    const { observed, join } = stage();
    observed.ringChanged(ringOf(1, join("broker", 1), join("broker", 2), join("broker", 3)));
    const { members }: Picture = observed.picture(OWN);
    const shares = members.map(({ share = 0 }) => share);

    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1);
    expect(Math.min(...shares)).toBeGreaterThan(0.28);
  });

  it("lists 500 members at most, those in trouble first", () => {
    const { observed, join } = stage();
    for (let n = 0; n < 600; n++) join("worker", n);
    const troubled = join("worker", 1000);
    observed.said(troubled, { type: "accuse", accused: ["x"] });
    const { members, unlisted } = observed.picture(OWN);

    expect([members.length, unlisted]).toEqual([500, 101]);
    expect(members.some(({ id }) => id === "worker1000")).toBe(true);
  });
});

describe("The list of events", () => {
  it("keeps the newest 200, with texts cut", () => {
    const events = new EventList(
      "s",
      () => 0,
      () => {},
    );
    for (let n = 1; n <= 1000; n++) events.add("plain", `${n} ${"x".repeat(1000)}`);

    expect(events.all).toHaveLength(200);
    expect(events.all.at(-1)).toMatchObject({ id: "s-1000" });
    expect(events.all[0]?.text).toHaveLength(300);
  });
});

describe("The hottest channels of the cluster", () => {
  it("are those of all brokers, bounded, and cool down", () => {
    const hottest = new Hottest();
    for (let broker = 0; broker < 50; broker++) {
      const hot = Array.from({ length: 20 }, (_, n) => ({
        channel: `${broker}/${n}`,
        count: broker * 20 + n,
      }));
      hottest.reported(`b${broker}`, hot, 1000);
    }
    expect(hottest.size).toBeLessThanOrEqual(200);
    expect(hottest.list[0]).toEqual({ channel: "49/19", perSecond: 999, ownerId: "b49" });
    for (let n = 0; n < 50; n++) hottest.reported("b49", [], 1000);
    expect(hottest.list[0]?.ownerId).toBe("b48");
  });
});
