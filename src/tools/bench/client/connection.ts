import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { FrameReader, type MessageSink, ProtocolError } from "./frame-reader.ts";
import { closeFrame, frame, PONG } from "./frames.ts";
import { localAddress, type Target } from "./target.ts";
import { Upgrade } from "./upgrade.ts";

/** Who is told what happens on a connection. */
export interface ConnectionOwner {
  /** The WebSocket is open. */
  opened(): void;
  /** A message: `bytes` from `start` to `end`, good until the call returns. */
  message(bytes: Buffer, start: number, end: number): void;
  /** It is over, told once. `reason` says why; absent if this side wanted it. */
  closed(reason: string | undefined): void;
}

const NORMAL = 1000;
/** What may wait to be sent on one connection, bytes. */
const MOST_UNSENT = 4 * 1024 * 1024;

/**
 * One buffer that all connections read into: what is read is handled at once, and what is kept of it is copied.
 */
const INPUT = Buffer.allocUnsafeSlow(256 * 1024);

/** The client's end of a WebSocket, made for having very many of them that mostly listen. */
export class Connection implements MessageSink {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #reader = new FrameReader();
  #upgrade: Upgrade | undefined = new Upgrade();
  #reason: string | undefined;
  #wanted = false;

  /** @param number of the connection over all generators */
  constructor(target: Target, number: number, owner: ConnectionOwner) {
    this.#owner = owner;
    const local = localAddress(target, number);
    const options = {
      host: target.address,
      port: target.port,
      noDelay: true,
      ...(local === undefined ? {} : { localAddress: local }),
      onread: { buffer: INPUT, callback: (length: number) => this.#read(length) },
    };
    const { tls } = target;
    this.#socket =
      tls === undefined
        ? connectTcp(options)
        : connectTls({ ...options, servername: tls.servername, secureContext: tls.context });
    this.#socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      this.#socket.write(this.#upgrade?.request(target.host, target.path) ?? "");
    });
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#reason ??= reasonOf(error);
    });
    this.#socket.once("close", () => {
      this.#reader.end();
      owner.closed(this.#wanted ? undefined : (this.#reason ?? "closed without a close frame (1006)"));
    });
  }

  /** Whether it can take more to be sent. */
  get ready(): boolean {
    return this.#socket.writableLength < MOST_UNSENT;
  }

  /** Sends frames that are ready. */
  send(frames: Buffer): void {
    this.#socket.write(frames);
  }

  /** From here on what is sent is gathered, until `uncork`. */
  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  /** Says goodbye; the server closes then. */
  close(): void {
    this.#wanted = true;
    if (this.#upgrade !== undefined) this.#socket.destroy();
    else this.#socket.write(closeFrame(NORMAL));
  }

  /** Ends it at once. @param reason what its owner is told; absent if this side wants it without fault */
  destroy(reason?: string): void {
    if (reason === undefined) this.#wanted = true;
    this.#reason ??= reason;
    this.#reader.end();
    // Without waiting in the system for what may still come: it would hold the port for a minute.
    this.#socket.resetAndDestroy();
  }

  message(bytes: Buffer, start: number, end: number): void {
    this.#owner.message(bytes, start, end);
  }

  pinged(payload: Buffer): void {
    this.#socket.write(frame(payload, PONG));
  }

  closing(code: number, reason: string): void {
    this.#reason ??= `closed by the server: ${code}${reason === "" ? "" : ` ${reason}`}`;
    this.#reader.end();
    this.#socket.end(closeFrame(NORMAL));
  }

  #read(length: number): boolean {
    try {
      if (this.#upgrade === undefined) this.#reader.read(INPUT, length, this);
      else this.#readUpgrade(INPUT.subarray(0, length));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.destroy(error.message);
    }
    return true;
  }

  #readUpgrade(bytes: Buffer): void {
    const rest = this.#upgrade?.read(bytes);
    if (rest === undefined) return;
    this.#upgrade = undefined;
    this.#owner.opened();
    if (rest.length > 0) this.#reader.read(rest, rest.length, this);
  }
}

/** "ECONNREFUSED", with what to do about it where the cause is on this side. */
function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "EMFILE" || code === "ENFILE")
    return `${code}: too many open files; raise the limit (ulimit -n) or use more generators`;
  if (code?.includes("CERT") === true) return `${code}: the certificate is not one that is trusted`;
  if (code === "EADDRNOTAVAIL") return `${code}: no local port is left for another connection`;
  return code ?? message;
}
