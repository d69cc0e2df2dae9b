import { describe, expect, it, onTestFinished } from "vitest";
import type { Port } from "../../cluster/peer/port.ts";
import { HeldLogs } from "../../cluster/replica/held-logs.ts";
import { CurrentRing } from "../../cluster/ring/current-ring.ts";
import type { Ring, RingMember } from "../../cluster/ring/ring.ts";
import { ChannelLog } from "../../pubsub/channel-log.ts";
import { faults } from "../../runtime/contain.ts";
import type { LogSubscriber, OwnedLog } from "./owned-log.ts";
import { Owner } from "./owner.ts";

const me: RingMember = { uri: "ws://a:1", instanceId: "me" };
const other: RingMember = { uri: "ws://b:1", instanceId: "other" };
const ringOf = (counter: number, ...brokers: RingMember[]): Ring => ({
  version: { counter, stateId: "s" },
  placement: "rendezvous",
  brokers,
  keepers: [],
});

function owning(maxChannels = 100) {
  const ring = new CurrentRing();
  ring.offer(ringOf(1, me));
  const time = { now: 0 };
  const bounds = { count: 10, bytes: 1000, age: 1000, totalBytes: 10_000 };
  const held = new HeldLogs(bounds, () => time.now);
  const owner = new Owner(
    { instanceId: "me", ring, held, maxChannels, portOf: () => undefined, transferBytes: 1e6 },
    { settled: () => {} },
  );
  owner.adopted(ring.ring);
  const open = (channel: string): OwnedLog => owner.served(channel)!;
  /** Whether it was new. */
  const append = (channel: string, sequence: number, origin = "w"): boolean => {
    const before = owner.messageCount;
    owner.append(open(channel), { origin, sequence, bytes: Buffer.from("x") }, undefined, 0);
    return owner.messageCount > before;
  };
  const sweep = (): void => held.sweep((log) => owner.sweep(log));
  return { owner, held, ring, time, append, open, sweep };
}

const nobody = (): LogSubscriber => ({ appended: () => {}, replaced: () => {} });

