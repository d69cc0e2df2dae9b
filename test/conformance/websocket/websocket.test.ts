import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer, type TestServer } from "../../../src/server/test-server.ts";
import { DEFLATED, UNAGREED } from "./deflate-cases.ts";
import { FRAMES, type FrameCase, MAX_PAYLOAD } from "./frame-cases.ts";
import { type HandshakeCase, NO_OFFERS, OFFERS, OPENING } from "./handshake-cases.ts";
import { ACCEPT, frame, PING, RawClient, requestOf, TEXT } from "./raw-client.ts";
import { TEXTS } from "./text-cases.ts";

/**
 * Bytes in, bytes out: the opening handshake, frames, UTF-8, closes, limits and compression [RFC 6455, RFC 7692], by
 * the plain WebSocket and by that of clients that compress. `npm run conformance` runs all of it, the rest of the tests
 * leaves out what is large, and most of the ways in which bytes can be cut.
 */
const IS_FULL = process.env.SCC_TEST_CONFORMANCE === "full";
/** Bytes that go out by themselves; absent: all at once. Large messages are cut less. */
const PIECES = IS_FULL ? [undefined, 1, 2, 7, 1_000] : [undefined, 1];
/** What is cut byte by byte has at most so many of them. */
const MOST_PIECES = IS_FULL ? 2_000 : 60;
const HANDSHAKE = frame(TEXT, '{"event":"#handshake","data":{},"cid":1}');
const LAST = "that was all";

interface Way {
  readonly perMessageDeflate: boolean;
  /** What the client offers. */
  readonly extensions: string | undefined;
}

const WAYS: Readonly<Record<string, Way>> = {
  "a plain server": { perMessageDeflate: false, extensions: undefined },
  "a server that compresses, a client that does not": { perMessageDeflate: true, extensions: undefined },
  "a server and a client that compress": {
    perMessageDeflate: true,
    extensions: "permessage-deflate; client_max_window_bits",
  },
};

/** A server that says every message back. */
function startEcho(perMessageDeflate: boolean): Promise<TestServer> {
  return startServer({
    options: { perMessageDeflate, maxPayload: MAX_PAYLOAD },
    events: {
      connecting: ({ ws }) => {
        const socket = ws as unknown as import("ws").WebSocket;
        let isOpen = false;
        socket.on("message", (data, isBinary) => {
          if (isOpen) socket.send(data, { binary: isBinary });
          isOpen = true; // the first one is the handshake of SocketCluster
        });
      },
    },
  });
}

async function play(
  port: number,
  { extensions }: Way,
  { says, hears }: FrameCase,
  size?: number,
): Promise<void> {
  const client = new RawClient(port);
  try {
    const { status } = await client.ask(requestOf({ "Sec-WebSocket-Extensions": extensions }));
    expect(status).toBe(101);
    await client.say(HANDSHAKE);
    await client.until(() => client.heard.length === 1);
    client.heard.length = 0;

    await client.say(says, size);
    const staysOpen = hears.at(-1) !== "end";
    if (staysOpen) await client.say(frame(PING, LAST));
    const end = staysOpen ? `pong ${LAST}` : "end";
    await client.until(() => client.heard.includes(end) || client.heard.includes("end"));
    expect(client.heard.filter((word) => word !== `pong ${LAST}`)).toEqual(hears);
  } finally {
    client.socket.destroy();
  }
}

function sizesFor({ says }: FrameCase): (number | undefined)[] {
  return PIECES.filter(
    (size) => size === undefined || (size < says.length && says.length / size <= MOST_PIECES),
  );
}

function playAll(groups: Readonly<Record<string, readonly FrameCase[]>>, port: () => number, way: Way): void {
  for (const [group, cases] of Object.entries(groups)) {
    const chosen = cases.filter(({ isLarge }) => IS_FULL || !isLarge);
    it.each(chosen.map((one) => [`${group}: ${one.name}`, one] as const))("%s", async (_name, one) => {
      for (const size of sizesFor(one)) await play(port(), way, one, size);
    });
  }
}

describe.each(Object.entries(WAYS))("Frames: %s", (_name, way) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startEcho(way.perMessageDeflate);
  });

  afterAll(() => server.close());

  const isCompressed = way.extensions !== undefined;
  playAll({ ...FRAMES, ...TEXTS, ...(isCompressed ? DEFLATED : UNAGREED) }, () => server.port, way);
});

describe.each([
  { whose: "a plain server", perMessageDeflate: false, cases: [...OPENING, ...NO_OFFERS] },
  { whose: "a server that compresses", perMessageDeflate: true, cases: [...OPENING, ...OFFERS] },
])("The opening handshake: $whose", ({ perMessageDeflate, cases }) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startEcho(perMessageDeflate);
  });

  afterAll(() => server.close());

  const named = cases.map((one): [string, HandshakeCase] => [one.name, one]);
  it.each(named)("%s", async (_name, { request, status, headers = {} }) => {
    const client = new RawClient(server.port);
    const answer = await client.ask(request);
    client.socket.destroy();

    expect(answer.status).toBe(status);
    if (status === 101) expect(answer.headers["sec-websocket-accept"]).toBe(ACCEPT);
    for (const [name, value] of Object.entries(headers)) {
      if (value instanceof RegExp) expect(answer.headers[name]).toMatch(value);
      else expect(answer.headers[name] ?? "").toBe(value);
    }
  });
});
