import { afterEach, describe, expect, it } from "vitest";
import { startServer } from "../../server/test-server.ts";
import { runLoad } from "./load.ts";
import { LEAST_PAYLOAD } from "./measure/payload.ts";
import type { LoadHooks, LoadPlan, LoadResult, Phase } from "./plan.ts";
import { type Faults, startFakeServer } from "./test-fake-server.ts";

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function plan(url: string, changes: Partial<LoadPlan> = {}): LoadPlan {
  return {
    protocol: "socketcluster",
    subscriberUrls: [url],
    publisherUrls: [url],
    subscribers: 4,
    channels: 2,
    channelsPerSubscriber: 1,
    publishers: 2,
    payloadBytes: 128,
    pace: { perSecond: 1000 },
    connecting: 10,
    settleMs: 0,
    warmupMs: 0,
    durationMs: 300,
    drainMs: 1000,
    channelPrefix: "c",
    authToken: undefined,
    generators: 1,
    checkEvery: 1,
    ...changes,
  };
}

async function own(changes: Partial<LoadPlan> = {}, hooks?: LoadHooks): Promise<LoadResult> {
  const server = await startServer();
  closing.push(() => server.close());
  return await runLoad(plan(`ws://127.0.0.1:${server.port}`, changes), hooks);
}

async function faulty(faults: Faults, changes: Partial<LoadPlan> = {}): Promise<LoadResult> {
  const server = await startFakeServer(faults);
  closing.push(() => server.close());
  return await runLoad(plan(server.url, changes));
}

const FAULTLESS = { lost: 0, duplicated: 0, reordered: 0, malformed: 0, errors: new Map() };

