import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Broker, Deliver, PublishLevel, Settle } from "../../pubsub/broker.ts";
import type { Publication } from "../../pubsub/publication.ts";
import { startServer, type TestServer, until } from "../test-server.ts";

let server: TestServer;
afterEach(() => server.close());

/** Takes everything, and settles when a test says so; what is published on `full` finds no room until then. */
class FullBroker implements Broker {
  readonly published: { readonly text: string; readonly level: PublishLevel | undefined; settle: Settle }[] =
    [];
  readonly #deliver: Deliver;
  #room: Promise<void> | undefined;
  #makeRoom = (): void => {};

  constructor(deliver: Deliver) {
    this.#deliver = deliver;
    this.fill();
  }

  get texts(): string[] {
    return this.published.map(({ text }) => text);
  }

  fill(): void {
    this.#room = new Promise((resolve) => {
      this.#makeRoom = resolve;
    });
  }

  makeRoom(): void {
    this.#makeRoom();
    this.#room = undefined;
  }

  publish(publication: Publication, settle: Settle, level?: PublishLevel): Promise<void> | undefined {
    this.published.push({ text: publication.bytes.toString(), level, settle });
    this.#deliver(publication);
    return publication.channel === "full" ? this.#room : undefined;
  }

  subscribe(_channel: string, settle: Settle): void {
    settle();
  }

  unsubscribe(): void {}
}

async function start(clock?: VirtualClock) {
  let broker: FullBroker | undefined;
  server = await startServer({
    ...(clock && { clock }),
    options: { pingInterval: 1000, pingTimeout: 3000 },
    broker: (deliver) => {
      broker = new FullBroker(deliver);
      return broker;
    },
  });
  return broker as unknown as FullBroker;
}

function publish(channel: string, data: unknown, cid: number): string {
  return JSON.stringify({ event: "#publish", data: { channel, data }, cid });
}

/** The connections in the order they came. */
function connections() {
  return [...server.core.open.values()];
}

describe("A client that publishes where there is no room", () => {
  it("is not read until there is, then in order; others are, wherever else they publish", async () => {
    const broker = await start();
    const [ann, bob, eve] = [await server.join(), await server.join(), await server.join()];
    eve.say('{"event":"#subscribe","data":{"channel":"full"},"cid":2}');
    await eve.hear();
    for (let n = 0; n < 500; n++) ann.say(publish("full", n, n + 2));
    await until("ann is held back", () => server.core.counters.heldBack === 1);
    for (const n of [2, 3]) bob.say(publish("free", `b${n}`, n));
    await until("bob is heard", () => broker.published.length === 3);

    expect(broker.texts).toEqual(["0", '"b2"', '"b3"']);
    expect(connections().map(({ ws }) => ws.isPaused)).toEqual([true, false, false]);
    expect(await eve.hear()).toContain('"data":0');

    broker.makeRoom();
    await until("ann is heard", () => broker.published.length === 502);
    expect(broker.texts.filter((text) => !text.includes("b"))).toEqual([...Array(500).keys()].map(String));
    await until("ann is read again", () => connections()[0]?.ws.isPaused === false);
    expect(server.core.counters).toMatchObject({ heldBack: 0, holdBacks: 1 });
  });

  it("is held back again and again, also by one message of a batch, and stays in order", async () => {
    const broker = await start();
    const ann = await server.join();
    ann.say(`[${[0, 1, 2].map((n) => publish("full", n, n + 2)).join()}]`);
    ann.say(publish("full", 3, 5));
    for (let count = 1; count <= 4; count++) {
      await until("one more is taken", () => server.core.counters.holdBacks === count);
      expect(broker.texts).toEqual([...Array(count).keys()].map(String));
      broker.makeRoom();
      broker.fill();
    }
    await until("it is read again", () => connections()[0]?.ws.isPaused === false);
  });

  it("is held back behind middleware, too", async () => {
    const broker = await start();
    server.core.middleware.inbound = async () => undefined;
    const ann = await server.join();
    for (const n of [0, 1]) ann.say(publish("full", n, n + 2));
    await until("ann is held back", () => connections()[0]?.ws.isPaused === true);
    expect(broker.texts).toEqual(["0"]);

    broker.makeRoom();
    await until("ann is heard", () => broker.published.length === 2);
  });

  it("gets its acknowledgements meanwhile", async () => {
    const broker = await start();
    const ann = await server.join();
    ann.say(publish("full", 0, 2));
    await until("ann is held back", () => server.core.counters.heldBack === 1);
    broker.published[0]?.settle();

    expect(await ann.hear()).toBe('{"rid":2}');
    expect(connections()[0]?.ws.isPaused).toBe(true);
  });

  it("is not taken for gone because its answers to pings are not read", async () => {
    const clock = new VirtualClock();
    const broker = await start(clock);
    const ann = await server.join();
    ann.say(publish("full", 0, 2));
    await until("ann is held back", () => server.core.counters.heldBack === 1);
    clock.advance(20_000);
    expect(server.core.open.size).toBe(1);
    expect(await ann.hear()).toBe("");

    broker.makeRoom();
    await until("ann is read again", () => connections()[0]?.ws.isPaused === false);
    clock.advance(2900);
    expect(server.core.open.size).toBe(1);
    clock.advance(2000);
    expect(server.core.open.size).toBe(0);
  });

  it("can be closed while it is not read, and is gone at once", async () => {
    await start();
    const ann = await server.join();
    ann.say(publish("full", 0, 2));
    await until("ann is held back", () => server.core.counters.heldBack === 1);
    connections()[0]?.sendAway();

    expect((await ann.closed).code).toBe(1005);
    await until("the socket's end", () => server.core.socketCount === 0);
  });
});

