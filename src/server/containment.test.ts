import { afterEach, describe, expect, it } from "vitest";
import type { ServerCore } from "./core.ts";
import type { ConnectionObserver } from "./middleware/events.ts";
import { startServer, type TestServer, type TestSetup, until } from "./test-server.ts";

let server: TestServer;
afterEach(() => server.close());

function thrower(): never {
  throw new Error("on purpose");
}

function observe(core: ServerCore, broken: Partial<ConnectionObserver>): void {
  const nothing = {
    message() {},
    raw() {},
    receives: () => true,
    transmitted() {},
    answers: () => true,
    invoked() {},
  };
  for (const connection of core.open.values()) connection.observer = { ...nothing, ...broken };
}

/** Something that a packet reaches throws: whose fault it would be does not matter. */
const FAULTS: readonly [what: string, packet: string, breakIt: (core: ServerCore) => void][] = [
  [
    "the broker, for a publish",
    '{"event":"#publish","data":{"channel":"a","data":1},"cid":2}',
    (core) => Object.assign(core.pubsub, { publish: thrower }),
  ],
  [
    "the broker, for a subscription",
    '{"event":"#subscribe","data":{"channel":"a"},"cid":2}',
    (core) => Object.assign(core.pubsub, { subscribe: thrower }),
  ],
  [
    "tokens",
    '{"event":"#authenticate","data":"t","cid":2}',
    (core) => Object.assign(core.tokens, { check: thrower }),
  ],
  [
    "a listener",
    '{"event":"#removeAuthToken"}',
    (core) => Object.assign(core.events, { deauthenticated: thrower }),
  ],
  [
    "a listener, in a batch, behind something asynchronous",
    '[{"event":"#authenticate","data":"t","cid":2},{"event":"#removeAuthToken"}]',
    (core) => Object.assign(core.events, { deauthenticated: thrower }),
  ],
  ["whoever is told of calls", '{"event":"e","cid":2}', (core) => observe(core, { invoked: thrower })],
  [
    "whoever is told of a publish that is settled",
    '{"event":"#publish","data":{"channel":"a","data":1},"cid":2}',
    (core) => observe(core, { transmitted: thrower, invoked: thrower }),
  ],
];

async function start(setup?: TestSetup): Promise<unknown[]> {
  server = await startServer(setup);
  const errors: unknown[] = [];
  server.core.events.error = (_, error) => void errors.push(error);
  return errors;
}

describe("What one client sends", () => {
  it.each(FAULTS)(
    "ends its connection with 1011 and harms nobody else where %s throws",
    async (_, packet, breakIt) => {
      const errors = await start();
      const ann = await server.join();
      breakIt(server.core);
      ann.say(packet);

      expect((await ann.closed).code).toBe(1011);
      expect(errors).toContainEqual(expect.objectContaining({ message: "on purpose" }));
      await server.join();
    },
  );

  it.each(FAULTS)("does so behind middleware, where %s throws", async (_, packet, breakIt) => {
    const errors = await start();
    server.core.middleware.inbound = async () => undefined;
    server.core.middleware.inboundRaw = async () => undefined;
    const ann = await server.join();
    breakIt(server.core);
    ann.say(packet);

    expect((await ann.closed).code).toBe(1011);
    expect(errors).toContainEqual(expect.objectContaining({ message: "on purpose" }));
    await server.join();
  });

  it("may be decoded by a codec into whatever it likes", async () => {
    const knot: Record<string, unknown> = { event: "e" };
    knot.data = knot;
    const hostile: unknown[] = [
      knot,
      { event: "#publish", data: { channel: "a", data: knot }, cid: 2 },
      { event: "#publish", data: { channel: "a", data: 1n }, cid: 2 },
      new Proxy({}, { get: thrower }),
      [new Proxy({}, { get: thrower })],
      new Proxy([], { get: thrower }),
      Array(100_000).fill({ event: "e" }),
      { event: "#subscribe", data: new Proxy({ channel: "a" }, { ownKeys: thrower }), cid: 2 },
      Symbol("s"),
      () => {},
    ];
    let next: unknown;
    const codecEngine = {
      decode(message: unknown): unknown {
        if (message !== "hostile") return JSON.parse(String(message));
        if (next === thrower) throw null;
        return next;
      },
      encode: (value: unknown) => JSON.stringify(value),
    };
    await start({ options: { codecEngine } });
    const ann = await server.join();
    for (next of [...hostile, thrower]) {
      const { messagesIn } = server.core.counters;
      ann.say("hostile");
      await until("it has come", () => server.core.counters.messagesIn === messagesIn + 1);
    }
    ann.say('{"event":"#publish","data":{"channel":"a","data":1},"cid":9}');

    let answer: unknown;
    do answer = await ann.hearJson();
    while ((answer as { rid: number }).rid !== 9);
    expect(answer).toEqual({ rid: 9 });
  });

  it("is reported, answered as far as it can be, and shown as raw where it is more than is taken", async () => {
    const errors = await start();
    const ann = await server.join();
    const raw: string[] = [];
    for (const connection of server.core.open.values()) {
      connection.observer = {
        message() {},
        raw: ({ bytes }) => void raw.push(bytes.toString().slice(0, 20)),
        receives: () => false,
        transmitted() {},
        answers: () => false,
        invoked() {},
      };
    }
    ann.say(`{"event":"e","data":${"[".repeat(2_000)}${"]".repeat(2_000)},"cid":7}`);
    ann.say(`[${Array(1_001).fill("{}").join()}]`);
    ann.say('{"event":"#unsubscribe","data":"a","cid":8}');

    expect(await ann.hearJson()).toMatchObject({ rid: 7, error: { name: "InvalidMessageError" } });
    expect(await ann.hearJson()).toMatchObject({ rid: 8 });
    expect(raw.map((text) => text.slice(0, 2))).toEqual(['{"', "[{"]);
    expect(errors.slice(0, 2).map((error) => (error as Error).name)).toEqual([
      "InvalidMessageError",
      "InvalidMessageError",
    ]);
  });

  it("is at most 1 MiB unless the server is told otherwise", async () => {
    await start();
    const ann = await server.join();
    ann.say("x".repeat(2 ** 20));
    ann.say("x".repeat(2 ** 20 + 1));

    expect((await ann.closed).code).toBe(1009);
    expect(server.core.counters.messagesIn).toBe(2);
  });
});
