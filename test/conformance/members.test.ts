import { createRequire } from "node:module";
import { afterEach, describe, expect, it } from "vitest";
import { AGAction, AGRequest, AGServer, AGServerSocket } from "../../src/api/index.ts";
import { IMPLEMENTATIONS, type Implementation, type Started, start } from "./both.ts";

const require = createRequire(import.meta.url);
const { upstream, native } = IMPLEMENTATIONS;

/** Upstream's own queues between its own parts: here there are none. `closeInput` and the like work all the same. */
const INTERNAL = ["inboundMessageStream", "outboundPacketStream"];

/** The names that an object answers to, its own and inherited, without those that upstream marks as private. */
function members(object: object): string[] {
  const names = new Set<string>();
  for (let level = object; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) names.add(name);
  }
  return [...names].filter((name) => !name.startsWith("_")).toSorted();
}

function missing(theirs: object, ours: object): string[] {
  return members(theirs).filter((name) => !(name in ours) && !INTERNAL.includes(name));
}

/** Static members, without what every function has. */
function statics(theirs: object): string[] {
  return Object.getOwnPropertyNames(theirs).filter(
    (name) => !(name in Function.prototype) && name !== "prototype",
  );
}

const running: Started[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

async function connected(which: Implementation) {
  const app = await start(which);
  running.push(app);
  const connection = app.server.listener("connection").once();
  await app.connect();
  const { socket } = await connection;
  return { server: app.server, socket };
}

describe("Every public member of upstream's is here", () => {
  it("of the module", () => {
    expect(missing(upstream, native)).toEqual([]);
  });

  it.each([
    ["AGServer", upstream.AGServer, AGServer],
    ["AGServerSocket", upstream.AGServerSocket, AGServerSocket],
    ["AGAction", upstream.AGAction, AGAction],
    ["AGRequest", upstream.AGRequest, AGRequest],
  ])("of the class %s", (_name, theirs, ours) => {
    expect(statics(theirs).filter((name) => !(name in ours))).toEqual([]);
  });

  it("of a server, its exchange, its broker and a channel", async () => {
    const [theirs, ours] = [await connected("upstream"), await connected("native")];

    expect(missing(theirs.server, ours.server)).toEqual([]);
    expect(missing(theirs.server.exchange, ours.server.exchange)).toEqual([]);
    expect(missing(theirs.server.brokerEngine, ours.server.brokerEngine)).toEqual([]);
    expect(missing(theirs.server.exchange.subscribe("news"), ours.server.exchange.subscribe("news"))).toEqual(
      [],
    );
    expect(missing(theirs.server.options, ours.server.options)).toEqual([]);
  });

  it("of the options, with the same defaults", async () => {
    const [theirs, ours] = [await connected("upstream"), await connected("native")];
    const { brokerEngine: _, httpServer: __, ...defaults } = theirs.server.options;
    // Where upstream says null or an empty object for "nothing given", ours says undefined.
    const given = Object.entries(defaults).filter(
      ([name]) => !["maxPayload", "wsEngineServerOptions"].includes(name),
    );

    expect(ours.server.options).toMatchObject(Object.fromEntries(given));
    expect(ours.server.options.maxPayload).toBe(2 ** 20);
  });

  it("of a socket", async () => {
    const [theirs, ours] = [await connected("upstream"), await connected("native")];

    expect(missing(theirs.socket, ours.socket)).toEqual([]);
  });

  it("of an action", () => {
    const Theirs = require("socketcluster-server/action");

    expect(missing(new Theirs(), new AGAction())).toEqual([]);
  });
});
