import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { drain, IMPLEMENTATIONS, type Implementation } from "./both.ts";

/** Long enough for what is under way on one machine to have ended, ms. */
const SETTLED_MS = 250;

type Step = "http" | "server" | "server, keeping sockets";

/** Closes an HTTP server and the socket server on it, and says what ends, and what does not. */
async function closing(which: Implementation, steps: readonly Step[]): Promise<Record<string, unknown>> {
  const http = createServer((_request, response) => response.end("ok"));
  const server = IMPLEMENTATIONS[which].attach(http, { authKey: "key" });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  const told: string[] = [];
  for (const name of ["disconnection", "connectionAbort", "closure"] as const) {
    void drain(server.listener(name), ({ code }) => told.push(`${name} ${code}`));
  }
  const url = `ws://127.0.0.1:${port}/socketcluster/`;
  const client = new WebSocket(url);
  client.on("open", () => client.send('{"event":"#handshake","data":{},"cid":1}'));
  await once(client, "message");
  let code: number | undefined;
  client.on("close", (given) => {
    code = given;
  });
  const ended: string[] = [];
  for (const step of steps) {
    if (step === "http") http.close(() => ended.push("http"));
    else {
      const settled = (word: string) => () => ended.push(`server ${word}`);
      void server.close(step !== "server").then(settled("closed"), settled("rejected"));
    }
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  const late = new WebSocket(url);
  const refused = await new Promise((resolve) => {
    late.on("open", () => resolve("open"));
    late.on("error", (error) => resolve(error.message.replace(/:\d+$/, "")));
  });
  const outcome = {
    code,
    told: [...told],
    ended: ended.toSorted(),
    refused,
    isReady: server.isReady,
    clients: server.clientsCount,
  };
  client.terminate();
  late.terminate();
  http.close();
  http.closeAllConnections();
  void server.close().catch(() => {}); // it is closed
  return outcome;
}

const ORDERS: readonly (readonly Step[])[] = [
  ["http"],
  ["server"],
  ["server, keeping sockets"],
  ["http", "server"],
  ["server", "http"],
  ["http", "server, keeping sockets"],
  ["server, keeping sockets", "http"],
];

it.each(ORDERS.map((steps) => [steps.join(", then "), steps] as const))(
  "Closing ends what it does on the original: %s",
  async (_, steps) => {
    const [here, there] = await Promise.all([closing("native", steps), closing("upstream", steps)]);

    expect(here).toEqual(there);
  },
);
