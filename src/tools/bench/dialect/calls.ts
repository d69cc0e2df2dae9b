/** Calls of publications are numbered from here, so that all numbers have as many digits. */
export const FIRST_CALL = 1_000_000_000;
export const CALL_DIGITS = 10;
/** Stands for the number of a call in a text, and is as long as one. */
export const CALL = "##########";

const ZERO = 0x30;
const LONGEST_NUMBER = 15;

/** The number whose digits begin at `at`; -1 if there is none, or it ends elsewhere than in front of `close`. */
export function numberBefore(bytes: Buffer, at: number, close: number): number {
  let value = 0;
  for (let place = at; place < at + LONGEST_NUMBER; place++) {
    const byte = bytes[place] ?? 0;
    if (byte === close) return place === at ? -1 : value;
    const digit = byte - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return -1;
}

/** Writes the number of a publication's call. */
export function writeCall(bytes: Buffer, at: number, number: number): void {
  let rest = FIRST_CALL + number;
  for (let place = at + CALL_DIGITS - 1; place >= at; place--) {
    const shorter = Math.floor(rest / 10);
    bytes[place] = ZERO + (rest - shorter * 10);
    rest = shorter;
  }
}

/** What an error in an answer says. */
export function errorText(error: unknown): string {
  if (typeof error === "string") return error;
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
  if (typeof message === "string") return typeof name === "string" ? `${name}: ${message}` : message;
  return JSON.stringify(error);
}
