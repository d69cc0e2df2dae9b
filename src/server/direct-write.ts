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
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
  /** Bytes that wait in libuv. */
  readonly writeQueueSize: number;
}

/** Node's request for a write; it needs one only if the write has to wait. */
interface WriteRequest {
  oncomplete?: (this: WriteRequest, status: number) => void;
  /** Kept alive while it waits. */
  buffer?: Buffer;
  writer?: DirectWriter;
  socket?: DirectSocket;
}

/** What is needed of a socket. */
export type DirectSocket = Pick<Socket, "writable" | "writableLength" | "writableCorked" | "destroy">;
type SocketWithHandle = DirectSocket & { readonly _handle?: Handle | null };

let Request: (new () => WriteRequest) | undefined;
/** The request of the last write, if it was not needed. */
let spare: WriteRequest | undefined;

/**
 * Writes if it can be done directly and in order.
 *
 * @returns whether it did; if not, nothing was written
 */
export function writeDirectly(socket: DirectSocket, bytes: Buffer, writer: DirectWriter): boolean {
  const { _handle: handle } = socket as SocketWithHandle;
  // What went through the stream and is still there goes first.
  if (!handle || socket.writableLength > 0 || socket.writableCorked > 0 || !socket.writable) return false;
  if (Request === undefined) {
    learn(handle);
    return false;
  }
  const request = spare ?? new Request();
  const failed = handle.writeBuffer(request, bytes) !== 0;
  if (failed)
    socket.destroy(); // it is gone; its close event tells whom it concerns
  else if (handle.writeQueueSize > 0) wait(request, socket, bytes, writer);
  else spare = request;
  return true;
}

/** Whether a socket's handle is a plain TCP or local one, and has what is needed. */
export function canWriteDirectly(socket: object): socket is DirectSocket {
  const handle = (socket as { _handle?: Partial<Handle> | null })._handle;
  return (
    (handle?.constructor.name === "TCP" || handle?.constructor.name === "Pipe") &&
    typeof handle.writeBuffer === "function" &&
    typeof handle.writeQueueSize === "number"
  );
}

/** Takes the class of requests from the next one that Node makes: nothing public leads to it. */
function learn(handle: Handle): void {
  handle.writeBuffer = function learning(this: Handle, request, bytes) {
    Request = request.constructor as new () => WriteRequest;
    Reflect.deleteProperty(handle, "writeBuffer"); // the one of its prototype is in view again
    return this.writeBuffer(request, bytes);
  };
}

function wait(request: WriteRequest, socket: DirectSocket, bytes: Buffer, writer: DirectWriter): void {
  spare = undefined;
  request.oncomplete = onComplete;
  request.buffer = bytes;
  request.writer = writer;
  request.socket = socket;
  writer.waiting(bytes.length);
}

function onComplete(this: WriteRequest, status: number): void {
  if (this.buffer) this.writer?.waiting(-this.buffer.length);
  if (status < 0) this.socket?.destroy();
}
