import type { PublishFrames } from "../protocol/frames.ts";
import type { Publication } from "./publication.ts";

/**
 * The publications that one turn brought to one channel, in their order. Every subscriber gets the same
 * batch, and its bytes are made once, however many there are.
 */
export class Batch {
  readonly publications: readonly Publication[];
  readonly #frames: PublishFrames;
  #bytes: Buffer | undefined;

  constructor(frames: PublishFrames, publications: readonly Publication[]) {
    this.#frames = frames;
    this.publications = publications;
  }

  /** All of it as WebSocket frames, to be written to sockets as it stands. */
  get bytes(): Buffer {
    this.#bytes ??= this.#join();
    return this.#bytes;
  }

  #join(): Buffer {
    let length = 0;
    for (const { bytes } of this.publications) length += this.#frames.frameLength(bytes.length);
    const joined = Buffer.allocUnsafe(length);
    let at = 0;
    for (const { bytes } of this.publications) at = this.#frames.write(joined, at, bytes);
    return joined;
  }
}
