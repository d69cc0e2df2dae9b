import { type DataForm, PLAIN } from "../protocol/data-form.ts";

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
   * A publication of a value that is at hand here.
   *
   * @param form how the value is written; by default Buffers in it become `{base64: true, data}`
   * @throws {TypeError} if the value cannot be written as JSON (a cycle, a BigInt)
   */
  static of(channel: string, data: unknown, form: DataForm = PLAIN): Publication {
    const json = form.write(data);
    return new Publication(channel, json === undefined ? NOTHING : Buffer.from(json));
  }

  /** The data as a value: parsed when first asked for, shared by all who ask. */
  get data(): unknown {
    if (!this.#parsed) {
      this.#parsed = true;
      this.#data = PLAIN.read(this.bytes);
    }
    return this.#data;
  }

  /** The data as a value, read as they were written. */
  dataIn(form: DataForm): unknown {
    return form === PLAIN ? this.data : form.read(this.bytes);
  }
}

const NOTHING = Buffer.alloc(0);