describe("Owner", () => {
  it("gives each message a place, drops repeats, and tells every subscribed link but once", () => {
    const { owner, append, open } = owning();
    const offsets: number[] = [];
    const link: LogSubscriber = {
      appended: (_owned, { offset }) => offsets.push(offset),
      replaced: () => {},
    };
    open("news").subscribe(link);

    expect([append("news", 1), append("news", 2), append("news", 2), append("news", 1)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(offsets).toEqual([1, 2]);
    expect([owner.messageCount, owner.repeatCount]).toEqual([2, 2]);
  });

  it("keeps its own copy of the bytes, whatever becomes of the frame they came in", () => {
    const { owner, open } = owning();
    const frame = Buffer.from("first");
    owner.append(open("news"), { origin: "w", sequence: 1, bytes: frame }, undefined, 0);
    frame.fill("?");

    expect(open("news").log.oldest?.bytes.toString()).toBe("first");
  });

  it("has room for so many channels and no more, but for those it has", () => {
    const { owner, open } = owning(2);
    open("a");
    open("b");

    expect([owner.admits("a"), owner.admits("c")]).toEqual([true, false]);
  });

  it("counts what it holds for others, and refuses nothing that the cluster had before a change of the ring", () => {
    const { owner, held, ring, open } = owning(2);
    const log = new ChannelLog("taken over", { ring: ring.version, count: 1 }, 7);
    held.put({ log, rank: ring.version, ownerId: "other" });
    open("a");
    expect([owner.admits("b"), owner.admits("taken over")]).toEqual([false, true]);

    ring.offer({ ...ringOf(2, me), keepers: [{ ...other, role: "broker" }] });
    owner.adopted(ring.ring);
    expect([owner.admits("b"), owner.admits("offered")]).toEqual([true, true]);
    const epoch = { ring: { counter: 1, stateId: "s" }, count: 9 };
    owner.offered({ instanceId: "other" } as Port, "offered", {
      rank: ring.version,
      epoch,
      next: 2,
      size: 9,
    });
    owner.done({ instanceId: "other" } as Port);
    expect([owner.admits("b"), owner.admits("offered")]).toEqual([false, true]);
  });

  it("lets go of a channel when its messages have aged out and nobody is subscribed", () => {
    const { owner, held, time, append, open, sweep } = owning();
    append("idle", 1);
    append("followed", 1);
    open("followed").subscribe({ appended: () => {}, replaced: () => {} });
    time.now = 900;
    sweep();
    expect(owner.channelCount).toBe(2);

    time.now = 1500;
    sweep();
    sweep();
    expect([owner.channelCount, held.tailBytes]).toEqual([2, 0]);
    expect(append("idle", 1)).toBe(false);
    time.now = 70_000;
    for (let n = 0; n < 4; n++) sweep();
    expect([owner.channelCount, held.tailBytes]).toEqual([1, 0]);
    expect(append("idle", 1)).toBe(true);
  });

  it("lets go of an empty channel with its last subscriber, unless another may come back over a new link", () => {
    const { owner, time, open, sweep } = owning();
    const [left, lost] = [nobody(), nobody()];
    for (const channel of ["left", "lost"]) open(channel).subscribe(left);
    open("lost").subscribe(lost);
    owner.lost(open("lost"), lost);
    for (const channel of ["left", "lost"]) owner.left(open(channel), left);
    expect([owner.find("left"), owner.find("lost")?.channel]).toEqual([undefined, "lost"]);

    time.now = 1500;
    sweep();
    expect(owner.channelCount).toBe(0);
  });

  it("opens a log again under a later epoch", () => {
    const { time, append, open, sweep } = owning();
    append("idle", 1);
    const before = open("idle").log.epoch;
    for (time.now = 2000; time.now < 70_000; time.now += 1000) sweep();

    expect(open("idle").log.epoch.count).toBeGreaterThan(before.count);
  });

  it("gives up what a new ring gives to others, and says so to those who hold on to it", () => {
    const { owner, ring, open } = owning();
    const channels = Array.from({ length: 50 }, (_, n) => `channel-${n}`);
    const owned = channels.map((channel) => open(channel));
    ring.offer(ringOf(2, me, other));
    owner.adopted(ring.ring);

    for (const [index, { closed }] of owned.entries()) expect(closed).toBe(!owner.owns(channels[index]!));
    expect(owner.channelCount).toBe(owned.filter(({ closed }) => !closed).length);
    expect(owner.channelCount).toBeGreaterThan(10);
    expect(owner.channelCount).toBeLessThan(40);
  });

  it("forgets origins of a busy channel that were not heard for long", () => {
    const { time, append, open, sweep } = owning();
    for (let n = 0; n < 100; n++) append("busy", 1, `worker-${n}`);
    time.now = 65_000;
    append("busy", 1, "newest");
    sweep();

    expect(open("busy").log.origins.size).toBe(1);
  });

  it("goes on with a log that somebody waited for, also where nobody follows", () => {
    const { owner, held, ring } = owning();
    const log = new ChannelLog("news", { ring: ring.version, count: 1 }, 7);
    held.put({ log, rank: ring.version, ownerId: "other" });
    ring.offer({ ...ringOf(2, me), keepers: [{ ...other, role: "broker" }] });
    owner.adopted(ring.ring);
    const served: (number | undefined)[] = [];
    owner.whenServed("news", 0, () => served.push(owner.served("news")?.log.last));
    owner.done({ instanceId: "other" } as Port);

    expect([...served, owner.served("news")?.log.last]).toEqual([7, 7]);
  });

  it("opens no more new logs for those that waited for the ring than it has room for", () => {
    const { owner, ring } = owning(2);
    ring.offer({ ...ringOf(2, me), keepers: [{ ...other, role: "broker" }] });
    owner.adopted(ring.ring);
    const answers: (boolean | string)[] = [];
    for (const channel of ["a", "b", "c", "d"]) {
      expect(owner.admits(channel)).toBe(true);
      owner.whenServed(channel, 0, () =>
        answers.push(owner.admits(channel) ? owner.served(channel) !== undefined : "no room"),
      );
    }
    owner.done({ instanceId: "other" } as Port);

    expect(owner.channelCount).toBe(2);
    expect(answers).toEqual([true, true, "no room", "no room"]);
  });

  it("counts the names of channels that are waited for with what waits", () => {
    const { owner, ring } = owning();
    ring.offer({ ...ringOf(2, me), keepers: [{ ...other, role: "broker" }] });
    owner.adopted(ring.ring);
    owner.whenServed("x".repeat(10_000), 0, () => {});

    expect(owner.waitingBytes).toBeGreaterThanOrEqual(10_000);
  });

  it("hands a message to all subscribers, also where one of them fails, and has that one ask again", () => {
    const { append, open } = owning();
    const contained: unknown[] = [];
    const { told } = faults;
    onTestFinished(() => {
      faults.told = told;
    });
    faults.told = (reader) => void contained.push(reader);
    const calls: string[] = [];
    const fails: LogSubscriber = {
      appended: () => {
        throw new Error("a bug");
      },
      replaced: () => calls.push("asks again"),
    };
    open("news").subscribe(fails);
    open("news").subscribe({ ...nobody(), appended: () => calls.push("has it") });
    append("news", 1);

    expect([calls, contained]).toEqual([["asks again", "has it"], ["member"]]);
  });
});
