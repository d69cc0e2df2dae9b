import { constants, deflateRawSync, type ZlibOptions } from "node:zlib";
import { isPublication, type OutboundPacket } from "../../../protocol/encode.ts";
import { deflatedFrame, payloads } from "../../../protocol/frames.ts";
import type { PerMessageDeflate } from "../../options.ts";

/** What clients are compressed for, of the option `perMessageDeflate`. */
export interface DeflateSettings {
  /** Bytes from which on a message is compressed. */
  readonly threshold: number;
  readonly zlib: Pick<ZlibOptions, "level" | "memLevel" | "strategy">;
}

/** Who is told what compressing came to. */
export interface DeflateOwner {
  compressed(): void;
  failed(error: unknown): void;
}

/** As `ws` has it. */
const DEFAULT_THRESHOLD = 1024;
/**
 * Bytes that are compressed at once at most; what goes beyond, of one message or of one batch, goes out as it
 * is. Compressing is done where the message is sent, so that the order stays, and nothing else happens
 * meanwhile: with zlib's own level this much takes about 9 ms.
 */
const AT_ONCE = 512 * 1024;
/** What a flush ends with, which both sides leave out. [RFC 7692, 7.2.1] */
const TAIL_LENGTH = 4;

/** @throws {RangeError | TypeError} for settings that zlib does not take, and for a threshold that is none */
export function deflateSettings(given: PerMessageDeflate): DeflateSettings {
  const { threshold = DEFAULT_THRESHOLD, zlibDeflateOptions } = typeof given === "boolean" ? {} : given;
  if (typeof threshold !== "number" || !(threshold >= 0)) {
    throw new RangeError("threshold must be a number from 0 on");
  }
  const { level, memLevel, strategy } = (zlibDeflateOptions ?? {}) as ZlibOptions;
  const zlib = Object.fromEntries(
    Object.entries({ level, memLevel, strategy }).filter(([, value]) => value !== undefined),
  );
  deflateRawSync("", zlib); // it looks at what it is given
  return { threshold, zlib };
}

/**
 * Compresses messages for the clients of one window size. Each message by itself: what a client got before
 * plays no part, so that one frame serves all of them. [RFC 7692, permessage-deflate]
 *
 * zlib's memory is taken for each message and given back at once, however many clients there are.
 */
export class Deflater {
  readonly #settings: DeflateSettings;
  readonly #windowBits: number;
  readonly #owner: DeflateOwner;
  /** By the very Buffer that those get who do not compress. */
  readonly #shared = new WeakMap<Buffer, Buffer>();

  constructor(settings: DeflateSettings, windowBits: number, owner: DeflateOwner) {
    this.#settings = settings;
    this.#windowBits = windowBits;
    this.#owner = owner;
  }

  /** Frames that many clients get: compressed for the first of them, once for all. */
  shared(frames: Buffer): Buffer {
    if (frames.length < this.#settings.threshold) return frames;
    let deflated = this.#shared.get(frames);
    if (deflated === undefined) {
      deflated = this.#deflate(frames);
      this.#shared.set(frames, deflated);
    }
    return deflated;
  }

  /**
   * The frame of packets for one client alone. An answer or a transmission is compressed; what is made of a
   * publication for each subscriber (by middleware, or gathered in a batch) is not: it would be done as often
   * as there are subscribers.
   */
  own(frame: Buffer, packets: OutboundPacket | readonly OutboundPacket[]): Buffer {
    if (frame.length < this.#settings.threshold) return frame;
    const isPerSubscriber = Array.isArray(packets) || isPublication(packets);
    return isPerSubscriber ? frame : this.#deflate(frame);
  }

  #deflate(frames: Buffer): Buffer {
    const parts: Buffer[] = [];
    let at = 0;
    let left = AT_ONCE;
    let changed = false;
    for (const { bytes, text } of payloads(frames)) {
      const end = bytes.byteOffset - frames.byteOffset + bytes.length;
      const isLarge = bytes.length >= this.#settings.threshold && bytes.length <= left;
      const deflated = isLarge ? this.#message(bytes) : undefined;
      if (isLarge) left -= bytes.length;
      if (deflated !== undefined) changed = true;
      parts.push(deflated === undefined ? frames.subarray(at, end) : deflatedFrame(deflated, text));
      at = end;
    }
    if (!changed) return frames;
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  }

  /** `undefined` for what does not become smaller. */
  #message(bytes: Buffer): Buffer | undefined {
    try {
      const deflated = deflateRawSync(bytes, {
        ...this.#settings.zlib,
        windowBits: this.#windowBits,
        finishFlush: constants.Z_SYNC_FLUSH,
      });
      this.#owner.compressed();
      const length = deflated.length - TAIL_LENGTH;
      return length < bytes.length ? deflated.subarray(0, length) : undefined;
    } catch (error) {
      this.#owner.failed(error); // no memory: it can do without
      return undefined;
    }
  }
}
