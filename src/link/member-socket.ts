import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { controlFrame, FRAME_ROOM, headerLength, writeBinaryHeader } from "../protocol/frames.ts";
import { type FrameFault, type FrameReader, readFrames } from "../protocol/read-frames.ts";
import { attempt, FAULT, faults } from "../runtime/contain.ts";
import {
  canWriteDirectly,
  type DirectSocket,
  type DirectWriter,
  writeDirectly,
} from "../runtime/direct-write.ts";

const MASK_BYTES = 4;
const NO_MASK = Buffer.alloc(MASK_BYTES);
/** Frames of at most so many bytes are copied when they have to wait, so that their Buffer can be used again. */
const SMALL_SIZE = 2048;
/** Bytes of unsent answers to pings past which whoever pings without reading them is cut off. */
const MAX_UNSENT_PONGS = 65_536;
/** [RFC 6455, 7.4.1] */
const NORMAL = 1000;
const NO_CODE = 1005;

/** What comes over a socket between two members. */
export interface MemberSocketUser {
  /** A whole message; its bytes are the reader's. */
  read(message: Buffer): void;
  /** Some bytes of a message came, and neither its end nor that of another one. */
  readPart?(): void;
  /** The connection has ended, for this reason. Called once, and nothing after it. */
  closed(reason: string): void;
}

/**
 * A WebSocket between two members of a cluster once the handshake is done: `ws` does that, and these are the
 * frames. They are read without a stream or an event, and a frame is one Buffer with its header in it, which
 * the kernel takes in one call; a link has no other cost per turn that does not depend on what it carries.
 */
export class MemberSocket implements FrameReader, DirectWriter {
  unfinished: FrameReader["unfinished"];
  fragments: FrameReader["fragments"];
  /** May be changed by whoever takes the socket over. */
  maxPayload: number;
  /** Whether frames that come carry a mask: those of a client do. [RFC 6455, 5.1] */
  readonly expectsMask: boolean;
  readonly #socket: Socket;
  readonly #direct: DirectSocket | undefined;
  #user: MemberSocketUser | undefined;
  #waiting = 0;
  #hasEnded = false;
  /** Messages that have come. */
  #messages = 0;