describe("A load on a server of our own", () => {
  it.each([
    ["an open loop", { pace: { perSecond: 2000 } }],
    ["a closed loop", { pace: { window: 16 } }],
    ["several channels each", { channels: 6, channelsPerSubscriber: 3, publishers: 3 }],
    ["more publishers than channels", { channels: 2, publishers: 7 }],
    ["fan-outs", { subscribers: 12, channels: 4, fanOuts: [2, 10], publishers: 3 }],
    ["large data", { payloadBytes: 200_000, pace: { window: 2 } }],
    ["the smallest data", { payloadBytes: LEAST_PAYLOAD }],
  ])("finds nothing wrong, and counts everything: %s", async (_, changes) => {
    const result = await own(changes);

    expect(result).toMatchObject(FAULTLESS);
    expect(result.published).toBeGreaterThan(0);
    expect(result.delivered).toBeGreaterThan(0);
    // What was sent in the instant before the window opened is not timed.
    expect(Math.abs(result.acknowledgeLatency.count - result.published)).toBeLessThan(20);
    expect(result.connectLatency.count).toBe(result.connections);
    expect(result.samples.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(result.delivered);
  });

  it("delivers each publication to all subscribers of its channel", async () => {
    const result = await own({ subscribers: 10, channels: 1 });

    expect(result.deliveryLatency.count).toBe(10 * result.acknowledgeLatency.count);
    expect(result.connections).toBe(12);
    expect(result.subscriptions).toBe(10);
  });

  it("tells of its phases in order, and waits for those who look meanwhile", async () => {
    const seen: string[] = [];
    const phases = new Set<Phase>();
    const later = (what: string) => async () => {
      seen.push(`${what} begins`);
      await Promise.resolve();
      seen.push(`${what} ends`);
    };
    await own(
      { settleMs: 1, warmupMs: 1 },
      {
        connecting: later("connecting"),
        connected: later("connected"),
        windowOpens: later("opens"),
        windowCloses: later("closes"),
        progress: ({ phase }) => phases.add(phase),
      },
    );

    expect(seen).toEqual(
      ["connecting", "connected", "opens", "closes"].flatMap((what) => [`${what} begins`, `${what} ends`]),
    );
    expect([...phases]).toEqual(["connect", "settle", "warm up", "measure", "drain"]);
  });

  it("finds servers by name, and over IPv6", async () => {
    for (const [host, url] of [
      ["127.0.0.1", "ws://localhost:"],
      ["::1", "ws://[::1]:"],
    ] as const) {
      const server = await startFakeServer({}, host);
      closing.push(() => server.close());
      const result = await runLoad(plan(`${url}${server.port}/any/path?x=1`, { durationMs: 50 }));

      expect(result).toMatchObject({ ...FAULTLESS, connections: 6 });
    }
  });

  it("only connects, when there is nothing to publish", async () => {
    const result = await own({ pace: undefined, publishers: 0, durationMs: 0 });

    expect(result).toMatchObject({ ...FAULTLESS, connections: 4, published: 0, delivered: 0 });
  });

  it("ends early when it is told to, with what there was", async () => {
    const stop = new AbortController();
    const windowOpens = (): void => stop.abort();
    const result = await own({ durationMs: 600_000 }, { stop: stop.signal, windowOpens });

    expect(result).toMatchObject(FAULTLESS);
    expect(result.windowMs).toBeLessThan(60_000);
    const before = new AbortController();
    before.abort();
    expect(await own({}, { stop: before.signal })).toMatchObject({ ...FAULTLESS, published: 0, windowMs: 0 });
  });

  it("counts tokens that are not accepted", async () => {
    const { errors, connections } = await own({ authToken: (connection) => `no token ${connection}` });

    expect(connections).toBe(6);
    expect([...errors]).toEqual([["token refused: AuthTokenInvalidError: jwt malformed", 6]]);
  });
});

describe("A load on a server with a fault", () => {
  it("finds exactly what is lost", async () => {
    let dropped = 0;
    const result = await faulty({
      deliver: (delivery, { count }) => {
        if (count % 10 !== 3) return [delivery];
        dropped += 1;
        return [];
      },
    });

    expect(dropped).toBeGreaterThan(10);
    expect(result).toMatchObject({ ...FAULTLESS, lost: dropped });
  });

  it("goes on in a closed loop where something is lost", async () => {
    const deliver: Faults["deliver"] = (delivery, { count }) => (count === 3 ? [] : [delivery]);
    const result = await faulty(
      { deliver },
      { pace: { window: 1 }, channels: 1, drainMs: 100, durationMs: 400 },
    );

    expect(result).toMatchObject({ ...FAULTLESS, lost: 4 });
    expect(result.published).toBeGreaterThan(3);
  });

  it("finds exactly what is repeated", async () => {
    let repeated = 0;
    const result = await faulty({
      deliver: (delivery, { count }) => {
        if (count % 7 !== 0) return [delivery];
        repeated += 2;
        return [delivery, delivery, delivery];
      },
    });

    expect(repeated).toBeGreaterThan(10);
    expect(result).toMatchObject({ ...FAULTLESS, duplicated: repeated });
  });

  it("finds exactly what is out of order", async () => {
    let swapped = 0;
    const result = await faulty(
      {
        deliver: (delivery, { count, held }) => {
          if (count % 10 === 4) {
            held.push(delivery);
            return [];
          }
          if (held.length === 0) return [delivery];
          swapped += 1;
          return [delivery, ...held.splice(0)];
        },
      },
      { channels: 1, publishers: 1 },
    );

    expect(swapped).toBeGreaterThan(10);
    // One that is still held back at the end did not come.
    expect(result).toMatchObject({ ...FAULTLESS, lost: result.lost, reordered: swapped });
    expect([0, 4]).toContain(result.lost);
  });

  it.each([
    ["the stamp", (text: string) => text.replace("~AA", "~BA"), true],
    ["the stamp's marker", (text: string) => text.replace('"~', '"!'), true],
    ["the data", (text: string) => text.replace("klm", "kl_"), false],
    ["the data's end", (text: string) => text.replace('"}}}', '_"}}}'), false],
    ["the channel", (text: string) => text.replace('"channel":"c', '"channel":"d'), false],
    ["the event", (text: string) => text.replace("#publish", "#published"), false],
  ])("finds exactly what has changed: %s", async (_, change, isLost) => {
    let changed = 0;
    const result = await faulty({
      deliver: (delivery, { count }) => {
        if (count % 5 !== 0) return [delivery];
        changed += 1;
        return [change(delivery)];
      },
    });
    const { errors: __, ...counts } = FAULTLESS;

    expect(changed).toBeGreaterThan(10);
    expect(result).toMatchObject({ ...counts, malformed: changed, lost: isLost ? changed : 0 });
    expect([...result.errors.values()]).toEqual([changed]);
  });

  it("finds exactly what comes to somebody who is not subscribed", async () => {
    const last = new Map<string, string>();
    let strange = 0;
    const result = await faulty({
      deliver: (delivery, { count }) => {
        const { channel } = JSON.parse(delivery).data;
        last.set(channel, delivery);
        const other = last.get(channel === "c0" ? "c1" : "c0");
        if (count % 5 !== 0 || other === undefined) return [delivery];
        strange += 1;
        return [other, delivery];
      },
    });

    expect(strange).toBeGreaterThan(10);
    expect(result).toMatchObject({ lost: 0, duplicated: 0, malformed: strange });
    expect([...result.errors]).toEqual([["malformed: delivered to somebody who is not subscribed", strange]]);
  });

  it("reads what comes byte by byte", async () => {
    const write: Faults["write"] = (socket, frame) => {
      for (const byte of frame) socket.write(Buffer.from([byte]));
    };
    const result = await faulty({ write }, { pace: { perSecond: 100 }, durationMs: 200 });

    expect(result).toMatchObject(FAULTLESS);
    expect(result.deliveryLatency.count).toBe(2 * result.acknowledgeLatency.count);
    expect(result.deliveryLatency.count).toBeGreaterThan(10);
  });

  it("reads batches, and what is wrong in them", async () => {
    let lost = 0;
    let repeated = 0;
    const answers: number[] = [];
    const result = await faulty(
      {
        deliver: (delivery, { count, held }) => {
          if (count % 10 === 1) lost += 1;
          else held.push(delivery);
          if (count % 10 === 2) held.push(delivery);
          // It has been sent twice only when its batch goes out.
          if (count % 10 === 5) repeated += 1;
          return count % 5 === 0 ? [`[${held.splice(0).join(",")}]`] : [];
        },
        answer: (rid, count) => {
          answers.push(rid);
          return count % 4 === 0
            ? JSON.stringify(answers.splice(0).map((each) => ({ rid: each })))
            : undefined;
        },
      },
      { pace: { perSecond: 1000 }, drainMs: 300 },
    );
    // What is still gathered at the end does not come, fewer than five to each of four; and what was lost of the
    // last publications, fewer than four to each, does not count where their answers are still gathered.
    const rest = result.lost - lost;

    expect(lost).toBeGreaterThan(10);
    expect(rest).toBeGreaterThan(-16);
    expect(rest).toBeLessThan(20);
    expect(result).toMatchObject({ duplicated: repeated, reordered: 0, malformed: 0 });
    expect(result.errors.get("publish without an answer") ?? 0).toBeLessThan(4);
  });

  it("does not call lost what was refused, and says why it was", async () => {
    let refused = 0;
    const result = await faulty(
      {
        deliver: (delivery, { count }) => (count % 2 === 0 ? [delivery] : []),
        answer: (rid, count) => {
          if (count % 2 === 0) return `{"rid":${rid}}`;
          refused += 1;
          return `{"rid":${rid},"error":{"name":"Blocked","message":"not now"}}`;
        },
      },
      { channels: 1, publishers: 1 },
    );

    expect(refused).toBeGreaterThan(10);
    expect(result).toMatchObject({ lost: 0, duplicated: 0, reordered: 0, malformed: 0 });
    expect([...result.errors]).toEqual([["publish refused: Blocked: not now", refused]]);
  });

  it("counts publications that were never answered", async () => {
    const result = await faulty({ answer: () => undefined }, { drainMs: 200, durationMs: 100 });

    expect(result.errors.get("publish without an answer")).toBe(result.published);
    expect(result).toMatchObject({ lost: 0, acknowledged: 0 });
  });

  it("tells why connections were closed", async () => {
    const result = await faulty(
      {
        deliver: (delivery, { ws, count }) => {
          if (count === 5) ws.close(4100, "too slow");
          return [delivery];
        },
      },
      { drainMs: 200 },
    );

    expect([...result.errors]).toEqual([["connection lost: closed by the server: 4100 too slow", 4]]);
    expect(result.lost).toBeGreaterThan(0);
  });

  it("goes on with those that could be subscribed, and says what kept the others", async () => {
    let asked = 0;
    const result = await faulty({
      subscribed: (rid) => (asked++ < 2 ? `{"rid":${rid}}` : `{"rid":${rid},"error":{"message":"full"}}`),
    });

    expect(result).toMatchObject({ connections: 4, subscriptions: 2, lost: 0 });
    // Each of two was tried three times.
    expect([...result.errors]).toEqual([["not connected: subscribe refused: full", 6]]);
  });
});

describe("A load that cannot be made", () => {
  it("says that nobody can be reached", async () => {
    const server = await startFakeServer();
    server.close();

    await expect(runLoad(plan(server.url))).rejects.toThrow(
      "None of 6 connections became ready: ECONNREFUSED",
    );
  });

  it("says everything that is wrong with its plan at once", async () => {
    const wrong = { payloadBytes: 10, channels: 1, generators: 2, pace: { window: 1 } };

    await expect(runLoad(plan("ws://127.0.0.1:1", wrong))).rejects.toMatchObject({
      code: "SCC_CONFIG",
      problems: [
        expect.stringMatching(/^channels \(1\) are fewer than generators/),
        expect.stringMatching(/^a subscriber cannot have more channels/),
        expect.stringMatching(/^size: expected 43 to/),
        expect.stringMatching(/^window: expected an integer from 2/),
      ],
    });
  });
});
