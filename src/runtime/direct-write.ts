import type { Socket } from "node:net";

/**
 * Writing to a socket past its stream.
 *
 * `socket.write` keeps books for a stream that nobody here reads: a request object, a queue, a callback at the
 * end of the tick, for each write of each connection. Where the kernel takes the bytes at once, as it does unless
 * the peer is slow, none of it is needed, and a write costs a tenth less (docs/decisions.md). What is used is
 * what Node's own `net` calls, but not a public interface: it is looked at before it is used, and where anything
 * is not as expected, `socket.write` does it.
 */

/** Told of bytes that the kernel did not take at once. */
export interface DirectWriter {
  /** So many bytes wait; the same, negative, once they have gone or never will. */
  waiting(bytes: number): void;
}

/** The part of libuv's stream handle that is used. */
interface Handle {
  /** Bytes of the writes that wait which the kernel has not taken; `net` looks at it for its timeouts. */
  readonly writeQueueSize?: number;
  /**
   * Up to Node 25 it is given a request, and returns an error code; from Node 26 on it is given none, and returns
   * one instead of 0 if the write has to wait.
   */
  writeBuffer(request: WriteRequest | null, bytes: Buffer): number | WriteRequest;
}

/** Node's request for a write; it needs one only if the write has to wait. */
interface WriteRequest {
  /** Above 0 while the write waits: libuv has the request then, and it must not be used for another one. */
  getAsyncId(): number;
  /** From Node 26 on: how the write ended, if it did before anybody could be told. */
  readonly writeStatus?: number | null;
  oncomplete?: (this: WriteRequest, status: number) => void;
  /** Kept alive while it waits. */
  buffer?: Buffer;
  writer?: DirectWriter;
  socket?: DirectSocket;
}

/** What is needed of a socket. */
export type DirectSocket = Pick<Socket, "writable" | "writableLength" | "destroy">;
type SocketWithHandle = DirectSocket & { readonly _handle?: Handle | null };
/** @returns 0 if the kernel has taken all, the request if it has not, or an error code */
type Write = (handle: Handle, bytes: Buffer) => number | WriteRequest;

/** How it is done here. `undefined`: not known yet; `null`: not as expected, so that nothing is written directly. */
let write: Write | null | undefined;
/** Sockets of which a direct write waits. */
const waiting = new Set<DirectSocket>();

/**
 * Writes if it can be done directly and in order.
 *
 * @returns whether it did; if not, nothing was written
 */
export function writeDirectly(socket: DirectSocket, bytes: Buffer, writer: DirectWriter): boolean {
  const { _handle: handle } = socket as SocketWithHandle;
  // What went through the stream and is still there goes first.
  if (!handle || socket.writableLength > 0 || !socket.writable) return false;
  // Behind a write that waits the stream gathers the next ones: they would cost a request each, and a call each.
  if (waiting.size > 0 && waiting.has(socket)) return false;
  if (write === undefined) learn(handle);
  if (!write) return false;
  const result = write(handle, bytes);
  if (result === 0) return true;
  if (typeof result === "object" && result.getAsyncId() > 0) wait(result, socket, bytes, writer);
  else socket.destroy(); // it is gone; its close event tells whom it concerns
  return true;
}

/** Whether a socket's handle is a plain TCP or local one, and has what is needed. */
export function canWriteDirectly(socket: object): socket is DirectSocket {
  const handle = (socket as { _handle?: Partial<Handle> | null })._handle;
  return (
    write !== null &&
    (handle?.constructor.name === "TCP" || handle?.constructor.name === "Pipe") &&
    typeof handle.writeBuffer === "function"
  );
}

/**
 * A number of bytes that becomes less whenever the kernel takes something of what waits, also of a single large
 * write. It may count bytes twice, and is not to be taken for an amount.
 */
export function leftIn(socket: object): number {
  const { _handle: handle, writableLength = 0 } = socket as Partial<SocketWithHandle>;
  return writableLength + (handle?.writeQueueSize ?? 0);
}

/** Learns how it is done from the next write that Node does: nothing public leads to its requests. */
function learn(handle: Handle): void {
  handle.writeBuffer = function learning(this: Handle, request, bytes) {
    Reflect.deleteProperty(handle, "writeBuffer"); // the one of its prototype is in view again
    const result = this.writeBuffer(request, bytes);
    write = wayOf(request, result);
    return result;
  };
}

function wayOf(request: WriteRequest | null, result: unknown): Write | null {
  if (request === null) {
    const isAsExpected = typeof result === "number" || (typeof result === "object" && result !== null);
    return isAsExpected ? (handle, bytes) => handle.writeBuffer(null, bytes) : null;
  }
  const Request: unknown = request?.constructor;
  return typeof Request === "function" ? writeWith(Request as new () => WriteRequest) : null;
}

/** Writes with requests of this class, if they tell whether they are in use. One that was not needed is used again. */
function writeWith(Request: new () => WriteRequest): Write | null {
  let spare: WriteRequest | undefined = new Request();
  if (typeof spare.getAsyncId !== "function" || spare.getAsyncId() > 0) return null;
  return (handle, bytes) => {
    const request = spare ?? new Request();
    spare = undefined;
    const error = handle.writeBuffer(request, bytes);
    if (error !== 0) return error;
    // Not told by bytes that wait: the kernel may have taken them just after all, and the request is libuv's still.
    if (request.getAsyncId() > 0) return request;
    spare = request;
    return 0;
  };
}

function wait(request: WriteRequest, socket: DirectSocket, bytes: Buffer, writer: DirectWriter): void {
  request.oncomplete = onComplete;
  request.buffer = bytes;
  request.writer = writer;
  request.socket = socket;
  waiting.add(socket);
  writer.waiting(bytes.length);
  if (typeof request.writeStatus === "number") request.oncomplete(request.writeStatus);
}

function onComplete(this: WriteRequest, status: number): void {
  const { socket, buffer, writer } = this;
  if (!socket || !buffer) return;
  waiting.delete(socket);
  writer?.waiting(-buffer.length);
  if (status < 0) socket.destroy();
}
