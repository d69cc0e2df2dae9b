import type { IncomingMessage } from "node:http";
import { payloads } from "../../protocol/frames.ts";
import type { AnswerClient, ClientInfo, VerifyClient } from "../auth/verify.ts";
import { type ClientSocket, Connection } from "../connection.ts";
import type { ServerCore } from "../core.ts";
import { receive } from "../inbound/inbound.ts";
import type { OutboxSocket } from "../outbound/outbox.ts";

/** A WebSocket of another engine than `ws`, which must behave like one of `ws`. */
interface EngineClient extends ClientSocket {
  readonly bufferedAmount?: number;
  send(data: string | Uint8Array, options: object, sent: (error?: Error) => void): void;
  on(event: "message", listener: (data: unknown, isBinary?: boolean) => void): unknown;
  on(event: "close", listener: (code?: number, reason?: unknown) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

interface EngineHandle {
  on(event: "connection", listener: (ws: EngineClient, request: IncomingMessage) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  close(closed?: (error?: Error) => void): void;
}

/** What an application may bring in the place of `ws`: a module whose `Server` behaves like that of `ws`. */
export interface WsEngine {
  readonly Server: new (options: Record<string, unknown>) => EngineHandle;
}

/** Turns the WebSockets of an application's own engine into connections. */
export class EngineServer {
  readonly handle: EngineHandle;
  readonly #core: ServerCore;

  constructor(core: ServerCore, http: unknown, engine: WsEngine, verify: VerifyClient) {
    this.#core = core;
    const verifyClient = (info: ClientInfo, answer: AnswerClient): void => {
      if (core.accepting && !core.isFull) verify(info, answer);
      else answer(false, 503, "Service Unavailable");
    };
    this.handle = new engine.Server({ ...engineOptions(core), server: http, verifyClient });
    this.handle.on("error", (error) => core.warn(error));
    this.handle.on("connection", this.#connected);
  }

  close(): void {
    this.handle.close();
  }

  readonly #connected = (ws: EngineClient, upgrade?: IncomingMessage): void => {
    const request = upgrade ?? (ws as unknown as { upgradeReq: IncomingMessage }).upgradeReq;
    const socket = new EngineSocket(ws);
    const connection = new Connection(this.#core, ws, socket, request);
    socket.failed = (error) => {
      connection.report(error);
      connection.end(1006, String(error));
    };
    ws.on("message", (data, isBinary) => receive(connection, bytesOf(data), !isBinary));
    ws.on("close", (code = 1005, reason) => {
      connection.end(code, String(reason ?? ""));
      this.#core.closing.delete(connection);
    });
    ws.on("error", (error) => {
      if (connection.state !== "closed") connection.report(error);
    });
    this.#core.events.connecting?.(connection);
  };
}

/** As the original passes them: what the application says of the engine goes before what it says of the server. */
function engineOptions({ options }: ServerCore): Record<string, unknown> {
  const { path, perMessageDeflate, maxPayload, handleProtocols, wsEngineServerOptions } = options;
  const ours = { path, perMessageDeflate, maxPayload, handleProtocols, clientTracking: false };
  const all: Record<string, unknown> = { ...ours, ...wsEngineServerOptions };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value != null));
}

function bytesOf(data: unknown): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return typeof data === "string" ? Buffer.from(data) : Buffer.from(data as ArrayBuffer);
}

/** Takes the frames of an outbox apart again, for an engine that writes its own. */
class EngineSocket implements OutboxSocket {
  readonly #ws: EngineClient;
  failed: (error: Error) => void = () => {};

  constructor(ws: EngineClient) {
    this.#ws = ws;
  }

  get writable(): boolean {
    return this.#ws.readyState === 1;
  }

  get writableLength(): number {
    return this.#ws.bufferedAmount ?? 0;
  }

  write(frames: Buffer): boolean {
    for (const { bytes, text } of payloads(frames)) {
      this.#ws.send(text ? bytes.toString() : bytes, { binary: !text }, (error) => {
        if (error) this.failed(error);
      });
    }
    return true;
  }

  cork(): void {} // the engine's own affair

  uncork(): void {}
}
