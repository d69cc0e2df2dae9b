import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { CLOSE_CODES, isCloseCode } from "../../protocol/close-codes.ts";
import { controlFrame, type MessageData, messageBytes, messageFrame } from "../../protocol/frames.ts";
import { type FrameFault, type FrameReader, readFrames } from "../../protocol/read-frames.ts";
import type { Connection } from "../connection.ts";
import { receive } from "../inbound/inbound.ts";

/** `ws` makes WebSockets of a class that extends its own; of that one, only what everyone may call is kept. */
const Base = WebSocket as unknown as new (
  address: null,
  protocols: undefined,
  options: object,
) => EventEmitter & {
  /** Not public, but where applications look for what `ws` does not tell, such as the address. */
  _socket: Carrier | null;
};

/** Which WebSocket a socket carries. A symbol: others may have put something of their own on the socket. */
const CARRIED = Symbol("WebSocket");
type Carrier = Socket & { [CARRIED]?: PlainWebSocket | undefined };
type Done = (error?: Error | null) => void;

const { CONNECTING, OPEN, CLOSING, CLOSED } = WebSocket;
const STATES = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"];
const NO_OPTIONS = {};
const NOTHING = Buffer.alloc(0);
/** Bytes of a control frame. [RFC 6455, 5.5] */
const MAX_CONTROL = 125;
/** Answered pings whose answers the client has not taken; as `ws` has it. */
export const MAX_UNSENT_PONGS = 60;
/** How long a client may take to answer a goodbye; as `ws` has it. */
const CLOSE_TIMEOUT_MS = 30_000;

/** Options of a `ws` server that concern its WebSockets. */
interface Options {
  readonly maxPayload?: number;
  readonly autoPong?: boolean;
  /** 0: any number. */
  readonly maxPendingAutoPongs?: number;
  readonly closeTimeout?: number;
}

/**
 * A client's WebSocket without extensions, as nearly all are. It reads frames itself, without a stream, a
 * queue or an event per message, where `ws` keeps a receiver and a sender for each connection: they were a
 * third of the memory of an idle one. To applications (`socket.socket`) it is the WebSocket that upstream
 * gives them.
 */
export class PlainWebSocket extends Base implements FrameReader {
  connection: Connection | undefined;
  unfinished: FrameReader["unfinished"];
  fragments: FrameReader["fragments"];
  readonly expectsMask = true;
  /** Those of the server: one object for all. */
  readonly #options: Options;
  #state: 0 | 1 | 2 | 3 = CONNECTING;
  /** What the client said goodbye with; 1006 if it did not. */
  #closeCode = 1006;
  #closeReason: Buffer = NOTHING;
  #saidGoodbye = false;
  #heardGoodbye = false;
  #hasFailed = false;
  /** Answers to the pings of this tick: they go out in one write. */
  #pongs: Buffer[] | undefined;
  #unsentPongs = 0;
  #closeTimer: NodeJS.Timeout | undefined;

  /** Called by `ws`, as is `setSocket` once it has answered the upgrade. */
  constructor(address: null, protocols: undefined, options: Options) {
    super(address, protocols, NO_OPTIONS);
    this.#options = options;
  }

  setSocket(socket: Carrier, head: Buffer): void {
    this._socket = socket;
    socket[CARRIED] = this;
    // Applications may give any stream as a socket.
    socket.setTimeout?.(0);
    socket.setNoDelay?.();
    if (head.length > 0) socket.unshift(head);
    socket.on("close", onClose);
    socket.on("data", onData);
    socket.on("end", onEnd);
    socket.on("error", onError);
    this.#state = OPEN;
  }

  get maxPayload(): number {
    return this.#options.maxPayload ?? 0;
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#state;
  }

  get isPaused(): boolean {
    return this._socket?.isPaused() ?? false;
  }

  get bufferedAmount(): number {
    return this.connection?.bufferedBytes ?? this._socket?.writableLength ?? 0;
  }

