import { CLOSE_CODES, closeCode, closeFrame, describeClose, reasonOf } from "../protocol/close-codes.ts";
import {
  acknowledgement,
  answerPacket,
  errorPacket,
  eventPacket,
  isPublication,
  type OutboundPacket,
} from "../protocol/encode.ts";
import { textFrame } from "../protocol/frames.ts";
import { InvalidActionError, SocketProtocolError } from "../protocol/wire-errors.ts";
import type { Batch } from "../pubsub/batch.ts";
import type { Subscriber } from "../pubsub/hub.ts";
import type { Publication } from "../pubsub/publication.ts";
import { randomId } from "../runtime/random-id.ts";
import { type Authentication, UNAUTHENTICATED } from "./auth/authentication.ts";
import { clone } from "./auth/clone.ts";
import { badConnection, Calls } from "./calls.ts";
import { type ClientSocket, part } from "./client-socket.ts";
import type { ServerCore } from "./core.ts";
import type { Pulse } from "./heartbeat.ts";
import type { Backlog } from "./inbound/backlog.ts";
import type { Inbound } from "./inbound/inbound.ts";
import { unsubscribeAll } from "./inbound/subscriptions.ts";
import type { ConnectionObserver } from "./middleware/events.ts";
import { Batching } from "./outbound/batching.ts";
import { outboxFor } from "./outbound/lossy-outbox.ts";
import { Outbound } from "./outbound/outbound.ts";
import type { ClientOutbox, OutboxOwner, OutboxSocket } from "./outbound/outbox.ts";
import { partWithSlow } from "./outbound/slow-consumers.ts";
import { transmitPublish } from "./outbound/transmit-publish.ts";
import type { Deflater } from "./websocket/compression/deflate.ts";
import type { UpgradeRequest } from "./websocket/upgrade-request.ts";

export type { ClientSocket } from "./client-socket.ts";

export type ConnectionState = "connecting" | "open" | "closed";

/** How long a client that never shook hands may still take to say goodbye before it is cut off. */
const STRANGER_GRACE_MS = 1_000;
const PING = { 1: textFrame("#1"), 2: textFrame("") };

/**
 * The server's end of one client's WebSocket.
 *
 * An idle connection is its fields and an empty outbox: sets, queues and calls are made when first needed.
 * What the parts do stands in their own files; here they are only held together, from `connecting` over
 * `open` to `closed`, after which nothing is sent any more.
 */
export class Connection implements Subscriber, OutboxOwner, Pulse {
  readonly id: string = randomId();
  readonly core: ServerCore;
  readonly ws: ClientSocket;
  readonly request: UpgradeRequest;
  state: ConnectionState = "connecting";
  /** Changed by authentication.ts alone. */
  auth: Authentication = UNAUTHENTICATED;
  /** The channels it is subscribed to; changed by subscriptions.ts alone. */
  channels: Set<string> | undefined;
  /** Who wants to know of its messages. */
  observer: ConnectionObserver | undefined;
  /** Packets that wait for something asynchronous before them; inbound.ts alone uses it. */
  inbound: Inbound | undefined;
  backlog: Backlog | undefined;
  /** Bytes of the message that is being processed. */
  messageBytes = 0;
  /** Messages that came, and messages whose processing has begun. */
  receivedCount = 0;
  processedCount = 0;
  /** Publishes of the client that are neither confirmed nor rejected yet; handlers/publish.ts alone changes it. */
  unsettled = 0;
  /** See `NewChannelBudget`. */
  newChannelsPaidAt = 0;
  /** Publications, transmissions and calls that were to go to the client. */
  preparedCount = 0;

  lastHeard = 0;
  nextPing = 0;
  handshakeBy = 0;
  tookBy = 0;
  slot = -1;

  /** What goes to the client's socket. Others only look after what waits in it. */
  readonly outbox: ClientOutbox;
  /** Only for clients that take compressed messages. */
  readonly #deflater: Deflater | undefined;
  /** What waits for outbound middleware; `outbound` makes it. */
  queue: Outbound | undefined;
  #batching: Batching | undefined;
  #calls: Calls | undefined;

  constructor(
    core: ServerCore,
    ws: ClientSocket,
    socket: OutboxSocket,
    request: UpgradeRequest,
    deflater?: Deflater,
  ) {
    this.core = core;
    this.ws = ws;
    this.request = request;
    // Node remembers it once asked; after the socket has closed nobody can tell.
    void request.socket.remoteAddress;
    this.outbox = outboxFor(this, socket, core.writer, core.options.slowConsumerPolicy);
    this.#deflater = deflater;
    core.pending.set(this.id, this);
    core.heartbeat.add(this);
  }

  /** Bytes that the client has not taken yet. */
  get bufferedBytes(): number {
    return this.outbox.bufferedBytes;
  }

