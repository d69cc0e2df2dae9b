import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Connection } from "../connection.ts";
import { type RawClient, startServer, type TestServer, type TestSetup, until } from "../test-server.ts";
import { hold, release, tellOf } from "./backlog.ts";
import { Intake } from "./intake.ts";

let server: TestServer;
afterEach(() => server.close());

async function start(setup?: TestSetup): Promise<TestServer> {
  server = await startServer(setup);
  return server;
}

function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const large = (kib: number): string => JSON.stringify({ event: "e", data: "x".repeat(kib * 1024) });
const packet = (n: number): string => JSON.stringify({ event: "e", data: n });

describe("What a client says while something before it is under way", () => {
  it("is not parsed before its turn", async () => {
    let parsed = 0;
    const codecEngine = {
      decode(message: unknown): unknown {
        parsed += 1;
        return JSON.parse(String(message));
      },
      encode: (value: unknown) => JSON.stringify(value),
    };
    const { core } = await start({ options: { codecEngine } });
    const ann = await server.join();
    const { opened, open } = gate();
    core.middleware.inbound = async () => void (await opened);
    const before = parsed;
    for (let n = 0; n < 20; n += 1) ann.say(packet(n));
    await until("all have come", () => core.counters.messagesIn === 21);

    expect(parsed - before).toBe(1);
    open();
    await until("all are parsed", () => parsed - before === 20);
  });
});

describe("Work on what clients say", () => {
  /** Every packet takes 5 ms. @returns in which turn each was looked at */
  function slow(clock: VirtualClock): { name: unknown; turn: number }[] {
    const seen: { name: unknown; turn: number }[] = [];
    let turn = 0;
    void (async () => {
      for (; turn < 10_000; turn += 1) await setImmediate();
    })();
    server.core.middleware.inbound = async ({ data }) => {
      clock.advance(5);
      seen.push({ name: data, turn });
      return undefined;
    };
    return seen;
  }

  function mostInOneTurn(seen: readonly { turn: number }[]): number {
    const count = new Map<number, number>();
    for (const { turn } of seen) count.set(turn, (count.get(turn) ?? 0) + 1);
    return Math.max(...count.values());
  }

  it.each([
    ["one message", (client: RawClient) => client.say(`[${[...Array(300).keys()].map(packet).join()}]`)],
    [
      "many messages",
      (client: RawClient) => {
        for (let n = 0; n < 300; n += 1) client.say(packet(n));
      },
    ],
  ])("is done in slices and in order, though the packets come in %s", async (_, say) => {
    const clock = new VirtualClock();
    await start({ clock });
    const ann = await server.join();
    const seen = slow(clock);
    say(ann);
    await until("all are seen", () => seen.length === 300);

    expect(seen.map(({ name }) => name)).toEqual([...Array(300).keys()]);
    expect(mostInOneTurn(seen)).toBeLessThan(150);
  });

  it("on one client's flood leaves turns to others", async () => {
    const clock = new VirtualClock();
    await start({ clock });
    const [ann, bob] = [await server.join(), await server.join()];
    const seen = slow(clock);
    ann.say(`[${Array(500).fill('{"event":"e","data":"ann"}').join()}]`);
    await until("the flood begins", () => seen.length > 0);
    bob.say('{"event":"e","data":"bob"}');
    await until("all are seen", () => seen.length === 501);

    expect(seen.findIndex(({ name }) => name === "bob")).toBeLessThan(300);
  });

  it("that waits for its turn is done before the client's goodbye", async () => {
    const { core } = await start();
    const ann = await server.join();
    const take = vi.spyOn(core.intake.budget, "take").mockReturnValue(false);
    ann.say('{"event":"#publish","data":{"channel":"news","data":1}}');
    ann.ws.close();
    await ann.closed;
    take.mockRestore();

    expect(core.pubsub.publicationCount).toBe(1);
    await until("nothing is left", () => core.socketCount === 0);
    expect(core.intake.waitingBytes).toBe(0);
  });
});

