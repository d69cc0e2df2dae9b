import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClusterClient } from "../../src/api/broker-client.ts";
import * as api from "../../src/api/index.ts";
import { DEFAULT_OPTIONS } from "../../src/server/options.ts";
import { connect } from "../support/client.ts";
import { codeUnder, readDocument } from "../support/documents.ts";
import { REPOSITORY } from "../support/package.ts";

const DOCUMENT = "docs/api.md";

/** There for other parts of this package, not for applications. */
const INTERNAL: Readonly<Record<string, readonly string[]>> = {
  AGServer: ["core", "socketOf", "createRequest", "startMiddleware", "handshakeStreamOf"],
  AGServerSocket: [
    ...["receivers", "procedures", "middlewareStream", "message", "raw"],
    ...["receives", "transmitted", "answers", "invoked", "connection"],
  ],
  AGChannel: ["options"],
  DefaultBrokerEngine: ["becomeReady", "carryBy", "turn"],
  Exchange: ["events", "data", "id", "receive", "consumes", "deliver", "announce"],
};

/** Where the members of each are described. */
const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  AGServer: ["Server", "Options", "Streams"],
  AGServerSocket: ["Socket", "Requests", "Streams"],
  AGAction: ["Middleware and actions"],
  AGRequest: ["Requests"],
  Exchange: ["Exchange", "Streams"],
  AGChannel: ["Channels", "Streams"],
  DefaultBrokerEngine: ["Server", "Streams"],
};

const http = createServer();
const server = api.attach(http);
const instances: Record<string, object> = {};

beforeAll(async () => {
  await once(http.listen(0, "127.0.0.1"), "listening");
  const connected = server.listener("connection").once(10_000);
  await connect((http.address() as { port: number }).port);
  const { socket } = await connected;
  instances.AGServer = server;
  instances.AGServerSocket = socket;
  instances.AGAction = new api.AGAction("invoke");
  instances.AGRequest = new api.AGRequest(socket, 1, "time", undefined);
  instances.Exchange = server.exchange;
  instances.AGChannel = server.exchange.channel("news");
  instances.DefaultBrokerEngine = server.brokerEngine;
});

afterAll(async () => {
  await server.close();
  http.close();
});

/** Everything that an object, or a class it is of, has under a name that is meant to be seen. */
function membersOf(object: object): string[] {
  const names = new Set<string>();
  for (let each = object; each !== Object.prototype; each = Object.getPrototypeOf(each)) {
    for (const name of Object.getOwnPropertyNames(each)) names.add(name);
  }
  return [...names].filter((name) => name !== "constructor" && !name.startsWith("_"));
}

function missing(names: readonly string[], code: string): string[] {
  return names.filter((name) => !new RegExp(`\\b${name}\\b`).test(code));
}

/** The names of an interface's members, from its source. */
function membersInSource(file: string, name: string): string[] {
  const source = readFileSync(join(REPOSITORY, file), "utf8");
  const [, body = ""] = new RegExp(`interface ${name}[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(source) ?? [];
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?]?[:(<]/gm)].map(([, member = ""]) => member);
}

describe("docs/api.md", () => {
  it.each(Object.keys(SECTIONS))("names every public member of %s", (name) => {
    const members = membersOf(instances[name] ?? {}).filter((member) => !INTERNAL[name]?.includes(member));

    expect(members.length).toBeGreaterThan(4);
    expect(missing(members, codeUnder(DOCUMENT, SECTIONS[name] ?? []))).toEqual([]);
  });

  it("names every public member and option of the broker client", () => {
    const code = codeUnder(DOCUMENT, ["Broker client", "Streams"]);
    const options = membersInSource("src/api/broker-client.ts", "ClusterClientOptions");

    expect(options.length).toBeGreaterThan(8);
    expect(missing(options, code)).toEqual([]);
    expect(missing(["broker", ...membersOf(ClusterClient.prototype)], code)).toEqual([]);
  });

  it("names everything that the package exports", () => {
    expect(
      missing(
        Object.keys(api).filter((name) => name !== "default"),
        readDocument(DOCUMENT),
      ),
    ).toEqual([]);
  });

  it.each([
    ["ServerEventMap", "Server"],
    ["SocketEvents", "Socket"],
  ])("names every event of %s", (name, section) => {
    const events = membersInSource("src/api/events.ts", name);

    expect(events.length).toBeGreaterThan(10);
    expect(missing(events, codeUnder(DOCUMENT, [section]))).toEqual([]);
  });

  it("names every option, with its default", () => {
    const rows = readDocument(DOCUMENT);
    const wrong = Object.entries(DEFAULT_OPTIONS).filter(([name, value]) => {
      const shown = value === undefined ? "" : `\`${JSON.stringify(value)}\``;
      return !rows.includes(`| \`${name}\` | ${shown}`);
    });

    expect(wrong).toEqual([]);
    const others = ["AGServerOptions", "TokenOptions"].flatMap((name, index) =>
      membersInSource(["src/api/options.ts", "src/server/auth/tokens.ts"][index] ?? "", name),
    );
    expect(missing(others, codeUnder(DOCUMENT, ["Options", "Server"]))).toEqual([]);
  });
});