  /** Packets that wait for outbound middleware. */
  get outboundWaiting(): number {
    return this.queue?.waiting ?? 0;
  }

  /** Made when something has to wait for middleware, or when no more may go out. */
  get outbound(): Outbound {
    this.queue ??= new Outbound(this);
    return this.queue;
  }

  /** Made on first use. */
  get batching(): Batching {
    this.#batching ??= new Batching(this.core.clock, (packets) => this.#sendNow(packets));
    return this.#batching;
  }

  /** The handshake is done. */
  opened(): void {
    this.state = "open";
    this.core.pending.delete(this.id);
    this.core.open.set(this.id, this);
    this.core.counters.handshakes += 1;
    this.core.heartbeat.opened(this);
  }

  // ---- Subscriber

  receive(batch: Batch): void {
    const { core } = this;
    this.preparedCount += batch.publications.length;
    if (core.sharesFrames && !this.#batching?.gathering && !this.queue?.isInTheWay) {
      core.counters.messagesOut += batch.publications.length;
      const frames = core.codec === undefined ? batch.bytes : core.encoded(batch);
      const bytes = this.#deflater === undefined ? frames : this.#deflater.shared(frames);
      this.outbox.publish(bytes, batch.publications.length);
      return;
    }
    this.#receiveEach(batch);
  }

