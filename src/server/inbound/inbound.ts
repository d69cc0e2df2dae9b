import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { tagPublishes } from "../../protocol/data-form.ts";
import { decode, packets as packetsOf } from "../../protocol/decode.ts";
import type { Packet } from "../../protocol/packets.ts";
import type { Connection } from "../connection.ts";
import { ask, Blocked, type Decide, type MessageAction } from "../middleware/middleware.ts";
import { tellOf } from "./backlog.ts";
import { dispatch, type Pending } from "./dispatch.ts";
import { fail } from "./failure.ts";

/** Largest message of a client that has not done its handshake yet, bytes: a token has room in it. */
const MAX_HANDSHAKE = 65_536;
/** From so many bytes on a message is parsed in one turn, and made something of in another if that took long. */
const LARGE_MESSAGE = 65_536;
/** Up to so many bytes it is parsed even where parsed messages take their share of memory: it makes no difference. */
const SMALL_MESSAGE = 16_384;

/** What a message takes here besides its bytes, about: short ones are many. */
const MESSAGE_SIZE = 128;

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
 * processed before this returns. Never throws: whatever goes wrong here ends this connection (1011), and no other.
 */
export function receive(connection: Connection, bytes: Buffer, text: boolean): void {
  try {
    accept(connection, { bytes, text });
  } catch (error) {
    fail(connection, error);
  }
}

function accept(connection: Connection, message: Message): void {
  const { core, inbound } = connection;
  if (connection.state === "closed") return;
  const { length } = message.bytes;
  core.counters.messagesIn += 1;
  core.counters.bytesIn += length;
  connection.receivedCount += 1;
  connection.lastHeard = core.heartbeat.now;
  if (connection.state === "connecting" && length > MAX_HANDSHAKE && core.options.strictHandshake) {
    connection.close(CLOSE_CODES.messageBeforeHandshake.code);
    return;
  }
  const decide = core.middleware.inboundRaw;
  if (decide !== undefined || inbound?.deciding) inboundOf(connection).decide(message, decide);
  else take(connection, message);
}

function take(connection: Connection, message: Message): void {
  const { inbound, observer } = connection;
  if (observer !== undefined) tellOf(connection, message.bytes.length, () => observer.message(message));
  if (inbound?.busy || obstacleOf(connection, message.bytes.length) !== undefined) {
    inboundOf(connection).push(message);
    return;
  }
  const pending = process(connection, message);
  if (pending !== undefined) inboundOf(connection).waitFor(pending, message);
}

/** What can keep a client's next packet waiting. */
interface Obstacle {
  /** Calls `task` once when it may be worth asking again. @param bytes what it has to do */
  wait(task: () => void, bytes?: number): void;
}

/** What a client's next packet must wait for, if anything. @param bytes the message's; 0 for a packet within one */
function obstacleOf(connection: Connection, bytes: number): Obstacle | undefined {
  const { backlog, inbound } = connection;
  if (inbound?.isFinishing) return undefined;
  const { parsed, budget } = connection.core.intake;
  // Nothing is made any more of what an ended connection said.
  if (connection.state !== "closed") {
    if (backlog?.isFull) return backlog;
    // A message that has begun must not wait for what it takes itself.
    if (parsed.isFull && bytes > 0 && (bytes > SMALL_MESSAGE || backlog !== undefined)) return parsed;
  }
  return budget.take(bytes) ? undefined : budget;
}

function decodeAny(connection: Connection, message: Message): Packet | readonly Packet[] {
  const { codec, options } = connection.core;
  if (codec === undefined) {
    return decode(message.bytes, message.text, options.protocolVersion, options.maxBatchSize);
  }
  const value = messageValue(message);
  if (value === (options.protocolVersion === 1 ? "#2" : "")) return { kind: "pong" };
  try {
    return packetsOf(tagPublishes(codec.decode(value)), options.maxBatchSize);
  } catch (error) {
    connection.report(error); // the codec may throw what it likes; to the protocol the message is a raw one
    return { kind: "raw" };
  }
}

function process(connection: Connection, message: Message): Pending {
  connection.processedCount += 1;
  connection.messageBytes = message.bytes.length;
  connection.backlog?.begin();
  const packets = decodeAny(connection, message);
  if (!isBatch(packets)) {
    // What parsing took may be all that this turn had; what is made of a large message takes as long again.
    const obstacle = message.bytes.length < LARGE_MESSAGE ? undefined : obstacleOf(connection, 0);
    if (obstacle === undefined) return dispatch(connection, packets, message);
    return passed(obstacle, message.bytes.length).then(() => dispatch(connection, packets, message));
  }
  for (let i = 0; i < packets.length; i += 1) {
    // Its first packet has passed with the message.
    const obstacle = i === 0 ? undefined : obstacleOf(connection, 0);
    if (obstacle !== undefined)
      return processRest(connection, packets, i, message, (step) => obstacle.wait(step));
    const pending = dispatch(connection, packets[i] as Packet, message);
    if (pending !== undefined)
      return processRest(connection, packets, i + 1, message, (step, failed) => pending.then(step, failed));
  }
  return undefined;
}

