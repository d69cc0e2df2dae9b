import { afterEach, describe, expect, it, vi } from "vitest";
import { Publication } from "../../pubsub/publication.ts";
import type { Decide, OutboundAction } from "../middleware/middleware.ts";
import { type RawClient, startServer, type TestServer, until } from "../test-server.ts";

/** Above the size up to which each subscriber gets a parsed copy of its own. */
const LONG = JSON.stringify({
  items: Array.from({ length: 5_000 }, (_, id) => ({ id })),
  user: { name: "Ann" },
});
const SHORT = '{"user":{"name":"Ann"}}';
const MIB = 2 ** 20;

let server: TestServer;

afterEach(() => {
  vi.restoreAllMocks();
  server.close();
});

describe("Outbound middleware", () => {
  it.each([SHORT, LONG])(
    "parses and encodes nothing, and all share one frame, while no data are read",
    async (data) => {
      const clients = await started(5, async () => undefined);
      const parse = vi.spyOn(JSON, "parse");
      const encode = vi.spyOn(server.core, "frame");
      const frames = framesOf();

      publish(data);
      await until("the deliveries", () => frames.length === 5);

      expect([parsesOf(parse, data), encode.mock.calls.length]).toEqual([0, 0]);
      expect(new Set(frames).size).toBe(1);
      for (const client of clients) expect(await client.hear()).toBe(packet(data));
    },
  );

  it("parses long data once for all who read them, and all who change nothing share one frame", async () => {
    const names: unknown[] = [];
    const clients = await started(5, async ({ data }) => {
      names.push((data as typeof LONG_DATA).user.name, (data as typeof LONG_DATA).items[7]?.id);
      return undefined;
    });
    const parse = vi.spyOn(JSON, "parse");
    const frames = framesOf();

    publish(LONG);
    await until("the deliveries", () => frames.length === 5);

    expect(parsesOf(parse, LONG)).toBe(1);
    expect(names).toEqual(Array(5).fill(["Ann", 7]).flat());
    expect(new Set(frames).size).toBe(1);
    for (const client of clients) expect(await client.hear()).toBe(packet(LONG));
  });

  it.each([SHORT, LONG])(
    "changes data for one subscriber alone: in place, or by allowing others",
    async (data) => {
      const ids: string[] = [];
      const clients = await started(4, async (action) => {
        const seen = action.data as { user: { name: string; secret?: string } };
        const place = ids.indexOf(action.connection.id);
        if (place === 1) seen.user.secret = "of 1";
        if (place === 2) return { data: { ...seen, secret: "of 2" } };
        return place === 3 ? { data: seen } : undefined;
      });
      ids.push(...server.core.open.keys());

      publish(data);

      const all = JSON.parse(data) as object;
      const heard = await Promise.all(clients.map((client) => client.hear()));
      expect(heard.map((text) => (JSON.parse(text) as { data: { data: unknown } }).data.data)).toEqual([
        all,
        { ...all, user: { name: "Ann", secret: "of 1" } },
        { ...all, secret: "of 2" },
        all,
      ]);
    },
  );

  it("is shown long publications in slices, each subscriber's in its order", async () => {
    let shown = 0;
    const clients = await started(6, async () => {
      shown += 1;
      return undefined;
    });
    const perTurn: number[] = [];
    const data = JSON.stringify("x".repeat(MIB));

    publish(data);
    publish("1");
    server.core.pubsub.hub.flush();
    while (shown < 12) {
      const before = shown;
      await new Promise(setImmediate);
      perTurn.push(shown - before);
    }

    // Of the long one each turn shows one; with it goes what that subscriber's queue has behind it.
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(2);
    for (const client of clients) {
      expect((await client.hear()).length).toBeGreaterThan(MIB);
      expect(await client.hear()).toBe(packet("1"));
    }
  });

  it("is asked no more for a client that has gone, and holds nothing of it", async () => {
    let asked = 0;
    await started(1, () => {
      asked += 1;
      return new Promise(() => {});
    });
    const [connection] = server.core.open.values();
    for (let i = 0; i < 3; i += 1) publish(LONG);
    await until("the question", () => asked === 1);

    connection?.close();

    expect(connection?.queue?.bytes).toBe(0);
    expect(server.core.writer.held.bytes).toBe(0);
    expect(asked).toBe(1);
  });
});

const LONG_DATA = JSON.parse(LONG) as { items: { id: number }[]; user: { name: string } };

async function started(count: number, decide: Decide<OutboundAction>): Promise<RawClient[]> {
  server = await startServer();
  const clients: RawClient[] = [];
  for (let i = 0; i < count; i += 1) {
    const client = await server.join();
    client.say(JSON.stringify({ event: "#subscribe", data: { channel: "news" }, cid: 2 }));
    await client.hear();
    clients.push(client);
  }
  server.core.middleware.outbound = decide;
  return clients;
}

/** How often a text was parsed; the test runner parses others. */
function parsesOf({ mock }: { mock: { calls: unknown[][] } }, text: string): number {
  return mock.calls.filter(([parsed]) => parsed === text).length;
}

/** The frames that go to clients from now on. */
function framesOf(): Buffer[] {
  const frames: Buffer[] = [];
  for (const connection of server.core.open.values()) {
    const send = connection.sendFrame.bind(connection);
    connection.sendFrame = (frame, isPublication) => {
      frames.push(frame);
      send(frame, isPublication);
    };
  }
  return frames;
}

function publish(json: string): void {
  server.core.pubsub.publish(new Publication("news", Buffer.from(json)), () => {});
}

const packet = (json: string): string => `{"event":"#publish","data":{"channel":"news","data":${json}}}`;
