import { createRequire } from "node:module";
import AGSimpleBroker from "ag-simple-broker";
import { afterEach, describe, expect, it } from "vitest";
import { attach } from "../../src/api/broker-client.ts";
import type { AGServerOptions } from "../../src/api/index.ts";
import { freePort } from "../support/processes.ts";
import { drain, type Implementation, settle, start, subscribe } from "./both.ts";

const require = createRequire(import.meta.url);
const upstreamAttach: typeof attach = require("scc-broker-client").attach;

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

async function started(which: Implementation, options?: AGServerOptions) {
  const app = await start(which, options);
  opened.push(() => app.stop());
  return app;
}

/** Resolves with whether it worked. */
function outcome(promise: Promise<unknown>): Promise<"acknowledged" | "rejected"> {
  return promise.then(
    () => "acknowledged",
    () => "rejected",
  );
}

type Sides = [fault: unknown, fixed: unknown];

/** Runs a scenario on both, and expects the fault there and none here. */
function fault(
  name: string,
  scenario: (which: Implementation) => Promise<unknown>,
  [there, here]: Sides,
): void {
  describe(name, () => {
    it("is so on the original", async () => expect(await scenario("upstream")).toEqual(there));
    it("is not so here", async () => expect(await scenario("native")).toEqual(here));
  });
}

fault(
  "What outbound middleware adds for one subscriber reaches another",
  async (which) => {
    const { server, connect } = await started(which);
    let first: string | undefined;
    server.setMiddleware(server.MIDDLEWARE_OUTBOUND, async (stream) => {
      for await (const action of stream) {
        if (action.socket?.id === first) action.allow({ data: { ...(action.data as object), secret: 1 } });
        else setTimeout(() => action.allow(), 20);
        await action.promise;
      }
    });
    const clients = [await connect(), await connect()];
    first = clients[0]?.id;
    const [, inbox] = await Promise.all(clients.map((client) => subscribe(client, "news")));
    // The second subscriber is a message behind when the first one's copy is made.
    await server.exchange.invokePublish("news", { n: 1 });
    await server.exchange.invokePublish("news", { n: 2 });
    await settle(200);
    return inbox;
  },
  [
    [expect.anything(), { n: 2, secret: 1 }],
    [{ n: 1 }, { n: 2 }],
  ],
);

fault(
  "An unsubscribe that the broker refuses is acknowledged, and the messages keep coming",
  async (which) => {
    const brokerEngine = new AGSimpleBroker();
    brokerEngine.unsubscribeSocket = () => Promise.reject(new Error("not now"));
    const { server, connect } = await started(which, { brokerEngine });
    const client = await connect();
    // Without a channel object, which would not show what comes after its end.
    const inbox: unknown[] = [];
    void drain(client.listener("message"), ({ message }) => {
      if (String(message).includes("#publish")) inbox.push(message);
    });
    await client.invoke("#subscribe", { channel: "news" });
    const answer = await outcome(client.invoke("#unsubscribe", "news"));
    await server.exchange.invokePublish("news", 1);
    await settle();
    return { answer, received: inbox.length };
  },
  [
    { answer: "acknowledged", received: 1 },
    { answer: "acknowledged", received: 0 },
  ],
);

fault(
  "A publish that reaches no broker of the cluster is acknowledged",
  async (which) => {
    const { server, connect } = await started(which);
    const join = which === "upstream" ? upstreamAttach : attach;
    const options = { stateServerHost: "127.0.0.1", stateServerPort: await freePort(), publishLimit: 200 };
    const cluster = join(server.brokerEngine, options);
    opened.push(() => cluster.killAllListeners());
    return outcome((await connect()).invokePublish("news", 1));
  },
  ["acknowledged", "rejected"],
);

fault(
  "An error is emitted twice",
  async (which) => {
    const { server, connect } = await started(which);
    const connection = server.listener("connection").once();
    const client = await connect();
    const { socket } = await connection;
    const closed = socket.listener("close").once();
    client.disconnect();
    await closed;
    const errors: unknown[] = [];
    void drain(server.listener("warning"), ({ warning }) => errors.push(warning));
    await outcome(socket.deauthenticate({ rejectOnFailedDelivery: true }));
    await settle();
    return errors.map((error) => (error as Error).name);
  },
  [["BadConnectionError", "BadConnectionError"], ["BadConnectionError"]],
);

fault(
  "A channel name reaches into what all objects inherit",
  async (which) => {
    const { connect } = await started(which);
    const client = await connect();
    await outcome(client.invoke("#subscribe", { channel: "__proto__" }));
    const polluted = client.id in {};
    Reflect.deleteProperty(Object.prototype, client.id);
    return polluted;
  },
  [true, false],
);

fault(
  "At its limit a client may not subscribe again to what it holds",
  async (which) => {
    const { connect } = await started(which, { socketChannelLimit: 1 });
    const client = await connect();
    await client.invoke("#subscribe", { channel: "news" });
    return outcome(client.invoke("#subscribe", { channel: "news" }));
  },
  ["rejected", "acknowledged"],
);

describe("Each error of a cluster that cannot be reached", () => {
  it("arrives twice on the original", async () => {
    const ClientPool = require("scc-broker-client/client-pool");
    const pool = new ClientPool({ targetURI: `ws://127.0.0.1:${await freePort()}` });
    opened.push(() => pool.destroy());
    const errors: unknown[] = [];
    void drain(pool.listener("error"), ({ error }: { error: unknown }) => errors.push(error));
    await settle(300);

    expect(errors.length).toBe(2 * new Set(errors).size);
    expect(errors.length).toBeGreaterThan(0);
  });

  it("arrives once here", async () => {
    const { server } = await started("native");
    const cluster = attach(server.brokerEngine, {
      stateServerHost: "127.0.0.1",
      stateServerPort: await freePort(),
    });
    opened.push(() => cluster.leave());
    const errors: unknown[] = [];
    void drain(cluster.listener("error"), ({ error }) => errors.push(error));
    await settle(300);

    expect(errors).toHaveLength(1);
    expect(String(errors[0])).toMatch(/cannot reach scc-state/);
  });
});
