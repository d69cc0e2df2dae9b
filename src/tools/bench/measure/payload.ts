import { STAMP_LENGTH } from "./stamp.ts";

const BEFORE = '{"s":"';
const BETWEEN = '","x":"';
const END = '"}';

/** The least that the data of a publication can be, bytes. */
export const LEAST_PAYLOAD = BEFORE.length + STAMP_LENGTH + BETWEEN.length + END.length;

/** The data of publications: a JSON object with the stamp, filled up to a size. */
export class Payload {
  readonly before = Buffer.from(BEFORE);
  readonly after: Buffer;
  readonly length: number;

  /** @param bytes length of the JSON text, at least `LEAST_PAYLOAD` */
  constructor(bytes: number) {
    const filler = Array.from({ length: bytes - LEAST_PAYLOAD }, (_, at) => 97 + (at % 26));
    this.after = Buffer.from(`${BETWEEN}${Buffer.from(filler).toString()}${END}`);
    this.length = bytes;
  }

  /** The whole data of the publication with this stamp, as JSON text. */
  text(stamp: string): string {
    return `${BEFORE}${stamp}${this.after.toString()}`;
  }
}
