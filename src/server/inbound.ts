import { CLOSE_CODES } from "../protocol/close-codes.ts";
import { decode, packets as packetsOf } from "../protocol/decode.ts";
import type { Packet } from "../protocol/packets.ts";
import type { Connection } from "./connection.ts";
import { dispatch, type Pending } from "./dispatch.ts";
import { ask, Blocked, type Decide, type MessageAction } from "./middleware.ts";

/** Largest message of a client that has not done its handshake yet, bytes: a token has room in it. */
const MAX_HANDSHAKE = 65_536;

/** One WebSocket message: its bytes, and whether they came as text. */
export interface Message {
  readonly bytes: Buffer;
  readonly text: boolean;
}

/** What a message stands for where it is shown to the application. */
export function messageValue({ bytes, text }: Message): string | Buffer {
  return text ? bytes.toString() : bytes;
}

/**
 * Takes a message from a client. Unless middleware has to be asked, or something before it still waits, it is
 * processed before this returns.
 */
export function receive(connection: Connection, bytes: Buffer, text: boolean): void {
  const { core, inbound } = connection;
  if (connection.state === "closed") return;
  core.counters.messagesIn += 1;
  core.counters.bytesIn += bytes.length;
  connection.receivedCount += 1;
  connection.lastHeard = core.heartbeat.now;
  if (connection.state === "connecting" && bytes.length > MAX_HANDSHAKE && core.options.strictHandshake) {
    connection.close(CLOSE_CODES.messageBeforeHandshake.code);
    return;
  }
  const decide = core.middleware.inboundRaw;
  if (decide !== undefined || inbound?.deciding) inboundOf(connection).decide({ bytes, text }, decide);
  else take(connection, { bytes, text });
}

function take(connection: Connection, message: Message): void {
  const { core, inbound } = connection;
  const packets =
    core.codec === undefined
      ? decode(message.bytes, message.text, core.options.protocolVersion)
      : decodeWith(connection, message);
  connection.observer?.message(message);
  if (inbound?.busy) {
    inbound.push({ packets, message });
    return;
  }
  const pending = process(connection, packets, message);
  if (pending !== undefined) inboundOf(connection).waitFor(pending);
}

function decodeWith(connection: Connection, message: Message): Packet | readonly Packet[] {
  const { codec, options } = connection.core;
  const value = messageValue(message);
  if (value === (options.protocolVersion === 1 ? "#2" : "")) return { kind: "pong" };
  try {
    return packetsOf(codec?.decode(value));
  } catch (error) {
    connection.report(error); // the codec may throw what it likes; to the protocol the message is a raw one
    return { kind: "raw" };
  }
}

function process(connection: Connection, packets: Packet | readonly Packet[], message: Message): Pending {
  connection.processedCount += 1;
  if (!isBatch(packets)) return dispatch(connection, packets, message);
  for (let i = 0; i < packets.length; i += 1) {
    const packet = packets[i];
    const pending = packet && dispatch(connection, packet, message);
    if (pending !== undefined) return processRest(connection, packets.slice(i + 1), message, pending);
  }
  return undefined;
}

async function processRest(
  connection: Connection,
  rest: readonly Packet[],
  message: Message,
  before: Promise<void>,
): Promise<void> {
  await before;
  for (const packet of rest) await dispatch(connection, packet, message);
}

function isBatch(packets: Packet | readonly Packet[]): packets is readonly Packet[] {
  return Array.isArray(packets);
}

/** The connection's inbound queue, made if it has none. */
export function inboundOf(connection: Connection): Inbound {
  connection.inbound ??= new Inbound(connection);
  return connection.inbound;
}

interface Queued {
  readonly packets: Packet | readonly Packet[];
  readonly message: Message;
}

/**
 * Keeps one client's messages in order while something asynchronous (middleware, a token) is under way. It
 * exists only that long, or until the connection ends if the application wants nothing more from it. When too
 * much waits, messages or bytes, the socket is not read until it has been dealt with: nothing is lost, and the
 * client feels it as back-pressure.
 */
export class Inbound {
  readonly #connection: Connection;
  readonly #queue: Queued[] = [];
  #busy = false;
  #decisions = Promise.resolve();
  #deciding = 0;
  /** Bytes of the messages that wait. */
  #bytes = 0;
  #ended = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Whether a packet is being processed, so that others must queue. */
  get busy(): boolean {
    return this.#busy || this.#ended;
  }

  /** Whether something that has come is not dealt with yet. */
  get working(): boolean {
    return this.#busy || this.#deciding > 0;
  }

  /** Processes nothing that comes from now on. @param drop whether what waits is dropped as well */
  end(drop: boolean): void {
    this.#ended = true;
    if (!drop) return;
    this.#queue.length = 0;
    this.#bytes = 0;
  }

  /** Whether raw messages wait for middleware, so that others must wait behind them. */
  get deciding(): boolean {
    return this.#deciding > 0;
  }

  /** Asks middleware about a message at once, and takes it once those before it were taken. */
  decide(message: Message, decide: Decide<MessageAction> | undefined): void {
    const connection = this.#connection;
    this.#deciding += 1;
    this.#bytes += message.bytes.length;
    this.#throttle();
    const decision =
      decide &&
      ask(connection.core, "inboundRaw", decide, {
        type: "message",
        connection,
        data: messageValue(message),
      });
    this.#decisions = this.#decisions
      .then(() => decision)
      .then((decided) => {
        this.#deciding -= 1;
        this.#bytes -= message.bytes.length;
        if (decided instanceof Blocked) connection.processedCount += 1;
        else take(connection, decided === undefined ? message : messageOf(decided.data));
        this.#release();
      });
  }

  push(queued: Queued): void {
    if (this.#ended) return;
    this.#queue.push(queued);
    this.#bytes += queued.message.bytes.length;
    this.#throttle();
  }

  /** Queues what comes until this has settled. */
  waitFor(pending: Promise<void>): void {
    this.#busy = true;
    pending.then(this.#next, this.#failed);
  }

  readonly #failed = (error: unknown): void => {
    this.#connection.report(error);
    this.#next();
  };

  readonly #next = (): void => {
    for (;;) {
      const queued = this.#queue.shift();
      if (queued === undefined) break;
      this.#bytes -= queued.message.bytes.length;
      const pending = process(this.#connection, queued.packets, queued.message);
      if (pending !== undefined) {
        this.waitFor(pending);
        return;
      }
    }
    this.#busy = false;
    this.#release();
  };

  #throttle(): void {
    const { ws, core } = this.#connection;
    const { maxQueuedPackets, maxBufferedBytes } = core.options;
    const waiting = this.#queue.length + this.#deciding;
    if ((waiting < maxQueuedPackets && this.#bytes < maxBufferedBytes) || ws.isPaused) return;
    ws.pause?.();
  }

  #release(): void {
    if (this.#busy || this.#deciding > 0) return;
    const connection = this.#connection;
    if (!this.#ended) connection.inbound = undefined;
    if (connection.ws.isPaused) {
      connection.lastHeard = connection.core.heartbeat.now;
      connection.ws.resume?.();
    }
  }
}

function messageOf(data: unknown): Message {
  return Buffer.isBuffer(data)
    ? { bytes: data, text: false }
    : { bytes: Buffer.from(String(data)), text: true };
}