/**
 * Goes on with a batch once `begin` calls the step that it is given, and after each packet that takes time. A step does
 * its work where it is called, so that whoever gave it a turn sees what the turn costs.
 */
function processRest(
  connection: Connection,
  packets: readonly Packet[],
  from: number,
  message: Message,
  begin: (step: () => void, failed: (error: unknown) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = from;
    const step = (): void => {
      try {
        while (next < packets.length) {
          const obstacle = obstacleOf(connection, 0);
          if (obstacle !== undefined) return obstacle.wait(step);
          const pending = dispatch(connection, packets[next] as Packet, message);
          next += 1;
          if (pending !== undefined) return void pending.then(step, reject);
        }
        resolve();
      } catch (error) {
        reject(error);
      }
    };
    begin(step, reject);
  });
}

function passed(obstacle: Obstacle, bytes = 0): Promise<void> {
  return new Promise((resolve) => obstacle.wait(resolve, bytes));
}

function isBatch(packets: Packet | readonly Packet[]): packets is readonly Packet[] {
  return Array.isArray(packets);
}

/** The connection's inbound queue, made if it has none. */
export function inboundOf(connection: Connection): Inbound {
  connection.inbound ??= new Inbound(connection);
  return connection.inbound;
}

/** What middleware says of a raw message. */
type Answer = ReturnType<typeof ask<MessageAction>>;

/** Bytes of what a client said right before its goodbye that are processed at once. */
const MAX_LAST_BYTES = 65_536;
/** Messages of one client that are processed before another one has its turn. */
const MESSAGES_PER_SLICE = 32;

/**
 * Keeps one client's messages in order while something is under way (middleware, a token), or not to be had yet: room
 * in the application's streams, time in this turn. They wait as they came, and are parsed when it is their turn: parsed
 * they could take 30 times as much. It exists only that long, or until the connection ends if the application wants
 * nothing more from it. When too much waits, messages or bytes, the socket is not read until it has been dealt with:
 * nothing is lost, and the client feels it as back-pressure.
 */
export class Inbound {
  readonly #connection: Connection;
  #queue: Message[] = [];
  /** How many of the queue are processed already. */
  #done = 0;
  #busy = false;
  #decisions = Promise.resolve();
  #deciding = 0;
  /** Bytes of the messages that wait. */
  #bytes = 0;
  #ended = false;
  #isOver = false;
  #isFinishing = false;
  /** Bytes of the message that is being processed and counts as parsed. */
  #parsedBytes = 0;
  /** What the next message waits for, unless one is being processed. */
  #obstacle: Obstacle | undefined;

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

  /** Whether what the client said last is being processed, which waits for nothing. */
  get isFinishing(): boolean {
    return this.#isFinishing;
  }

