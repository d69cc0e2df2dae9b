import { connect, type Socket } from "node:net";
import { constants, inflateRawSync } from "node:zlib";
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT } from "../../../src/protocol/test-frames.ts";

export { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT };

const DEADLINE_MS = 10_000;
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
/** What the key of the standard's example is answered. [RFC 6455, 1.3] */
export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/** What a flush leaves out, and inflating needs. [RFC 7692, 7.2.2] */
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

export interface FrameOptions {
  readonly fin?: boolean;
  /** The three reserved bits: 4 is RSV1, 2 is RSV2, 1 is RSV3. */
  readonly rsv?: number;
  /** Four bytes; `null`: none. */
  readonly mask?: readonly [number, number, number, number] | null;
  /** The length as the header says it, where it is not the payload's. */
  readonly length?: bigint;
}

/** One frame of a client. */
export function frame(opcode: number, payload: string | Buffer = "", options: FrameOptions = {}): Buffer {
  const { fin = true, rsv = 0, mask = [0x37, 0xfa, 0x21, 0x3d] } = options;
  const bytes = Buffer.from(payload);
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const maskBit = mask === null ? 0 : 0x80;
  const length = lengthOf(options.length ?? BigInt(bytes.length));
  length[0] = (length[0] as number) | maskBit;
  if (mask !== null)
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = (bytes[i] as number) ^ (mask[i % 4] as number);
  return Buffer.concat([Buffer.from([first]), length, Buffer.from(mask ?? []), bytes]);
}

function lengthOf(length: bigint): Buffer {
  if (length < 126n) return Buffer.from([Number(length)]);
  const bytes = Buffer.alloc(length < 65_536n ? 3 : 9);
  bytes[0] = length < 65_536n ? 126 : 127;
  if (length < 65_536n) bytes.writeUInt16BE(Number(length), 1);
  else bytes.writeBigUInt64BE(length, 1);
  return bytes;
}

/** A close frame. */
export function close(code?: number, reason: string | Buffer = ""): Buffer {
  if (code === undefined) return frame(CLOSE, reason);
  return frame(CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]));
}

/** The head of a request for a WebSocket; `undefined` leaves a header out, a list gives it several times. */
export function requestOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>> = {},
  line = "GET /socketcluster/ HTTP/1.1",
): string {
  const all = {
    Host: "localhost",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, values]) =>
    [values ?? []].flat().map((value) => `${name}: ${value}`),
  );
  return [line, ...lines, "", ""].join("\r\n");
}

/** What a server answered to a request. */
export interface Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A client that is a TCP socket: says bytes, and notes what comes in words. */
export class RawClient {
  readonly socket: Socket;
  /** One entry per frame: `text hello`, `pong`, `close 1002`; then `end`. */
  readonly heard: string[] = [];
  #bytes = Buffer.alloc(0);
  #answer: Answer | undefined;
  #awaited: { readonly holds: () => boolean; readonly resolve: () => void } | undefined;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1" });
    this.socket.setNoDelay(true);
    this.socket.on("data", (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#read();
      this.#look();
    });
    this.socket.on("error", () => {}); // told by its close
    this.socket.on("close", () => {
      this.heard.push("end");
      this.#look();
    });
  }

  /** Asks for a WebSocket. @returns what is answered; status 0 if nothing is */
  async ask(request: string): Promise<Answer> {
    this.socket.write(request, "latin1");
    await this.until(() => this.#answer !== undefined || this.heard.includes("end"));
    return this.#answer ?? { status: 0, headers: {} };
  }

  /** Writes bytes in pieces of this size, each by itself. */
  async say(bytes: Buffer, size = bytes.length): Promise<void> {
    for (let at = 0; at < bytes.length && !this.socket.destroyed; at += size) {
      await new Promise((resolve) => this.socket.write(bytes.subarray(at, at + size), resolve));
      if (size < bytes.length) await new Promise(setImmediate);
    }
  }

  /** Resolves when this holds; rejects after a deadline. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Heard no more than ${this.heard}`)), DEADLINE_MS);
      this.#awaited = {
        holds,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      this.#look();
    });
  }

  #look(): void {
    if (!this.#awaited?.holds()) return;
    const { resolve } = this.#awaited;
    this.#awaited = undefined;
    resolve();
  }

  #read(): void {
    if (this.#answer === undefined && !this.#readAnswer()) return;
    for (let end = this.#frameEnd(); end <= this.#bytes.length; end = this.#frameEnd()) {
      this.heard.push(wordsOf(this.#bytes.subarray(0, end)));
      this.#bytes = this.#bytes.subarray(end);
    }
  }

  #readAnswer(): boolean {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const [line = "", ...lines] = this.#bytes.toString("latin1", 0, end).split("\r\n");
    const headers = lines.map((text) => [
      text.split(":", 1)[0]?.toLowerCase(),
      text.replace(/^[^:]*:\s*/, ""),
    ]);
    this.#answer = { status: Number(line.split(" ")[1]), headers: Object.fromEntries(headers) };
    this.#bytes = this.#answer.status === 101 ? this.#bytes.subarray(end + 4) : Buffer.alloc(0);
    return this.#answer.status === 101;
  }

  /** Where the first frame ends, as far as that is known. */
  #frameEnd(): number {
    if (this.#bytes.length < 2) return 2;
    const short = (this.#bytes[1] as number) & 0x7f;
    if (short < 126) return 2 + short;
    const head = short === 126 ? 4 : 10;
    if (this.#bytes.length < head) return head;
    return head + (short === 126 ? this.#bytes.readUInt16BE(2) : Number(this.#bytes.readBigUInt64BE(2)));
  }
}

const NAMES: Readonly<Record<number, string>> = { 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong" };
/** Longer payloads are noted by their length and their beginning. */
const SHOWN = 200;

function wordsOf(bytes: Buffer): string {
  const first = bytes[0] as number;
  const short = (bytes[1] as number) & 0x7f;
  const payload = bytes.subarray(short < 126 ? 2 : short === 126 ? 4 : 10);
  const opcode = first & 0x0f;
  const name = NAMES[opcode] ?? `opcode ${opcode}`;
  if (opcode === CLOSE) return payload.length === 0 ? name : `${name} ${payload.readUInt16BE(0)}`;
  const content = (first & 0x40) === 0 ? payload : inflate(payload);
  return noted(name, content);
}

/** Of a message that its sender compressed by itself. */
function inflate(payload: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
}

/** As `RawClient.heard` has it. */
export function noted(name: string, content: string | Buffer): string {
  const bytes = Buffer.from(content);
  const text = bytes.toString("latin1");
  return bytes.length <= SHOWN
    ? `${name} ${text}`.trimEnd()
    : `${name} ${bytes.length}: ${text.slice(0, SHOWN)}`;
}