describe("The sums over all clients", () => {
  it("let large messages wait unparsed while parsed ones take their share, and small ones pass", async () => {
    const { core } = await start();
    Object.assign(core, { intake: new Intake(() => 0, { heap: 0, total: 2 ** 30 }) });
    const clients = await Promise.all([1, 2, 3, 4].map(() => server.join()));
    const { opened, open } = gate();
    let asked = 0;
    core.middleware.inbound = async () => {
      asked += 1;
      await opened;
      return undefined;
    };
    for (const client of clients.slice(0, 3)) client.say(large(600));
    await until("two are asked about", () => asked === 2);
    clients[3]?.say(packet(0));
    await until("the small one is asked about", () => asked === 3);
    await until("all have come", () => core.counters.bytesIn > 1_800 * 1024);
    expect(core.intake.waitingBytes).toBeGreaterThan(600 * 1024);

    open();
    await until("the third is asked about", () => asked === 4);
    await until("all is dealt with", () => core.intake.parsed.bytes === 0);
    expect(core.intake.waitingBytes).toBe(0);
  });

  it("pause everybody who says more while something of his waits, when too much waits of all together", async () => {
    const { core } = await start();
    Object.assign(core, { intake: new Intake(() => 0, { heap: 2 ** 30, total: 0 }) });
    const clients = await Promise.all([1, 2].map(() => server.join()));
    const { opened, open } = gate();
    core.middleware.inbound = async () => void (await opened);
    for (const client of clients) for (let n = 0; n < 8; n += 1) client.say(large(300));
    await until("both are paused", () => [...core.open.values()].every(({ ws }) => ws.isPaused));
    expect(core.counters.bytesIn).toBeLessThan(3_600 * 1024);

    open();
    await until("all are read", () => core.counters.bytesIn > 4_800 * 1024);
    await until("nothing waits", () => core.intake.waitingBytes === 0);
  });

  it.each(["inbound", "inboundRaw"] as const)(
    "forget a client that leaves while %s middleware never decides",
    async (line) => {
      const { core } = await start();
      const ann = await server.join();
      let asked = 0;
      core.middleware[line] = () => {
        asked += 1;
        return new Promise(() => {});
      };
      for (let n = 0; n < 5; n += 1) ann.say(large(10));
      await until(
        "one is asked about, the others wait",
        () => asked > 0 && core.intake.waitingBytes > 40_000,
      );
      ann.ws.terminate();

      await until("nothing waits", () => core.intake.waitingBytes === 0);
    },
  );

  it("wake who waits for room when there is room, whatever the application keeps of him", async () => {
    const { core } = await start();
    const ann = await server.join();
    const [connection] = core.open.values();
    const charge = hold(connection as Connection);
    core.intake.parsed.add(core.intake.parsed.maxBytes);
    ann.say('{"event":"#subscribe","data":{"channel":"a"},"cid":2}');
    await until("it waits", () => connection?.inbound?.busy === true);

    core.intake.parsed.remove(core.intake.parsed.maxBytes);

    expect(await ann.hearJson()).toEqual({ rid: 2 });
    release(charge);
  });

  it("count a message once, whatever the application is told in between", async () => {
    const { core } = await start();
    await server.join();
    const connection = [...core.open.values()][0] as Connection;
    connection.messageBytes = 1000;
    const charges = [hold(connection)];
    tellOf(connection, 10, () => charges.push(hold(connection)));
    charges.push(hold(connection));

    expect(core.intake.parsed.bytes).toBe(1010);
    for (const charge of charges) release(charge);
  });

  it("forget who leaves while he waits for room", async () => {
    const { core } = await start();
    const ann = await server.join();
    core.intake.parsed.add(core.intake.parsed.maxBytes);
    ann.say(large(100));
    await until("it waits", () => core.intake.parsed.waitingCount === 1);
    ann.ws.terminate();

    await until("nobody waits", () => core.intake.parsed.waitingCount === 0);
    core.intake.parsed.remove(core.intake.parsed.maxBytes);
  });
});

describe("What a client says right before its goodbye", () => {
  /** No turn is given to anybody. */
  async function lastWords(messages: readonly string[], perMessageDeflate: boolean) {
    const { core } = await start({ options: { perMessageDeflate } });
    const ann = await server.join();
    const published: unknown[] = [];
    const publishes = core.pubsub.publish.bind(core.pubsub);
    vi.spyOn(core.pubsub, "publish").mockImplementation((...given) => {
      published.push(given[0].data);
      return publishes(...given);
    });
    vi.spyOn(core.intake.budget, "take").mockReturnValue(false);
    vi.spyOn(core.intake.budget, "wait").mockReturnValue(undefined);
    for (const message of messages) ann.say(message);
    ann.ws.close();
    await until("it has gone", () => core.socketCount === 0);
    return published;
  }
  const publish = (n: number): string => `{"event":"#publish","data":{"channel":"a","data":${n}}}`;
  const TEN = [...Array(10).keys()];

  it.each([false, true])("is done, though no turn is left (compression: %s)", async (perMessageDeflate) => {
    expect(await lastWords(TEN.map(publish), perMessageDeflate)).toEqual(TEN);
  });

  it.each([false, true])("is done to the end of a batch (compression: %s)", async (perMessageDeflate) => {
    expect(await lastWords([`[${TEN.map(publish).join()}]`], perMessageDeflate)).toEqual(TEN);
  });
});
