import type { Dialect } from "../dialect/dialect.ts";
import type { Payload } from "../measure/payload.ts";
import { MARKER, STAMP_LENGTH, Stamp } from "../measure/stamp.ts";
import type { Traffic } from "../measure/traffic.ts";

const OPENING_BRACKET = 0x5b;

/** Reads what comes to subscribers: finds the stamps, and looks at some of the messages as a whole. */
export class Deliveries {
  readonly #dialect: Dialect;
  readonly #payload: Payload;
  readonly #nameOf: (channel: number) => string;
  readonly #traffic: Traffic;
  readonly #checkEvery: number;
  readonly #stamp = new Stamp();
  /** Deliveries until the next one that is looked at as a whole. */
  #untilCheck: number;
  /** Where the stamp was in the last message, which is where it mostly is in the next. */
  #usualPlace = 0;

  constructor(setup: {
    readonly dialect: Dialect;
    readonly payload: Payload;
    readonly nameOf: (channel: number) => string;
    readonly traffic: Traffic;
    readonly checkEvery: number;
  }) {
    this.#dialect = setup.dialect;
    this.#payload = setup.payload;
    this.#nameOf = setup.nameOf;
    this.#traffic = setup.traffic;
    this.#checkEvery = setup.checkEvery;
    this.#untilCheck = setup.checkEvery;
  }

  /**
   * Takes in a message to a subscriber: one delivery, or a batch of them.
   *
   * @returns false if there was none in it
   */
  read(subscriber: number, bytes: Buffer, start: number, end: number, now: number): boolean {
    let at = this.#find(bytes, start, end);
    if (at < 0) return false;
    this.#usualPlace = at - start;
    this.#one(subscriber, bytes, start, end, at, now);
    if (bytes[start] !== OPENING_BRACKET) return true;
    for (;;) {
      at = markerAfter(bytes, at + STAMP_LENGTH + this.#payload.after.length, end);
      if (at < 0) return true;
      this.#one(subscriber, bytes, start, end, at, now);
    }
  }

  #find(bytes: Buffer, start: number, end: number): number {
    const usual = start + this.#usualPlace;
    if (usual < end && bytes[usual] === MARKER) return usual;
    return markerAfter(bytes, start, end);
  }

  // biome-ignore lint/complexity/useMaxParams: an object for each delivery would have to be collected
  #one(subscriber: number, bytes: Buffer, start: number, end: number, at: number, now: number): void {
    const stamp = this.#stamp;
    if (at + STAMP_LENGTH > end || !stamp.read(bytes, at)) {
      this.#traffic.wrong("a stamp that is not whole");
      return;
    }
    if (!this.#traffic.delivered(subscriber, stamp, now)) return;
    if (--this.#untilCheck > 0) return;
    this.#untilCheck = this.#checkEvery;
    this.#check(bytes.toString("utf8", start, end), bytes.toString("latin1", at, at + STAMP_LENGTH));
  }

  /** Whether the delivery with this stamp has the channel and the data that were published. */
  #check(message: string, stampText: string): void {
    const expected = this.#payload.text(stampText);
    const name = this.#nameOf(this.#stamp.channel);
    let heard: ReturnType<Dialect["read"]>;
    try {
      heard = this.#dialect.read(message, undefined);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#traffic.wrong("a message that is no packet");
      return;
    }
    const ours = heard.filter((each) => each.kind === "delivery" && hasStamp(each.data, stampText));
    const intact = ours.find((each) => "data" in each && JSON.stringify(each.data) === expected);
    if (intact === undefined) this.#traffic.wrong("data that are not as published");
    else if ("channel" in intact && intact.channel !== name) this.#traffic.wrong("on another channel");
  }
}

function hasStamp(data: unknown, stamp: string): boolean {
  return (data as { readonly s?: unknown } | null | undefined)?.s === stamp;
}

/** Where the next marker is; -1 if there is none before `end`. */
function markerAfter(bytes: Buffer, from: number, end: number): number {
  for (let at = from; at < end; at++) if (bytes[at] === MARKER) return at;
  return -1;
}
