import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { type RawClient, startServer, type TestServer } from "../test-server.ts";
import { RecentNames } from "./recent-names.ts";

let server: TestServer;
afterEach(() => server?.close());

/** A server on a clock that stands still, whose clients may begin with three channels a minute. */
async function start(newChannelsPerMinute = 3) {
  const clock = new VirtualClock();
  server = await startServer({ clock, options: { newChannelsPerMinute, pingTimeoutDisabled: true } });
  return clock;
}

let cid = 1;

/** Calls, and waits for the answer. @returns the error's name, and that of what it wraps; undefined if it worked */
async function call(client: RawClient, event: string, data: unknown): Promise<string | undefined> {
  cid += 1;
  client.say(JSON.stringify({ event, data, cid }));
  for (;;) {
    const heard = (await client.hearJson()) as {
      rid?: number;
      error?: { name: string; message: string; code?: string; retryAfter?: number };
    };
    if (heard.rid !== cid) continue;
    const { error } = heard;
    return error && `${error.name}/${error.code}/${error.retryAfter}`;
  }
}

const subscribe = (client: RawClient, channel: string) => call(client, "#subscribe", { channel });
const leave = (client: RawClient, channel: string) => call(client, "#unsubscribe", channel);
const publish = (client: RawClient, channel: string) => call(client, "#publish", { channel, data: 1 });

describe("New channels of a client", () => {
  it("are refused by name past so many a minute, whether subscribed or published to, and cost nobody else", async () => {
    await start();
    const [greedy, other] = [await server.join(), await server.join()];
    expect(await subscribe(greedy, "a")).toBeUndefined();
    expect(await leave(greedy, "a")).toBeUndefined();
    expect(await subscribe(greedy, "b")).toBeUndefined();
    expect(await publish(greedy, "c")).toBeUndefined();

    expect(await subscribe(greedy, "d")).toBe("BrokerError/SCC_NEW_CHANNEL_LIMIT/20000");
    expect(await publish(greedy, "e")).toBe("NewChannelLimitError/SCC_NEW_CHANNEL_LIMIT/20000");
    expect(server.core.pubsub.hub.channelCount).toBe(1);
    expect([await subscribe(other, "d"), await publish(other, "e")]).toEqual([undefined, undefined]);
  });

  it("are no channels that somebody here is subscribed to, or has published to of late", async () => {
    await start(1);
    const [greedy, other] = [await server.join(), await server.join()];
    await subscribe(other, "followed");
    expect(await publish(greedy, "own")).toBeUndefined();

    for (const channel of ["followed", "own"]) {
      expect(await publish(greedy, channel)).toBeUndefined();
      expect(await subscribe(greedy, channel)).toBeUndefined();
      expect(await subscribe(greedy, channel)).toBeUndefined();
    }
    expect(await publish(greedy, "more")).toContain("NewChannelLimitError");
  });

  it("are no channels that the last subscriber here has left of late", async () => {
    await start(1);
    const [first, second] = [await server.join(), await server.join()];
    await subscribe(first, "left");
    await leave(first, "left");

    expect(await publish(second, "left")).toBeUndefined();
    expect(await publish(second, "own")).toBeUndefined();
    expect(await publish(second, "more")).toContain("NewChannelLimitError");
  });

  it("may be as many again when time has passed, and never more than those of a minute at once", async () => {
    const clock = await start();
    const client = await server.join();
    for (const channel of ["a", "b", "c"]) expect(await publish(client, channel)).toBeUndefined();
    clock.standStill(19_999);
    expect(await publish(client, "d")).toBe("NewChannelLimitError/SCC_NEW_CHANNEL_LIMIT/1");
    clock.standStill(1);
    expect(await publish(client, "d")).toBeUndefined();
    clock.standStill(600_000);
    for (const channel of ["e", "f", "g"]) expect(await publish(client, channel)).toBeUndefined();
    expect(await publish(client, "h")).toContain("NewChannelLimitError");
  });

  it("are as many as it likes where that is 0", async () => {
    await start(0);
    const client = await server.join();
    for (let n = 0; n < 50; n++) expect(await publish(client, `c${n}`)).toBeUndefined();
  });
});

describe("Recent names", () => {
  it("are remembered for a minute, and as long as they are in use", () => {
    const names = new RecentNames();
    names.add("used", 0);
    names.add("left", 0);
    for (let now = 1000; now < 200_000; now += 1000) {
      expect(names.has("used", now)).toBe(true);
      if (now % 10_000 === 0) names.add(`other-${now}`, now);
    }
    expect(names.has("left", 59_999)).toBe(false);
    expect(names.has("never", 0)).toBe(false);
  });

  it("are forgotten when nothing came for long", () => {
    const names = new RecentNames();
    names.add("a", 0);
    expect(names.has("a", 120_000)).toBe(false);
    names.add("b", 120_000);
    expect([names.has("a", 120_000), names.has("b", 120_000)]).toEqual([false, true]);
  });

  it("are bounded by their number and their length", () => {
    const names = new RecentNames(10);
    for (let n = 0; n < 1000; n++) names.add(`n${n}`, 0);
    const known = Array.from({ length: 1000 }, (_, n) => names.has(`n${n}`, 0)).filter(Boolean);
    expect(known.length).toBeGreaterThanOrEqual(10);
    expect(known.length).toBeLessThanOrEqual(20);

    const long = new RecentNames();
    const name = (n: number): string => `${n}`.padEnd(65_536, "x");
    for (let n = 0; n < 1000; n++) long.add(name(n), 0);
    const left = Array.from({ length: 1000 }, (_, n) => long.has(name(n), 0)).filter(Boolean);
    expect(left.length).toBeLessThanOrEqual(128);
  });
});
