import { encode, type OutboundPacket } from "../protocol/encode.ts";
import { binaryFrame, textFrame } from "../protocol/frames.ts";
import type { PubSub } from "../pubsub/pubsub.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Turn } from "../runtime/turn.ts";
import type { Connection } from "./connection.ts";
import { Counters } from "./counters.ts";
import type { ServerEvents } from "./events.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { Middleware } from "./middleware.ts";
import type { CodecEngine, ServerOptions } from "./options.ts";
import { Writer } from "./outbox.ts";
import type { Tokens } from "./tokens.ts";

export interface CoreParts {
  readonly options: ServerOptions;
  readonly pubsub: PubSub;
  readonly tokens: Tokens;
  readonly turn: Turn;
  readonly clock: Clock;
  readonly events?: ServerEvents;
}

/** What all connections of a server share, and the list of them. It opens and closes nothing by itself. */
export class ServerCore {
  readonly options: ServerOptions;
  readonly pubsub: PubSub;
  readonly tokens: Tokens;
  readonly turn: Turn;
  readonly clock: Clock;
  readonly counters = new Counters();
  readonly heartbeat: Heartbeat;
  readonly writer: Writer;
  readonly middleware: Middleware = {};
  events: ServerEvents;
  /** What packets are written with, where that is not JSON. */
  codec: CodecEngine | undefined;
  /** What token engines are told a token came from. */
  present: (connection: Connection) => unknown = (connection) => connection;
  /** Whether new clients are let in; while not, they are answered 503. */
  accepting = true;

  /** Connections whose handshake is done, by id. */
  readonly open = new Map<string, Connection>();
  /** Connections whose handshake is still to come. */
  readonly pending = new Map<string, Connection>();
  /** Connections that have ended, but whose WebSocket is not closed yet. */
  readonly closing = new Set<Connection>();

  constructor(parts: CoreParts) {
    this.options = parts.options;
    this.pubsub = parts.pubsub;
    this.tokens = parts.tokens;
    this.turn = parts.turn;
    this.clock = parts.clock;
    this.events = parts.events ?? {};
    this.codec = parts.options.codecEngine;
    this.heartbeat = new Heartbeat(parts.clock, parts.options);
    this.writer = new Writer(parts.turn, this.counters, parts.options.maxBufferedBytes);
  }

  /** WebSockets that are not closed yet. */
  get socketCount(): number {
    return this.open.size + this.pending.size + this.closing.size;
  }

  /** Whether a publication's text may go to clients as it stands. */
  get sharesText(): boolean {
    return this.codec === undefined;
  }

  /** Whether all subscribers of a channel get the very same bytes. */
  get sharesFrames(): boolean {
    return this.middleware.outbound === undefined && this.codec === undefined;
  }

  /** @throws what the codec throws for data it cannot write */
  frame(packets: OutboundPacket | readonly OutboundPacket[]): Buffer {
    if (this.codec === undefined) return textFrame(encode(packets));
    const encoded = this.codec.encode(packets);
    return typeof encoded === "string" ? textFrame(encoded) : binaryFrame(encoded);
  }

  warn(error: unknown): void {
    this.counters.errors += 1;
    this.events.warning?.(error);
  }
}
