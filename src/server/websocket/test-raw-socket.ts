import { connect, type Socket } from "node:net";
import type { WebSocket } from "ws";
import { CLOSE, frame as maskedFrame, TEXT } from "../../protocol/test-frames.ts";
import { type TestServer, until, within } from "../test-server.ts";

export const HANDSHAKE = '{"event":"#handshake","data":{},"cid":1}';
const UPGRADE = [
  "GET /socketcluster/ HTTP/1.1",
  "Host: x",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  "",
  "",
].join("\r\n");

/** The server's end of the only connection, as applications see it. */
export function endOf(server: TestServer): WebSocket {
  const [connection] = [...server.core.open.values(), ...server.core.pending.values()];
  if (connection === undefined) throw new Error("There is no connection");
  return connection.ws as unknown as WebSocket;
}

/** A frame of a client, masked with zeros. */
export function frame(opcode: number, payload: string | Buffer = "", fin = true): Buffer {
  return maskedFrame({ opcode, payload: Buffer.from(payload), fin });
}

export const text = (content: string): Buffer => frame(TEXT, content);
export const goodbye = (code?: number, reason = ""): Buffer =>
  frame(
    CLOSE,
    code === undefined ? "" : Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]),
  );

/** A client that is a TCP socket, and does nothing by itself. */
export class RawSocket {
  readonly socket: Socket;
  /** What came after the answer to the upgrade. */
  heard = Buffer.alloc(0);
  hasEnded = false;
  error: Error | undefined;
  #isUpgraded = false;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.on("data", (chunk) => {
      this.heard = Buffer.concat([this.heard, chunk]);
      const end = this.heard.indexOf("\r\n\r\n");
      if (this.#isUpgraded || end < 0) return;
      this.#isUpgraded = true;
      this.heard = this.heard.subarray(end + 4);
    });
    this.socket.on("end", () => {
      this.hasEnded = true;
    });
    this.socket.on("error", (error) => {
      this.error = error;
    });
  }

  /** Upgrades and shakes hands. @param first goes with the upgrade, in one segment */
  async join(first: readonly Buffer[] = [text(HANDSHAKE)]): Promise<this> {
    this.socket.write(Buffer.concat([Buffer.from(UPGRADE), ...first]));
    await until("the handshake's answer", () => this.heard.includes('"rid":1'));
    this.heard = Buffer.alloc(0);
    return this;
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }
}

/** What a WebSocket's close event says. */
export function closeOf(ws: WebSocket): Promise<{ code: number; reason: string }> {
  return within("a close event", (resolve) => {
    ws.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
}

/** Messages as an application hears them. */
export function messagesOf(ws: WebSocket): unknown[] {
  const messages: unknown[] = [];
  ws.on("message", (data, isBinary) => messages.push(isBinary ? data : data.toString()));
  return messages;
}

/** Sends to a client that reads nothing until the kernel takes no more for it. */
export async function fillUp(ws: WebSocket): Promise<void> {
  await until("the kernel's buffers are full", () => {
    ws.send(Buffer.alloc(1_000_000));
    return ws.bufferedAmount > 2_000_000;
  });
}
