/**
 * What every publication carries, so that each delivery can be told apart and timed: 28 characters of a
 * JSON string that no server has a reason to change.
 *
 *     ~ publisher(3) channel(4) sequence(5) number(6) time(8) check(1)      digits in base 64
 *
 * Nothing else in a publication contains the marker `~`.
 */
export const MARKER = 0x7e;
export const STAMP_LENGTH = 28;

/** What fits in a stamp. */
export const MOST_PUBLISHERS = 2 ** 18;
export const MOST_CHANNELS = 2 ** 24;
export const MOST_SEQUENCES = 2 ** 30;

const DIGITS = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
const VALUES = new Int8Array(256).fill(-1);
for (const [value, digit] of DIGITS.entries()) VALUES[digit] = value;

const TWO_POW_24 = 2 ** 24;

/** One stamp, read or to be written. It is used again and again, so that a delivery allocates nothing. */
export class Stamp {
  /** Who published: number within the generator. */
  publisher = 0;
  channel = 0;
  /** How-manieth publication of the publisher on the channel, from 0. */
  sequence = 0;
  /** How-manieth publication of the generator, from 0. */
  number = 0;
  /** Intended time of sending, whole µs on the generator's clock. */
  time = 0;

  /** Writes it, marker included; `bytes` must have room for `STAMP_LENGTH`. */
  write(bytes: Buffer, at: number): void {
    bytes[at] = MARKER;
    writeDigits(bytes, at + 1, 3, this.publisher);
    writeDigits(bytes, at + 4, 4, this.channel);
    writeDigits(bytes, at + 8, 5, this.sequence);
    writeDigits(bytes, at + 13, 2, Math.floor(this.number / TWO_POW_24));
    writeDigits(bytes, at + 15, 4, this.number % TWO_POW_24);
    writeDigits(bytes, at + 19, 4, Math.floor(this.time / TWO_POW_24));
    writeDigits(bytes, at + 23, 4, this.time % TWO_POW_24);
    bytes[at + 27] = DIGITS[sumOfDigits(bytes, at) & 63] ?? 0;
  }

  /** Reads it. @returns false if there is none, or one in which a digit has changed */
  read(bytes: Buffer, at: number): boolean {
    if (bytes[at] !== MARKER || at + STAMP_LENGTH > bytes.length) return false;
    const sum = sumOfDigits(bytes, at);
    if (sum < 0 || (sum & 63) !== digit(bytes, at + 27)) return false;
    this.publisher = (digit(bytes, at + 1) << 12) | (digit(bytes, at + 2) << 6) | digit(bytes, at + 3);
    this.channel = fourDigits(bytes, at + 4);
    this.sequence = (fourDigits(bytes, at + 8) << 6) | digit(bytes, at + 12);
    this.number =
      ((digit(bytes, at + 13) << 6) | digit(bytes, at + 14)) * TWO_POW_24 + fourDigits(bytes, at + 15);
    this.time = fourDigits(bytes, at + 19) * TWO_POW_24 + fourDigits(bytes, at + 23);
    return true;
  }
}

/** Each digit times its place, so that two that changed places show as well; negative if one is no digit. */
function sumOfDigits(bytes: Buffer, at: number): number {
  let sum = 0;
  let all = 0;
  for (let place = 1; place < STAMP_LENGTH - 1; place++) {
    const value = digit(bytes, at + place);
    all |= value;
    sum += value * (2 * place + 1);
  }
  return all < 0 ? -1 : sum;
}

function digit(bytes: Buffer, at: number): number {
  return VALUES[bytes[at] ?? 0] ?? -1;
}

function fourDigits(bytes: Buffer, at: number): number {
  return (
    (digit(bytes, at) << 18) |
    (digit(bytes, at + 1) << 12) |
    (digit(bytes, at + 2) << 6) |
    digit(bytes, at + 3)
  );
}

function writeDigits(bytes: Buffer, at: number, count: number, value: number): void {
  let rest = value;
  for (let place = at + count - 1; place >= at; place--) {
    bytes[place] = DIGITS[rest & 63] ?? 0;
    rest >>>= 6;
  }
}
