import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { textFrame } from "../../protocol/frames.ts";

/** A subscriber's connection, as faults need it. */
export interface FakeSubscriber {
  readonly ws: WebSocket;
  /** How many deliveries it would have got so far. */
  count: number;
  /** Held back for later. */
  readonly held: string[];
}

export interface Faults {
  /** What a subscriber is sent instead of a delivery; default the delivery. */
  deliver?(delivery: string, subscriber: FakeSubscriber): readonly string[];
  /** How messages are put on the wire; default one write each. */
  write?(socket: Socket, frame: Buffer): void;
  /** The answer to the so manieth publish, JSON; undefined for none. Default: acknowledged. */
  answer?(rid: number, count: number): string | undefined;
  /** The answer to a subscription. */
  subscribed?(rid: number): string;
}

interface FakePacket {
  readonly event: string;
  readonly cid: number;
  readonly data: { readonly channel: string; readonly data: unknown };
}

/** A server of the SocketCluster protocol that does something wrong. */
export async function startFakeServer(faults: Faults = {}, host = "127.0.0.1") {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  const channels = new Map<string, FakeSubscriber[]>();
  const raw = new Map<WebSocket, Socket>();
  let published = 0;
  const write = faults.write ?? ((socket, frame) => socket.write(frame));
  const send = (ws: WebSocket, text: string): void => {
    const socket = raw.get(ws);
    if (socket !== undefined && !socket.destroyed) write(socket, textFrame(text));
  };
  const publish = (ws: WebSocket, { data, cid }: FakePacket): void => {
    published += 1;
    const delivery = JSON.stringify({ event: "#publish", data });
    for (const subscriber of channels.get(data.channel) ?? []) {
      subscriber.count += 1;
      for (const text of faults.deliver?.(delivery, subscriber) ?? [delivery]) send(subscriber.ws, text);
    }
    const answer = faults.answer === undefined ? `{"rid":${cid}}` : faults.answer(cid, published);
    if (answer !== undefined) send(ws, answer);
  };
  server.on("connection", (ws, request) => {
    raw.set(ws, request.socket);
    ws.on("message", (message: RawData) => {
      const packet = JSON.parse(message.toString()) as FakePacket;
      if (packet.event === "#handshake") send(ws, `{"rid":${packet.cid},"data":{"id":"x"}}`);
      if (packet.event === "#publish") publish(ws, packet);
      if (packet.event !== "#subscribe") return;
      const subscribers = channels.get(packet.data.channel) ?? [];
      channels.set(packet.data.channel, [...subscribers, { ws, count: 0, held: [] }]);
      send(ws, faults.subscribed?.(packet.cid) ?? `{"rid":${packet.cid}}`);
    });
  });
  http.listen(0, host);
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  return {
    port,
    url: `ws://${host.includes(":") ? `[${host}]` : host}:${port}`,
    close(): void {
      for (const ws of server.clients) ws.terminate();
      server.close();
      http.close();
    },
  };
}
