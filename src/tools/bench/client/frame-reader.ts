/** What comes out of frames. Bytes are only good until the call returns. */
export interface MessageSink {
  /** A text or binary message: `bytes` from `start` to `end`. */
  message(bytes: Buffer, start: number, end: number): void;
  pinged(payload: Buffer): void;
  /** The server wants to close. */
  closing(code: number, reason: string): void;
}

const FIN = 0x80;
const WHOLE_TEXT = 0x81;
const LARGEST_FRAME = 64 * 1024 * 1024;
const NO_CODE = 1005;

/** Thrown for what no server may send. */
export class ProtocolError extends Error {}

/**
 * Finds messages in what a server sends, however it is cut into pieces: several frames in one, one frame in
 * several, a message in several frames. Between whole frames it keeps nothing.
 */
export class FrameReader {
  /** Pieces of a frame that has not come whole, and how many bytes it takes to get on. */
  #pieces: Buffer[] | undefined;
  #have = 0;
  #need = 0;
  /** Payloads of a message that has not come whole. */
  #fragments: Buffer[] | undefined;
  #ended = false;

  /** Nothing is read any more, also of what is being read. */
  end(): void {
    this.#ended = true;
    this.#pieces = undefined;
    this.#fragments = undefined;
  }

  /**
   * Takes in the first `length` bytes of `chunk`, which may be overwritten afterwards.
   *
   * @throws {ProtocolError} for what no server may send
   */
  read(chunk: Buffer, length: number, sink: MessageSink): void {
    if (this.#pieces === undefined) return this.#frames(chunk, length, sink);
    this.#pieces.push(Buffer.from(chunk.subarray(0, length)));
    this.#have += length;
    if (this.#have < this.#need) return;
    const bytes = Buffer.concat(this.#pieces, this.#have);
    this.#pieces = undefined;
    this.#frames(bytes, bytes.length, sink);
  }

  #frames(bytes: Buffer, end: number, sink: MessageSink): void {
    let at = 0;
    while (at < end && !this.#ended) {
      const header = headerLength(bytes, at, end);
      if (end - at < header) return this.#keep(bytes, at, end, header);
      const start = at + header;
      const size = payloadLength(bytes, at);
      if (size > end - start) return this.#keep(bytes, at, end, header + size);
      if (bytes[at] === WHOLE_TEXT && this.#fragments === undefined) sink.message(bytes, start, start + size);
      else this.#other(bytes[at] ?? 0, bytes.subarray(start, start + size), sink);
      at = start + size;
    }
  }

  #keep(bytes: Buffer, at: number, end: number, need: number): void {
    this.#pieces = [Buffer.from(bytes.subarray(at, end))];
    this.#have = end - at;
    this.#need = need;
  }

  #other(first: number, payload: Buffer, sink: MessageSink): void {
    switch (first & 0x0f) {
      case 0:
      case 1:
      case 2:
        return this.#fragment(first, payload, sink);
      case 8: {
        const code = payload.length >= 2 ? payload.readUInt16BE() : NO_CODE;
        return sink.closing(code, payload.toString("utf8", 2));
      }
      case 9:
        return sink.pinged(payload);
      case 10:
        return;
      default:
        throw new ProtocolError(`a frame with opcode ${first & 0x0f}`);
    }
  }

  #fragment(first: number, payload: Buffer, sink: MessageSink): void {
    const continues = (first & 0x0f) === 0;
    if (continues !== (this.#fragments !== undefined)) throw new ProtocolError("a fragment out of place");
    this.#fragments ??= [];
    this.#fragments.push(Buffer.from(payload));
    if ((first & FIN) === 0) return;
    const message = Buffer.concat(this.#fragments);
    this.#fragments = undefined;
    sink.message(message, 0, message.length);
  }
}

/** Bytes of the header at `at`; of one that is not there yet, as many as it takes to get on. */
function headerLength(bytes: Buffer, at: number, end: number): number {
  if (end - at < 2) return 2;
  const second = bytes[at + 1] ?? 0;
  if (second >= 0x80) throw new ProtocolError("a masked frame");
  if ((bytes[at] ?? 0) & 0x70) throw new ProtocolError("a frame with reserved bits");
  return second < 126 ? 2 : second === 126 ? 4 : 10;
}

function payloadLength(bytes: Buffer, at: number): number {
  const second = bytes[at + 1] ?? 0;
  if (second < 126) return second;
  if (second === 126) return bytes.readUInt16BE(at + 2);
  const length = Number(bytes.readBigUInt64BE(at + 2));
  if (length > LARGEST_FRAME) throw new ProtocolError(`a frame of ${length} bytes`);
  return length;
}
