import { decode, packets as packetsOf } from "../protocol/decode.ts";
import type { Packet } from "../protocol/packets.ts";
import type { Connection } from "./connection.ts";
import { dispatch, type Pending } from "./dispatch.ts";
import { ask, Blocked, type Decide, type MessageAction } from "./middleware.ts";

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

function inboundOf(connection: Connection): Inbound {
  connection.inbound ??= new Inbound(connection);
  return connection.inbound;
}

interface Queued {
  readonly packets: Packet | readonly Packet[];
  readonly message: Message;
}

/**
 * Keeps one client's messages in order while something asynchronous (middleware, a token) is under way. It
 * exists only that long. When too much waits, the socket is not read until it has been dealt with: nothing
 * is lost, and the client feels it as back-pressure.
 */
export class Inbound {
  readonly #connection: Connection;
  readonly #queue: Queued[] = [];
  #busy = false;
  #decisions = Promise.resolve();
  #deciding = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Whether a packet is being processed, so that others must queue. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Whether raw messages wait for middleware, so that others must wait behind them. */
  get deciding(): boolean {
    return this.#deciding > 0;
  }

  /** Asks middleware about a message at once, and takes it once those before it were taken. */
  decide(message: Message, decide: Decide<MessageAction> | undefined): void {
    const connection = this.#connection;
    this.#deciding += 1;
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
        if (decided instanceof Blocked) connection.processedCount += 1;
        else take(connection, decided === undefined ? message : messageOf(decided.data));
        this.#release();
      });
  }

  push(queued: Queued): void {
    this.#queue.push(queued);
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
    if (this.#queue.length + this.#deciding < core.options.maxQueuedPackets || ws.isPaused) return;
    ws.pause();
  }

  #release(): void {
    if (this.#busy || this.#deciding > 0) return;
    const connection = this.#connection;
    connection.inbound = undefined;
    if (connection.ws.isPaused) {
      connection.lastHeard = connection.core.heartbeat.now;
      connection.ws.resume();
    }
  }
}

function messageOf(data: unknown): Message {
  return Buffer.isBuffer(data)
    ? { bytes: data, text: false }
    : { bytes: Buffer.from(String(data)), text: true };
}
