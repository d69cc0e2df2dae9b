import { afterEach, describe, expect, it } from "vitest";
import type { InboundAction } from "../middleware/middleware.ts";
import { startServer, type TestServer, until } from "../test-server.ts";

let server: TestServer;
afterEach(() => server.close());

describe("Inbound middleware", () => {
  it("decides about a client's packets one after the other, and those of others meanwhile", async () => {
    server = await startServer();
    const asked: unknown[] = [];
    const gate = open();
    server.core.middleware.inbound = async (action) => {
      asked.push(dataOf(action));
      if (dataOf(action) === 1) await gate.opened;
      return undefined;
    };
    const [ann, bob] = [await server.join(), await server.join()];

    ann.say('{"event":"#publish","data":{"channel":"a","data":1},"cid":2}');
    ann.say('{"event":"#publish","data":{"channel":"a","data":2},"cid":3}');
    bob.say('{"event":"#publish","data":{"channel":"a","data":3},"cid":2}');
    expect(await bob.hear()).toBe('{"rid":2}');
    expect(asked).not.toContain(2);
    gate.open();

    expect([await ann.hear(), await ann.hear()]).toEqual(['{"rid":2}', '{"rid":3}']);
    expect(asked.filter((data) => data !== 3)).toEqual([1, 2]);
  });

  it("may change what is published, and block it with an error or without", async () => {
    server = await startServer();
    server.core.middleware.inbound = async (action) => {
      if (action.type !== "publishIn") return undefined;
      if (action.data === "bad") throw Object.assign(new Error("no"), { name: "NoError" });
      if (action.data === "silent") throw undefined;
      return { data: `${action.data}!` };
    };
    const ann = await server.join();
    const errors: unknown[] = [];
    server.core.events.error = (_, error) => void errors.push(error);

    ann.say('{"event":"#subscribe","data":{"channel":"a"},"cid":2}');
    ann.say('{"event":"#publish","data":{"channel":"a","data":"bad"},"cid":3}');
    ann.say('{"event":"#publish","data":{"channel":"a","data":"silent"},"cid":4}');
    ann.say('{"event":"#publish","data":{"channel":"a","data":"good"},"cid":5}');

    expect(await ann.hearJson()).toEqual({ rid: 2 });
    expect(await ann.hearJson()).toMatchObject({ rid: 3, error: { name: "NoError", message: "no" } });
    expect(await ann.hearJson()).toMatchObject({ rid: 4, error: { name: "SilentMiddlewareBlockedError" } });
    expect(await ann.hearJson()).toEqual({ rid: 5 });
    expect(await ann.hearJson()).toMatchObject({ data: { data: "good!" } });
    expect(errors).toHaveLength(2);
  });

  it("makes a client that sends faster than it decides wait, and loses nothing", async () => {
    server = await startServer({ options: { maxQueuedPackets: 5 } });
    const ann = await server.join();
    const gate = open();
    let decided = 0;
    server.core.middleware.inbound = async () => {
      await gate.opened;
      decided += 1;
      return undefined;
    };
    const connection = [...server.core.open.values()][0];

    for (let i = 0; i < 500; i += 1) ann.say('{"event":"hi"}');
    await until("the pause", () => connection?.ws.isPaused === true);
    gate.open();
    await until("all decisions", () => decided === 500);

    expect(connection?.ws.isPaused).toBe(false);
    expect(connection?.inbound).toBeUndefined();
  });
});

describe("Raw middleware", () => {
  it("sees each message first, may change or drop it, and keeps their order", async () => {
    server = await startServer();
    const ann = await server.join();
    const slow = open();
    server.core.middleware.inboundRaw = async ({ data }) => {
      if (String(data).includes("drop")) throw new Error("dropped");
      if (String(data).includes("first")) await slow.opened;
      else slow.open();
      return { data: String(data).replace("first", "one") };
    };

    ann.say('{"event":"#unsubscribe","data":"first","cid":2}');
    ann.say('{"event":"#unsubscribe","data":"drop","cid":3}');
    ann.say('{"event":"#unsubscribe","data":"second","cid":4}');

    expect(await ann.hear()).toContain("the one channel");
    expect(await ann.hearJson()).toMatchObject({ rid: 4 });
  });
});

function dataOf(action: InboundAction): unknown {
  return action.data;
}

function open() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
