import { WITH_BYTES } from "../protocol/data-form.ts";
import { encode, eventPacket, type OutboundPacket } from "../protocol/encode.ts";
import { messageFrame, PublishFrames } from "../protocol/frames.ts";
import type { Batch } from "../pubsub/batch.ts";
import type { Publication } from "../pubsub/publication.ts";
import type { PubSub } from "../pubsub/pubsub.ts";
import type { Clock } from "../runtime/clock.ts";
import { type MemoryLimits, memoryLimits } from "../runtime/memory.ts";
import type { Turn } from "../runtime/turn.ts";
import type { Tokens } from "./auth/tokens.ts";
import type { Connection } from "./connection.ts";
import { Counters } from "./counters.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Intake } from "./inbound/intake.ts";
import { NewChannels } from "./inbound/new-channels.ts";
import type { ServerEvents } from "./middleware/events.ts";
import type { Middleware } from "./middleware/middleware.ts";
import type { CodecEngine, ServerOptions } from "./options.ts";
import { Deciding } from "./outbound/deciding.ts";
import { HeldBytes, outboxShare } from "./outbound/held-bytes.ts";
import { Writer } from "./outbound/outbox.ts";
import { relieve } from "./outbound/slow-consumers.ts";
import type { Tracer } from "./tracer.ts";

export interface CoreParts {
  readonly options: ServerOptions;
  readonly pubsub: PubSub;
  readonly tokens: Tokens;
  readonly turn: Turn;
  readonly clock: Clock;
  readonly events?: ServerEvents;
  /** What this process may use; by default all that there is. */
  readonly memory?: MemoryLimits;
}

/** What all connections of a server share, and the list of them. It opens and closes nothing by itself. */
export class ServerCore {
  readonly pubsub: PubSub;
  readonly tokens: Tokens;
  readonly turn: Turn;
  readonly clock: Clock;
  readonly counters = new Counters();
  readonly heartbeat: Heartbeat;
  readonly writer: Writer;
  readonly newChannels: NewChannels;
  readonly intake: Intake;
  readonly deciding: Deciding;
  readonly middleware: Middleware = {};
  events: ServerEvents;
  /** What packets are written with, where that is not JSON. Only `useCodec` changes it. */
  codec: CodecEngine | undefined;
  /** Who wants to know of publishes that belong to a trace. */
  tracer: Tracer | undefined;
  /** What token engines are told a token came from. */
  present: (connection: Connection) => unknown = (connection) => connection;
  /** Whether new clients are let in; while not, they are answered 503. */
  accepting = true;

  /** Connections whose handshake is done, by id. */
  readonly open = new Map<string, Connection>();
  /** Connections whose handshake is still to come. */
  readonly pending = new Map<string, Connection>();
  /** Sockets whose upgrade middleware has not decided about yet. */
  readonly undecided = new Set<{ destroy(): void }>();
  /** Connections that have ended, but whose WebSocket is not closed yet. */
  readonly closing = new Set<Connection>();
  #options: ServerOptions;
  #isShort = false;
  #frames = new WeakMap<Publication, Buffer>();
  #batches = new WeakMap<Batch, Buffer>();

  constructor(parts: CoreParts) {
    this.#options = parts.options;
    this.pubsub = parts.pubsub;
    this.newChannels = new NewChannels(parts.pubsub.hub);
    this.tokens = parts.tokens;
    this.turn = parts.turn;
    this.clock = parts.clock;
    this.events = parts.events ?? {};
    if (parts.options.codecEngine !== undefined) this.useCodec(parts.options.codecEngine);
    this.heartbeat = new Heartbeat(parts.clock, parts.options);
    this.deciding = new Deciding(parts.turn);
    const memory = parts.memory ?? memoryLimits();
    this.intake = new Intake(() => parts.clock.now(), memory);
    const held = new HeldBytes(parts.options.maxTotalBufferedBytes ?? outboxShare(memory), this.#short);
    this.writer = new Writer(parts.turn, this.counters, held, parts.options.maxBufferedBytes);
  }

  /** WebSockets that are not closed yet. */
  get socketCount(): number {
    return this.open.size + this.pending.size + this.closing.size;
  }

  /** Whether there are as many clients as there may be. */
  get isFull(): boolean {
    const { maxConnections = Infinity } = this.#options;
    return this.socketCount + this.undecided.size >= maxConnections;
  }

  /** All connections that have a WebSocket. */
  *sockets(): Generator<Connection> {
    yield* this.open.values();
    yield* this.pending.values();
    yield* this.closing;
  }

  /** More waits for clients than may: looks for the worst once all that this turn brings has been handed out. */
  readonly #short = (): void => {
    if (this.#isShort) return;
    this.#isShort = true;
    this.turn.write(() => {
      this.#isShort = false;
      relieve(this);
    });
  };

  get options(): ServerOptions {
    return this.#options;
  }

  /** Changes options while the server runs. What is under way goes by the old ones. */
  change(options: Partial<ServerOptions>): void {
    this.#options = Object.freeze({ ...this.#options, ...options });
    this.heartbeat.times = this.#options;
  }

  /** Writes with another codec from now on. */
  useCodec(codec: CodecEngine): void {
    this.codec = codec;
    this.pubsub.form = WITH_BYTES;
    this.#frames = new WeakMap();
    this.#batches = new WeakMap();
  }

  /** Whether all subscribers of a channel get the very same bytes. */
  get sharesFrames(): boolean {
    return this.middleware.outbound === undefined;
  }

  /** A publication as the codec writes it: made once, however many get it. Empty if it cannot be written. */
  frameOf(publication: Publication): Buffer {
    let frame = this.#frames.get(publication);
    if (frame === undefined) {
      frame = this.codec === undefined ? jsonFrame(publication) : this.#encode(publication);
      this.#frames.set(publication, frame);
    }
    return frame;
  }

  /** What `Batch.bytes` is, as the codec writes it: made once, too. */
  encoded(batch: Batch): Buffer {
    let bytes = this.#batches.get(batch);
    if (bytes === undefined) {
      bytes = Buffer.concat(batch.publications.map((publication) => this.frameOf(publication)));
      this.#batches.set(batch, bytes);
    }
    return bytes;
  }

  #encode(publication: Publication): Buffer {
    try {
      const { channel } = publication;
      const data = publication.dataIn(this.pubsub.form);
      return this.frame(eventPacket("#publish", { channel, data })) ?? NOTHING;
    } catch (error) {
      this.warn(error); // it concerns no single connection: nobody can be told this publication
      return NOTHING;
    }
  }

  /**
   * `undefined` for what makes no message, such as a function in the place of a packet.
   *
   * @throws what the codec throws for data it cannot write
   */
  frame(packets: OutboundPacket | readonly OutboundPacket[]): Buffer | undefined {
    const encoded = this.codec === undefined ? encode(packets) : this.codec.encode(packets);
    return encoded == null ? undefined : messageFrame(encoded);
  }

  warn(error: unknown): void {
    this.counters.failed(error);
    this.events.warning?.(error);
  }
}

const NOTHING = Buffer.alloc(0);

function jsonFrame({ channel, bytes }: Publication): Buffer {
  const frames = new PublishFrames(channel);
  const frame = Buffer.allocUnsafe(frames.frameLength(bytes.length));
  frames.write(frame, 0, bytes);
  return frame;
}
