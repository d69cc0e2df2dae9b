import AuthEngine from "ag-auth";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { ServerEvents } from "./middleware/events.ts";
import { startServer, type TestServer, type TestSetup, within } from "./test-server.ts";

let server: TestServer;
afterEach(() => server.close());

const NO_TOKENS = ["", 0, false, null, undefined];

interface Told {
  /** The answer to the handshake. */
  readonly heard: unknown;
  /** What the client is told besides. */
  readonly besides: unknown[];
  readonly events: string[];
}

async function told(setup: TestSetup, authToken: unknown): Promise<Told> {
  const events: string[] = [];
  const noted: ServerEvents = {
    error: (_, error) => events.push(`error ${error}`),
    badToken: () => events.push("badToken"),
    deauthenticated: () => events.push("deauthenticated"),
  };
  server = await startServer({ ...setup, events: noted });
  const client = await server.connect();
  client.say(JSON.stringify({ event: "#handshake", data: { authToken }, cid: 1 }));
  const heard = await client.hearJson();
  // What follows the answer comes before the answer to this.
  client.say(JSON.stringify({ event: "#unsubscribe", data: "none", cid: 2 }));
  const besides: unknown[] = [];
  for (;;) {
    const next = (await client.hearJson()) as { rid?: number };
    if (next.rid === 2) break;
    besides.push(next);
  }
  return { heard, besides, events: events.filter((event) => !event.includes("not subscribed")) };
}

describe("A handshake with an empty token", () => {
  it.each(NO_TOKENS)("is one without a token: %j", async (authToken) => {
    const { heard, besides, events } = await told({}, authToken);

    expect(heard).toMatchObject({ rid: 1, data: { isAuthenticated: false } });
    expect(besides).toEqual([]);
    expect(heard).not.toHaveProperty("data.authError");
    expect(events).toEqual([]);
  });

  it.each(NO_TOKENS)("is so for an engine of the application's own: %j", async (authToken) => {
    const asked: unknown[] = [];
    const authEngine = {
      verifyToken: (token: string | null): Promise<unknown> => {
        asked.push(token);
        return Promise.reject(
          Object.assign(new Error("jwt must be provided"), { name: "JsonWebTokenError" }),
        );
      },
      signToken: () => Promise.resolve("signed"),
    };
    const { events } = await told({ options: { authEngine } }, authToken);

    expect(asked).toEqual([null]);
    expect(events).toEqual([]);
  });

  it("is none where there is a token, good or bad", async () => {
    const good = await new AuthEngine().signToken({ name: "ann" }, "key", {});
    expect((await told({}, good)).heard).toMatchObject({ data: { isAuthenticated: true } });
    server.close();

    const { heard, besides, events } = await told({}, "bad");
    expect(besides).toEqual([{ event: "#removeAuthToken" }]);
    expect(heard).toMatchObject({
      data: { isAuthenticated: false, authError: { message: "jwt malformed" } },
    });
    expect(events).toContain("badToken");
  });
});

describe("An engine that rejects a token", () => {
  it.each([undefined, null, "no", 5])("with %j gets the client an answer", async (reason) => {
    const authEngine = {
      verifyToken: () => Promise.reject(reason),
      signToken: () => Promise.resolve("signed"),
    };
    const { heard } = await told({ options: { authEngine } }, "token");

    expect(heard).toMatchObject({ data: { isAuthenticated: false, authError: { name: "AuthTokenError" } } });
  });
});

const unreadable = new Proxy(
  {},
  {
    get() {
      throw new Error("not for you");
    },
  },
);

/** What middleware blocks with, and what is answered: the HTTP body at the upgrade, the error at the handshake. */
const REASONS: readonly [name: string, reason: unknown, body: string, error: unknown, code: number][] = [
  ["a text", "no", "no", "no", 4008],
  ["a number", 5, "Unauthorized", 5, 4008],
  ["an object", { why: "so" }, "Unauthorized", { why: "so", statusCode: 4008 }, 4008],
  ["an object with a message", { message: "no" }, "no", { message: "no", statusCode: 4008 }, 4008],
  ["a frozen object", Object.freeze({ message: "no" }), "no", { message: "no" }, 4008],
  ["an error", new Error("no"), "no", { message: "no", statusCode: 4008 }, 4008],
  [
    "an error with a code",
    { message: "no", statusCode: 4501 },
    "no",
    { message: "no", statusCode: 4501 },
    4501,
  ],
  ["a function", function why() {}, "Unauthorized", "[function why]", 4008],
  ["what cannot be read", unreadable, "Unauthorized", { message: "An error that cannot be read" }, 4008],
];

describe("Handshake middleware that blocks with", () => {
  it.each(REASONS)("%s gets the client that answer at the upgrade", async (_, reason, body) => {
    server = await startServer();
    server.core.middleware.handshake = () => Promise.reject(reason);
    const ws = new WebSocket(`ws://127.0.0.1:${server.port}/socketcluster/`);
    ws.on("error", () => {}); // it is refused

    const answer = await within<{ status: number | undefined; text: string }>("an answer", (resolve) => {
      ws.on("unexpected-response", (_request, response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode, text }));
      });
    });

    expect(answer).toEqual({ status: 401, text: body });
  });

  it.each(REASONS)("%s gets the client that error, and closes it", async (_, reason, __, error, code) => {
    server = await startServer();
    server.core.middleware.handshake = async ({ type }) => {
      if (type === "handshakeSC") throw reason;
      return undefined;
    };
    const client = await server.connect();
    client.say('{"event":"#handshake","data":{},"cid":1}');

    expect(await client.hearJson()).toEqual({ rid: 1, error });
    expect(await client.closed).toMatchObject({ code });
  });
});
