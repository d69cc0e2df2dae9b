import { encodeData } from "../protocol/encode.ts";

/**
 * One message on a channel. Immutable, and carried as the bytes its publisher wrote: nobody on its way
 * parses them unless an application asks for `data`.
 * Whoever wants other data for one subscriber makes a new publication; nobody changes this one.
 */
export class Publication {
  readonly channel: string;
  /** The data as JSON text in UTF-8. Empty when the publisher gave none (`undefined`). */
  readonly bytes: Buffer;
  #data: unknown;
  #parsed: boolean;

  constructor(channel: string, bytes: Buffer) {
    this.channel = channel;
    this.bytes = bytes;
    this.#parsed = false;
  }

  /**
   * A publication of a value that is at hand here. Buffers in it become `{base64: true, data}`.
   *
   * @throws {TypeError} if the value cannot be written as JSON (a cycle, a BigInt)
   */
  static of(channel: string, data: unknown): Publication {
    const json = encodeData(data);
    return new Publication(channel, json === undefined ? NOTHING : Buffer.from(json));
  }

  /** The data as a value: parsed when first asked for, shared by all who ask. */
  get data(): unknown {
    if (!this.#parsed) {
      this.#parsed = true;
      this.#data = this.bytes.length === 0 ? undefined : JSON.parse(this.bytes.toString());
    }
    return this.#data;
  }
}

const NOTHING = Buffer.alloc(0);