  /** Processes nothing that comes from now on. @param drop whether what waits is dropped as well */
  end(drop: boolean): void {
    this.#ended = true;
    if (!drop) return;
    for (let i = this.#done; i < this.#queue.length; i += 1) this.#waits(-sizeOf(this.#queue[i] as Message));
    this.#queue = [];
    this.#done = 0;
  }

  /** The connection is over: nothing of it waits any more, also where middleware never decides. */
  abandon(): void {
    this.end(true);
    this.#waits(-this.#bytes);
    this.#isOver = true;
    this.#isDone();
    this.#connection.core.intake.parsed.forget(this.#next);
  }

  /**
   * The client says goodbye, or hangs up: processes what it said before, if that only waits for its turn and is
   * little, as what honest clients say last is. The connection's end drops the rest.
   */
  finish(): void {
    if (this.#obstacle !== this.#connection.core.intake.budget) return;
    this.#isFinishing = true;
    try {
      this.#processLast();
    } catch (error) {
      fail(this.#connection, error);
    } finally {
      this.#isFinishing = false;
    }
  }

  #processLast(): void {
    let bytes = 0;
    for (const message of this.#queue.slice(this.#done, this.#done + MESSAGES_PER_SLICE)) {
      bytes += message.bytes.length;
      if (bytes > MAX_LAST_BYTES) return;
      this.#done += 1;
      this.#waits(-sizeOf(message));
      const pending = process(this.#connection, message);
      if (pending === undefined) continue;
      this.waitFor(pending, message);
      return;
    }
  }

  /** Whether raw messages wait for middleware, so that others must wait behind them. */
  get deciding(): boolean {
    return this.#deciding > 0;
  }

  /** Asks middleware about a message as soon as there is time, and takes it once those before it were taken. */
  decide(message: Message, decide: Decide<MessageAction> | undefined): void {
    const connection = this.#connection;
    this.#deciding += 1;
    this.#waits(sizeOf(message));
    this.#throttle();
    const decision = decide && this.#ask(message, decide);
    this.#decisions = this.#decisions
      .then(() => decision)
      .then((decided) => {
        this.#deciding -= 1;
        this.#waits(-sizeOf(message));
        if (decided instanceof Blocked) connection.processedCount += 1;
        else take(connection, decided === undefined ? message : messageOf(decided.data));
      })
      .catch((error: unknown) => fail(connection, error))
      .then(() => this.#release());
  }

  /** Middleware is asked where a turn is given, so that the turn's end sees what that costs. */
  #ask(message: Message, decide: Decide<MessageAction>): Answer {
    const connection = this.#connection;
    const { core } = connection;
    const asked = (): Answer =>
      ask(core, "inboundRaw", decide, { type: "message", connection, data: messageValue(message) });
    if (core.intake.budget.take(0)) return asked();
    return new Promise((resolve, reject) => {
      core.intake.budget.wait(() => asked().then(resolve, reject));
    });
  }

  /** Queues a message, and processes it as soon as nothing is in its way. */
  push(message: Message): void {
    if (this.#ended) return;
    this.#queue.push(message);
    this.#waits(sizeOf(message));
    if (!this.#busy) {
      this.#busy = true;
      this.#next();
    }
    this.#throttle();
  }

  /** Queues what comes until this has settled, which was made of that message. */
  waitFor(pending: Promise<void>, { bytes: { length } }: Message): void {
    this.#busy = true;
    if (!this.#isOver) {
      this.#parsedBytes = length;
      this.#connection.core.intake.parsed.add(length);
    }
    pending.then(
      () => {
        this.#isDone();
        this.#next();
      },
      (error: unknown) => {
        this.#isDone();
        fail(this.#connection, error);
        this.#next();
      },
    );
  }

  /** The message under way is dealt with, or nobody waits for it any more: middleware may never decide. */
  #isDone(): void {
    const bytes = this.#parsedBytes;
    this.#parsedBytes = 0;
    if (bytes > 0) this.#connection.core.intake.parsed.remove(bytes);
  }

  readonly #next = (): void => {
    try {
      this.#processWaiting();
    } catch (error) {
      fail(this.#connection, error);
      this.#connection.core.intake.budget.wait(this.#next); // what is left is nothing to an ended connection
    }
  };

  #processWaiting(): void {
    this.#obstacle = undefined;
    const connection = this.#connection;
    const { budget } = connection.core.intake;
    for (let processed = 0; this.#done < this.#queue.length; processed += 1) {
      const message = this.#queue[this.#done] as Message;
      const isOthersTurn = processed >= MESSAGES_PER_SLICE && budget.isAwaited;
      const obstacle = isOthersTurn ? budget : obstacleOf(connection, message.bytes.length);
      if (obstacle !== undefined) {
        this.#obstacle = obstacle;
        obstacle.wait(this.#next, message.bytes.length);
        this.#compact();
        this.#throttle();
        return;
      }
      this.#done += 1;
      this.#waits(-sizeOf(message));
      const pending = process(connection, message);
      if (pending !== undefined) {
        this.#compact();
        this.waitFor(pending, message);
        return;
      }
    }
    this.#queue = [];
    this.#done = 0;
    this.#busy = false;
    this.#release();
  }

  /** Lets go of what is processed, when that is half of the queue. */
  #compact(): void {
    if (this.#done * 2 < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#done);
    this.#done = 0;
  }

  #waits(bytes: number): void {
    if (this.#isOver) return;
    this.#bytes += bytes;
    this.#connection.core.intake.waitingBytes += bytes;
  }

  #throttle(): void {
    if (!this.working) return;
    const { ws, core, backlog } = this.#connection;
    const { maxQueuedPackets, maxBufferedBytes } = core.options;
    const waiting = this.#queue.length - this.#done + this.#deciding;
    const isFull = waiting >= maxQueuedPackets || this.#bytes >= maxBufferedBytes;
    if ((isFull || backlog?.isFull || core.intake.isFull) && !ws.isPaused) ws.pause?.();
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

/** What a message that waits takes, bytes. */
function sizeOf({ bytes }: Message): number {
  return bytes.length + MESSAGE_SIZE;
}