describe("A client that subscribes faster than the broker answers", () => {
  it("is not read until it does, and gets all its answers", async () => {
    const questions: Settle[] = [];
    const broker: Broker = {
      publish: (_, settle) => settle(),
      subscribe: (_, settle) => void questions.push(settle),
      unsubscribe() {},
    };
    server = await startServer({ options: { maxQueuedPackets: 5 }, broker: () => broker });
    const ann = await server.join();
    let heard = 0;
    ann.ws.on("message", () => {
      heard += 1;
    });
    for (let n = 0; n < 300; n += 1) {
      ann.say(`{"event":"#subscribe","data":{"channel":"news"},"cid":${n + 2}}`);
      if (n % 10 === 0) ann.say('{"event":"#unsubscribe","data":"news"}');
    }
    await until("it is not read", () => connections()[0]?.ws.isPaused === true);
    expect(questions.length).toBeLessThan(10);

    await until("all is answered", () => {
      for (const settle of questions.splice(0)) settle();
      return heard === 300;
    });
    await until("it is read again", () => connections()[0]?.ws.isPaused === false);
  });
});

describe("The level of a publish", () => {
  it("is the server's, unless inbound middleware says another", async () => {
    const broker = await start();
    server.core.middleware.inbound = async (action) =>
      "channel" in action && action.channel === "chat" ? { options: { level: "worker" } } : undefined;
    const ann = await server.join();
    ann.say(publish("chat", 1, 2));
    ann.say(publish("news", 2, 3));
    await until("both are published", () => broker.published.length === 2);

    expect(broker.published.map(({ level }) => level)).toEqual(["worker", undefined]);
  });

  it("must be one: a publish with another is refused, and the server hears of it", async () => {
    const broker = await start();
    const errors: unknown[] = [];
    server.core.events.error = (_, error) => void errors.push(error);
    server.core.middleware.inbound = async () => ({ options: { level: "wrong" as PublishLevel } });
    const ann = await server.join();
    ann.say(publish("chat", 1, 2));

    expect(await ann.hearJson()).toMatchObject({ rid: 2, error: { name: "InvalidArgumentsError" } });
    expect(errors).toHaveLength(1);
    expect(broker.published).toEqual([]);
  });
});
