import { CALL, writeCall } from "../dialect/calls.ts";
import type { Dialect } from "../dialect/dialect.ts";
import type { Payload } from "../measure/payload.ts";
import { STAMP_LENGTH, type Stamp } from "../measure/stamp.ts";
import { headerLength, writeHeader } from "./frames.ts";

/** A publication on one channel as bytes, without the stamp and the number of the call. */
interface Template {
  /** Header and everything up to the stamp. */
  readonly before: Buffer;
  /** Behind the data. */
  readonly after: Buffer;
  readonly length: number;
  /** Where the number of the call stands in the frame. */
  readonly callAt: number;
}

/** Makes the frames of publications. All on one channel are equally long, so that little has to be written. */
export class Publications {
  readonly #dialect: Dialect;
  readonly #payload: Payload;
  readonly #nameOf: (channel: number) => string;
  readonly #templates: (Template | undefined)[] = [];

  constructor(dialect: Dialect, payload: Payload, nameOf: (channel: number) => string) {
    this.#dialect = dialect;
    this.#payload = payload;
    this.#nameOf = nameOf;
  }

  /** The frame of the publication with this stamp. */
  frame(stamp: Stamp): Buffer {
    const { before, after, length, callAt } = this.#template(stamp.channel);
    const tail = this.#payload.after;
    const frame = Buffer.allocUnsafe(length);
    let at = before.copy(frame);
    stamp.write(frame, at);
    at += STAMP_LENGTH;
    at += tail.copy(frame, at);
    after.copy(frame, at);
    writeCall(frame, callAt, stamp.number);
    return frame;
  }

  #template(channel: number): Template {
    let template = this.#templates[channel];
    if (template === undefined) {
      template = this.#makeTemplate(channel);
      this.#templates[channel] = template;
    }
    return template;
  }

  #makeTemplate(channel: number): Template {
    const { before, after } = this.#dialect.publication(this.#nameOf(channel));
    const start = Buffer.concat([Buffer.from(before), this.#payload.before]);
    const end = Buffer.from(after);
    const length = Buffer.byteLength(before) + this.#payload.length + end.length;
    const header = Buffer.allocUnsafe(headerLength(length));
    writeHeader(header, 0, length);
    const callAt = before.includes(CALL)
      ? header.length + Buffer.from(before).indexOf(CALL)
      : header.length + length - end.length + end.indexOf(CALL);
    return { before: Buffer.concat([header, start]), after: end, length: header.length + length, callAt };
  }
}