  /** @param side which end of the connection this is; the one that dialled is the client */
  constructor(socket: Socket, head: Buffer, side: "client" | "server", maxPayload: number) {
    this.#socket = socket;
    this.expectsMask = side === "server";
    this.maxPayload = maxPayload;
    this.#direct = canWriteDirectly(socket) ? socket : undefined;
    socket.setTimeout(0);
    socket.setNoDelay();
    if (head.length > 0) socket.unshift(head);
    socket.on("error", (error) => this.#end(error.message));
    socket.on("close", () => this.#end("the connection broke"));
    socket.on("end", () => socket.end());
  }

  /** Starts to read. What came before waits until then. A later user takes over from the one before. */
  start(user: MemberSocketUser): void {
    const isStarted = this.#user !== undefined;
    this.#user = user;
    if (isStarted && !this.#hasEnded) return;
    if (this.#hasEnded) this.#tellEnd("the connection broke");
    else this.#socket.on("data", (chunk) => this.isReading && this.#read(chunk));
  }

  /** Bytes that the kernel has not taken yet. */
  get bufferedBytes(): number {
    return this.#waiting + this.#socket.writableLength;
  }

  /**
   * Sends a message.
   *
   * @param room the message, behind `FRAME_ROOM` bytes for its header
   * @returns whether the Buffer is still needed; if not, it may be used again
   */
  send(room: Buffer): boolean {
    if (this.#hasEnded || !this.#socket.writable) return false;
    const frame = this.#framed(room);
    const waitingBefore = this.#waiting;
    if (this.#direct !== undefined && writeDirectly(this.#direct, frame, this)) {
      return this.#waiting !== waitingBefore;
    }
    const isSmall = frame.length <= SMALL_SIZE;
    this.#socket.write(isSmall ? Buffer.from(frame) : frame);
    return !isSmall;
  }

  /** Says goodbye behind what was sent, and ends. */
  close(reason: string): void {
    if (this.#hasEnded) return;
    this.#sayGoodbye(NORMAL, reason);
    this.#end(reason);
    this.#socket.end();
    // Whoever is not read any more must still be seen to go.
    this.#socket.resume();
  }

  /** Cuts the connection. */
  terminate(): void {
    this.#socket.destroy();
  }

  waiting(bytes: number): void {
    this.#waiting += bytes;
  }

  // --- what comes ---

  get isReading(): boolean {
    return !this.#hasEnded;
  }

  message(payload: Buffer): void {
    this.#messages += 1;
    this.#user?.read(payload);
  }

  /** Members do not ping each other; whoever stands between them may. */
  pinged(payload: Buffer): void {
    if (this.#socket.writableLength > MAX_UNSENT_PONGS) {
      this.#end("it pings without reading the answers");
      this.terminate();
      return;
    }
    if (this.expectsMask) this.#socket.write(controlFrame("pong", payload));
    else this.#socket.write(masked("pong", payload));
  }

  ponged(): void {}

  goodbye(code: number, reason: Buffer): void {
    const why = reason.toString() || (code === NO_CODE ? "closed" : `closed with code ${code}`);
    this.#sayGoodbye(NORMAL, "");
    this.#end(why);
    this.#socket.end();
  }

  fault({ closeCode, message }: FrameFault): void {
    this.#sayGoodbye(closeCode, message);
    this.#end(`what came is no WebSocket frame: ${message}`);
    this.#socket.end();
  }

  #read(chunk: Buffer): void {
    const before = this.#messages;
    try {
      readFrames(this, chunk);
      if (this.#messages === before && !this.#hasEnded) this.#user?.readPart?.();
    } catch (error) {
      faults.contain("member", error);
      this.#end(FAULT);
      this.terminate();
    }
  }

  #sayGoodbye(code: number, reason: string): void {
    if (!this.#socket.writable) return;
    const text = Buffer.from(reason.replace(/[^ -~]/g, "?").slice(0, 100));
    const payload = Buffer.concat([Buffer.of(code >> 8, code & 0xff), text]);
    this.#socket.write(this.expectsMask ? controlFrame("close", payload) : masked("close", payload));
  }

  #end(reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.unfinished = undefined;
    this.fragments = undefined;
    this.#tellEnd(reason);
  }

  #tellEnd(reason: string): void {
    attempt("member", () => this.#user?.closed(reason));
  }

  /** Puts the header right in front of the message, and returns both. */
  #framed(room: Buffer): Buffer {
    const length = room.length - FRAME_ROOM;
    const mask = this.expectsMask ? 0 : MASK_BYTES;
    const start = FRAME_ROOM - mask - headerLength(length);
    writeBinaryHeader(room, start, length);
    if (mask > 0) {
      // A mask of zeros spares both sides a pass over every byte; masks protect browsers, not services.
      room[start + 1] = (room[start + 1] as number) | 0x80;
      room.fill(0, FRAME_ROOM - MASK_BYTES, FRAME_ROOM);
    }
    return room.subarray(start);
  }
}

function masked(kind: "pong" | "close", payload: Buffer): Buffer {
  const plain = controlFrame(kind, payload);
  plain[1] = (plain[1] as number) | 0x80;
  return Buffer.concat([plain.subarray(0, 2), NO_MASK, plain.subarray(2)]);
}

/** `ws` makes WebSockets of a class that extends its own; of that one, only the handshake is used. */
const Base = WebSocket as unknown as new (...args: unknown[]) => { emit(event: string): boolean };

/** A WebSocket that gives its socket away once `ws` has done the handshake, on either side. */
export class Handshake extends Base {
  socket: Socket | undefined;
  head: Buffer = Buffer.alloc(0);

  /** Called by `ws` when the connection is open. */
  setSocket(socket: Socket, head: Buffer): void {
    this.socket = socket;
    this.head = head;
    this.emit("open");
  }

  /** The connection, from here on ours. To be called in the turn in which it was opened. */
  taken(side: "client" | "server", maxPayload: number): MemberSocket {
    if (this.socket === undefined) throw new Error("The handshake is not done yet");
    return new MemberSocket(this.socket, this.head, side, maxPayload);
  }
}