  pause(): void {
    if (this.#state !== CLOSED) this._socket?.pause();
  }

  resume(): void {
    if (this.#state !== CLOSED) this._socket?.resume();
  }

  // ---- What applications send past us; our own packets are written by the outbox

  /** Sends a whole message, at once. @throws {TypeError} if it is told to send a part of one */
  send(data: MessageData, options?: { binary?: boolean; fin?: boolean } | Done, done?: Done): void {
    if (typeof options === "function") {
      this.send(data, {}, options);
      return;
    }
    if (options?.fin === false) throw new TypeError("A message is sent whole: `fin` must not be false");
    this.#write(messageFrame(data, options?.binary), done);
  }

  ping(data?: MessageData | Done, mask?: boolean | Done, done?: Done): void {
    this.#control("ping", data, mask, done);
  }

  pong(data?: MessageData | Done, mask?: boolean | Done, done?: Done): void {
    this.#control("pong", data, mask, done);
  }

  /** Either of the first two may be left out. */
  #control(kind: "ping" | "pong", data?: MessageData | Done, mask?: boolean | Done, done?: Done): void {
    const callback = [data, mask, done].find((given): given is Done => typeof given === "function");
    const payload = typeof data === "function" ? NOTHING : messageBytes(data);
    if (payload.length > MAX_CONTROL) throw new RangeError(`A ${kind} holds at most ${MAX_CONTROL} bytes`);
    this.#write(controlFrame(kind, payload), callback);
  }

  #write(frame: Buffer, done?: Done): void {
    this.sendPongs(); // what was asked first is answered first
    if (this.#state === OPEN) this._socket?.write(frame, done);
    else if (done !== undefined) {
      const state = STATES[this.#state];
      process.nextTick(done, new Error(`WebSocket is not open: readyState ${this.#state} (${state})`));
    }
  }

  // ---- What comes in

  get isReading(): boolean {
    return !this.#heardGoodbye && !this.#hasFailed;
  }

  message(payload: Buffer, text: boolean): void {
    if (this.connection !== undefined) receive(this.connection, payload, text);
    if (this.listenerCount("message") > 0) this.emit("message", payload, !text);
  }

  pinged(payload: Buffer): void {
    if (this.#options.autoPong !== false && this.#state === OPEN) this.#answerPing(payload);
    this.emit("ping", payload);
  }

  /** Who pings without reading the answers is cut off. */
  #answerPing(payload: Buffer): void {
    const { maxPendingAutoPongs: most = MAX_UNSENT_PONGS } = this.#options;
    const isHeldBack = this._socket !== null && this._socket.writableLength > 0;
    if (most > 0 && this.#unsentPongs >= most && isHeldBack) {
      this.terminate();
      return;
    }
    if (this.#pongs === undefined) {
      this.#pongs = [];
      process.nextTick(sendPongs, this);
    }
    this.#pongs.push(controlFrame("pong", payload));
    this.#unsentPongs += 1;
  }

  sendPongs(): void {
    if (this.#pongs === undefined) return;
    const pongs = this.#pongs;
    this.#pongs = undefined;
    this.#write(Buffer.concat(pongs), () => {
      this.#unsentPongs -= pongs.length;
    });
  }

  ponged(payload: Buffer): void {
    this.emit("pong", payload);
  }

  goodbye(code: number, reason: Buffer): void {
    this.#heardGoodbye = true;
    this.#closeCode = code;
    this.#closeReason = Buffer.from(reason);
    this.connection?.inbound?.finish();
    this.close(code === CLOSE_CODES.noCode.code ? undefined : code, this.#closeReason);
  }

  fault({ closeCode, code, message }: FrameFault): void {
    this.#hasFailed = true;
    this.emit("error", Object.assign(new RangeError(`Invalid WebSocket frame: ${message}`), { code }));
    this.connection?.end(this.#closeCode);
    this.close(closeCode);
  }

  // ---- The end

  /** Says goodbye, and closes once the client has answered. @throws {TypeError} if the code must not be sent */
  close(code?: number, reason?: string | Buffer): void {
    const socket = this._socket;
    if (this.#state === CLOSED || socket === null) return;
    if (this.#state === OPEN) {
      const goodbye = controlFrame("close", goodbyeOf(code, reason));
      this.#closing(code ?? CLOSE_CODES.noCode.code, reason?.toString());
      socket.write(goodbye);
      this.#saidGoodbye = true;
    }
    if (!this.#saidGoodbye || this.isReading) return;
    socket.end();
    // Also one that was told to wait is heard out: what it says is not looked at, but that it ends is.
    socket.resume();
  }

  /** From now on nothing is sent, except what waits, and who does not let go in time is cut off. */
  #closing(code: number, reason?: string): void {
    this.sendPongs();
    this.#state = CLOSING;
    const timeout = this.#options.closeTimeout ?? CLOSE_TIMEOUT_MS;
    this.#closeTimer = setTimeout(() => this._socket?.destroy(), timeout);
    this.connection?.end(code, reason);
  }

  /** Cuts the connection without goodbye. */
  terminate(): void {
    if (this.#state === CLOSED) return;
    this.#state = CLOSING;
    this._socket?.destroy();
  }

  /** The client sends no more; it may still read what waits, for a while. */
  ended(): void {
    if (this.#state !== OPEN) return;
    this.connection?.inbound?.finish();
    this.#closing(this.#closeCode);
  }

  /** The socket takes no more, and is about to close. */
  broken(): void {
    this.#state = CLOSING;
  }

  closed(): void {
    clearTimeout(this.#closeTimer);
    this.#state = CLOSED;
    this.unfinished = undefined;
    this.fragments = undefined;
    this.emit("close", this.#closeCode, this.#closeReason);
  }
}

function sendPongs(socket: PlainWebSocket): void {
  socket.sendPongs();
}

function goodbyeOf(code: number | undefined, reason: string | Buffer = ""): Buffer {
  if (code === undefined) return NOTHING;
  if (!isCloseCode(code)) throw new TypeError(`${code} is no code that a WebSocket may be closed with`);
  const text = Buffer.from(reason);
  if (text.length > MAX_CONTROL - 2) {
    throw new RangeError(`The reason of a close holds at most ${MAX_CONTROL - 2} bytes`);
  }
  const payload = Buffer.allocUnsafe(2 + text.length);
  payload.writeUInt16BE(code);
  text.copy(payload, 2);
  return payload;
}

function onData(this: Carrier, chunk: Buffer): void {
  const socket = this[CARRIED];
  if (socket?.isReading) readFrames(socket, chunk);
}

function onEnd(this: Carrier): void {
  this[CARRIED]?.ended();
  this.end();
}

/** What happened is told by the close that follows: 1006. */
function onError(this: Carrier): void {
  this[CARRIED]?.broken();
  this.destroy();
}

function onClose(this: Carrier): void {
  const socket = this[CARRIED];
  if (socket === undefined) return;
  socket.broken();
  // What came while the socket was paused, before its end.
  const rest: Buffer | null = this.readableLength > 0 ? this.read(this.readableLength) : null;
  if (rest !== null && socket.isReading) readFrames(socket, rest);
  this[CARRIED] = undefined;
  socket.closed();
}