  /** For a client that does not simply get what everybody gets. */
  #receiveEach(batch: Batch): void {
    const decide = this.core.middleware.outbound;
    for (const publication of batch.publications) {
      if (decide === undefined) this.#inTurn(() => this.sendPublication(publication));
      else this.outbound.publication(publication, decide);
    }
  }

  // ---- What goes to the client

  /**
   * Sends an event, in order with publications that wait for middleware. Without a connection it is lost,
   * which is reported.
   */
  transmit(event: string, data?: unknown): void {
    if (this.state !== "open") {
      this.report(badConnection("transmit", event));
      return;
    }
    this.preparedCount += 1;
    try {
      const kept = this.#kept(data);
      const decide = event === "#publish" ? this.core.middleware.outbound : undefined;
      if (decide !== undefined) this.outbound.send(() => transmitPublish(this, kept, decide));
      else this.#inTurn(() => this.sendPacket(eventPacket(event, kept)));
    } catch (error) {
      this.report(error); // it cannot be copied
    }
  }

  /**
   * Calls the client and waits for its answer.
   *
   * @param ackTimeout ms after which it rejects with a `TimeoutError`
   * @returns what the client answered; rejects with its error, or `BadConnectionError`
   */
  invoke(event: string, data?: unknown, ackTimeout: number = this.core.options.ackTimeout): Promise<unknown> {
    if (this.state !== "open") {
      const error = badConnection("invoke", event);
      this.report(error);
      return Promise.reject(error);
    }
    this.preparedCount += 1;
    const kept = this.#kept(data);
    return new Promise((resolve, reject) => {
      const dropped = (): void => reject(badConnection("invoke", event));
      this.#inTurn(() => this.#call(event, kept, ackTimeout, { resolve, reject }), dropped);
    });
  }

  /** Answers a client's call with nothing but that it worked, as most are. */
  acknowledge(rid: number): void {
    if (this.core.codec === undefined && !this.#batching?.gathering) {
      this.sendFrame(textFrame(acknowledgement(rid)));
    } else this.answer(rid);
  }

  /** Answers a client's call. */
  answer(rid: number, data?: unknown): void {
    this.sendPacket(answerPacket(rid, data));
  }

  answerError(rid: number, error: unknown): void {
    this.sendPacket(errorPacket(rid, error));
  }

  /** Sends a packet past everything that waits for middleware. @param bytes how long its data are, if known */
  sendPacket(packet: OutboundPacket, bytes?: number): void {
    if (this.#batching?.gathering && this.state !== "closed") this.#batching.push(packet, bytes);
    else this.#sendNow(packet);
  }

  /** Sends a publication as everybody gets it. */
  sendPublication(publication: Publication): void {
    if (this.#batching?.gathering) {
      const { channel, bytes } = publication;
      const data = publication.dataIn(this.core.pubsub.form);
      this.sendPacket(eventPacket("#publish", { channel, data }), bytes.length);
    } else {
      const frame = this.core.frameOf(publication);
      this.sendFrame(this.#deflater?.shared(frame) ?? frame, true);
    }
  }

  /** Sends a whole WebSocket frame as it stands. */
  sendFrame(frame: Buffer, isPublication = false): void {
    if (this.state === "closed") {
      this.report(new Error("WebSocket is not open: readyState 3 (CLOSED)")); // the words that `ws` has for it
      return;
    }
    this.core.counters.messagesOut += 1;
    if (isPublication) this.outbox.publish(frame, 1);
    else this.outbox.push(frame);
  }

  #sendNow(packets: OutboundPacket | readonly OutboundPacket[]): void {
    let frame: Buffer | undefined;
    try {
      frame = this.core.frame(packets);
    } catch (error) {
      this.report(error); // the application gave something that cannot be written
    }
    if (frame === undefined) return;
    this.sendFrame(this.#deflater?.own(frame, packets) ?? frame, isPublication(packets));
  }

  /** @param dropped what to do if nothing goes out any more */
  #inTurn(task: () => void, dropped?: () => void): void {
    if (this.queue?.isInTheWay) this.queue.send(task, dropped);
    else task();
  }

  /** Data that are written later must not change until then, if the application asked for that. */
  #kept(data: unknown): unknown {
    const isLater = this.#batching?.gathering || this.queue?.isInTheWay;
    return isLater && this.core.options.cloneData ? clone(data) : data;
  }

  #call(
    event: string,
    data: unknown,
    ackTimeout: number,
    { resolve, reject }: { resolve: (data: unknown) => void; reject: (error: unknown) => void },
  ): void {
    if (this.state === "closed") {
      reject(badConnection("invoke", event)); // it waited for middleware, and the client did not
      return;
    }
    this.#calls ??= new Calls(this.core.clock);
    if (this.#calls.size >= this.core.options.maxPendingCalls) {
      const limit = this.core.options.maxPendingCalls;
      reject(new InvalidActionError(`Cannot invoke "${event}": ${limit} calls wait for the client already`));
      return;
    }
    const cid = this.#calls.open(event, ackTimeout, (error, answer) => {
      if (error) reject(error);
      else resolve(answer);
    });
    this.sendPacket(eventPacket(event, data, cid));
  }

  /** The client answered a call. */
  answered(rid: number, data: unknown, error: unknown): void {
    this.#calls?.answer(rid, data, error);
  }

  // ---- Heartbeat

  get pingable(): boolean {
    return this.state === "open";
  }

  ping(): void {
    this.backlog?.expire();
    this.outbox.push(PING[this.core.options.protocolVersion]);
  }

  timedOut(): void {
    // Not read because we told the socket to wait: its silence is ours.
    if (this.ws.isPaused) this.core.heartbeat.forgive(this);
    else this.close(CLOSE_CODES.pongTimeout.code);
  }

  tookNothing(): void {
    partWithSlow(this, "stalled");
  }

  handshakeTimedOut(): void {
    this.close(CLOSE_CODES.handshakeTimeout.code);
    this.core.clock.after(STRANGER_GRACE_MS, () => this.ws.terminate());
  }

  // ---- The end

  /**
   * Sends what waits, then closes, whatever the code and the reason are: those who listen are told them as they are,
   * and the client what a close frame can carry of them (`closeFrame`). On a closed connection it does nothing.
   */
  close(code: number = CLOSE_CODES.normal.code, reason?: unknown): void {
    if (this.state === "closed") return;
    const [validCode, validReason] = closeFrame(code, reason);
    this.end(code, reason);
    this.#part(validCode, validReason);
  }

  /** Closes without a code, on which the official client connects again at once. */
  sendAway(): void {
    if (this.state === "closed") return;
    this.end(CLOSE_CODES.goingAway.code);
    this.#part();
  }

  #part(code?: number, reason?: string): void {
    part(this.ws, (error) => this.report(error), code, reason);
  }

  /** Cuts the connection without goodbye. */
  terminate(): void {
    this.ws.terminate();
  }

  overflowed(): void {
    partWithSlow(this, "own");
  }

  /** The connection is over, whoever ended it: tells so, once, and gives back what it holds. */
  end(code: number, given?: unknown): void {
    if (this.state === "closed") return;
    const wasOpen = this.state === "open";
    const reason = reasonOf(code, given);
    this.#batching?.abandon();
    this.outbox.close();
    this.queue?.forget();
    this.state = "closed";
    const { core } = this;
    core.heartbeat.remove(this);
    core.open.delete(this.id);
    core.pending.delete(this.id);
    core.closing.add(this);
    core.counters.closed(code);
    if (!wasOpen) core.counters.aborted += 1;

    this.#calls?.abort(wasOpen ? "disconnect" : "connectAbort", code, reason);
    core.events.closed?.(this, { code, reason, wasOpen });
    if (!closeCode(code)?.expected) this.report(new SocketProtocolError(describeClose(code, given), code));
    unsubscribeAll(this);
    core.events.ended?.(this);
    this.inbound?.abandon();
    this.backlog?.abandon();
  }

  /** Tells of an error that concerns this connection. */
  report(error: unknown): void {
    this.core.counters.failed(error);
    this.core.events.error?.(this, error);
  }
}
