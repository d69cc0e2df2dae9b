import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket } from "ws";
import type { AGServer } from "../../../src/api/index.ts";
import { drain, IMPLEMENTATIONS, type Implementation } from "../both.ts";
import type { Subject } from "./calls.ts";

/** How long the client waits for an answer that shows that all before it has arrived, ms. */
const QUIET_MS = 60;
/** How long a promise may take, ms. */
const SETTLED_MS = 300;
/** How long the server may take to notice that the client is gone, ms. */
const TEARDOWN_MS = 5;

/** What came of one call, in words that do not depend on the server it was made on. */
export interface Outcome {
  /** What it returned or threw, resolved or rejected with. */
  readonly result: string;
  /** Events of the server and the socket. */
  readonly events: readonly string[];
  /** What the client heard: messages, and its end. */
  readonly heard: readonly string[];
  /** What would have ended the process. */
  readonly fatal: readonly string[];
  readonly state: string;
}

type Condition = "open" | "closed socket" | "closed server";

const fatal: string[] = [];
process.on("unhandledRejection", (reason) => fatal.push(`unhandled rejection: ${nameOf(reason)}`));
process.on("uncaughtException", (error) => fatal.push(`uncaught exception: ${nameOf(error)}`));

/** Makes a call on a server of its own. */
export async function observe(
  which: Implementation,
  condition: Condition,
  call: (subject: Subject) => unknown,
): Promise<Outcome> {
  fatal.length = 0;
  const http = createServer();
  const server = IMPLEMENTATIONS[which].attach(http, { authKey: "key" });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const events: string[] = [];
  void drain(server.listener("warning"), ({ warning }) => events.push(`warning ${nameOf(warning)}`));
  void drain(server.listener("error"), ({ error }) => events.push(`error ${nameOf(error)}`));
  const client = new OddClient((http.address() as AddressInfo).port);
  const subject = await prepare(server, client);
  watch(subject, events);
  if (condition === "closed socket") {
    void subject.socket.disconnect();
    await client.closed;
  }
  if (condition === "closed server") await server.close();
  await client.quiet();
  events.length = 0;
  client.heard.length = 0;
  const result = await resultOf(() => call(subject));
  await client.quiet();
  const outcome = {
    result,
    events: events.toSorted(),
    heard: [...client.heard],
    state: subject.socket.state,
  };
  client.ws.terminate();
  http.close();
  http.closeAllConnections();
  void server.close().catch(() => {}); // some calls close it themselves
  // What the end of the connection ends the process with belongs to this call, too.
  await after(TEARDOWN_MS, undefined);
  return { ...outcome, fatal: [...new Set(fatal)] };
}

async function prepare(server: AGServer, client: OddClient): Promise<Subject> {
  const { exchange } = server;
  const { socket } = await server.listener("connection").once(5_000);
  const requested = socket.procedure("ask").once(5_000);
  client.say({ event: "#subscribe", data: { channel: "news" }, cid: 2 });
  client.say({ event: "ask", cid: 3 });
  const channel = exchange.subscribe("news");
  return { server, socket, exchange, channel, request: await requested };
}

function watch({ socket }: Subject, events: string[]): void {
  const names = [
    "disconnect",
    "close",
    "end",
    "unsubscribe",
    "authenticate",
    "deauthenticate",
    "authStateChange",
  ];
  for (const name of names) {
    void drain(socket.listener(name), (value) => {
      const { code, channel } = (value ?? {}) as { code?: unknown; channel?: unknown };
      events.push(
        ["socket", name, code, channel]
          .filter((part) => part !== undefined)
          .map(describe)
          .join(" "),
      );
    });
  }
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, ms, value));
}

async function resultOf(call: () => unknown): Promise<string> {
  let returned: unknown;
  try {
    returned = call();
  } catch (error) {
    return `throws ${nameOf(error)}`;
  }
  if (!(returned instanceof Promise)) return `returns ${describe(returned)}`;
  const settled = returned.then(
    (value) => `resolves with ${describe(value)}`,
    (error) => `rejects with ${nameOf(error)}`,
  );
  return Promise.race([settled, after(SETTLED_MS, "is still waiting")]);
}

/** A WebSocket that speaks the protocol, and notes what it hears. */
class OddClient {
  readonly ws: WebSocket;
  readonly heard: string[] = [];
  readonly closed: Promise<unknown>;
  #probe = 1000;
  #answered: (() => void) | undefined;

  constructor(port: number) {
    this.ws = new WebSocket(`ws://127.0.0.1:${port}/socketcluster/`);
    this.closed = once(this.ws, "close");
    this.ws.on("open", () => this.say({ event: "#handshake", data: {}, cid: 1 }));
    this.ws.on("close", (code, reason) => this.heard.push(`closed ${code} ${reason}`));
    this.ws.on("error", (error) => this.heard.push(`error ${error.message}`));
    this.ws.on("message", (data: Buffer, isBinary: boolean) => {
      const text = isBinary ? `bytes ${data.toString("hex")}` : data.toString();
      if (text === `{"rid":${this.#probe}}`) this.#answered?.();
      else if (text !== "") this.heard.push(normalized(text));
    });
  }

  say(packet: object): void {
    this.ws.send(JSON.stringify(packet));
  }

  /** Resolves when the server has answered, and so has sent all that it sent before, or is not going to. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    if (this.ws.readyState !== WebSocket.OPEN) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return;
    }
    this.#probe += 1;
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve;
      setTimeout(resolve, QUIET_MS).unref();
    });
    this.say({ event: "#publish", data: { channel: "probe" }, cid: this.#probe });
    await Promise.race([answered, this.closed]);
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  }
}

/** Without what differs from run to run: tokens. */
function normalized(text: string): string {
  return text.replace(/"token":"[^"]*"/, '"token":"..."');
}

function nameOf(error: unknown): string {
  try {
    return error instanceof Error ? error.name : describe(error);
  } catch {
    return "what cannot be read";
  }
}

function describe(value: unknown): string {
  try {
    if (typeof value === "object" && value !== null) return JSON.stringify(value);
    return String(value);
  } catch {
    return typeof value;
  }
}
