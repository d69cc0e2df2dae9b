import type { OutboundPacket } from "../../protocol/encode.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";

/** Packets, and bytes of publications, with which a batch is sent before its time. */
const MAX_PACKETS = 1_000;
const MAX_BYTES = 1024 * 1024;

/**
 * Gathers one connection's packets, to be sent as one message. A connection has one only once somebody asked
 * for batches: what a turn sends goes out in one write anyway.
 */
export class Batching {
  readonly #clock: Clock;
  readonly #send: (packets: readonly OutboundPacket[]) => void;
  #packets: OutboundPacket[] = [];
  #bytes = 0;
  #gathering = false;
  #timer: Timer | undefined;
  /** Asked for by `start`, rather than only for the time after the handshake. */
  #lasting = false;

  constructor(clock: Clock, send: (packets: readonly OutboundPacket[]) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Whether packets are to be pushed rather than sent. */
  get gathering(): boolean {
    return this.#gathering;
  }

  /** Whether batches follow one another until stopped. */
  get lasting(): boolean {
    return this.#lasting;
  }

  /** @param bytes how long its data are, if that is known */
  push(packet: OutboundPacket, bytes = 0): void {
    this.#packets.push(packet);
    this.#bytes += bytes;
    if (this.#packets.length >= MAX_PACKETS || this.#bytes >= MAX_BYTES) this.#sendAll();
  }

  /** Starts one batch; what an unfinished one holds is dropped, as in the original. */
  begin(): void {
    this.#gathering = true;
    this.#drop();
  }

  /** Sends the batch, if there is anything in it, and gathers no more. */
  flush(): void {
    this.#gathering = false;
    if (this.#packets.length > 0) this.#sendAll();
  }

  /** Drops the batch, and gathers no more. */
  cancel(): void {
    this.#gathering = false;
    this.#drop();
  }

  /** Batches from now on, one every `intervalMs`. */
  start(intervalMs: number): void {
    this.#lasting = true;
    this.#repeat(intervalMs);
  }

  /** Batches for `durationMs`, unless `start` made it last by then. */
  startFor(durationMs: number, intervalMs: number): void {
    this.#repeat(intervalMs);
    this.#clock.after(durationMs, () => {
      if (!this.#lasting && this.#timer !== undefined) this.stop();
    });
  }

  /** Sends what was gathered, and then everything at once again. */
  stop(): void {
    this.#end();
    this.flush();
  }

  /** Like `stop`, but drops what was gathered. */
  abandon(): void {
    this.#end();
    this.cancel();
  }

  #sendAll(): void {
    const packets = this.#packets;
    this.#drop();
    this.#send(packets);
  }

  #drop(): void {
    this.#packets = [];
    this.#bytes = 0;
  }

  #repeat(intervalMs: number): void {
    if (this.#timer !== undefined) return;
    this.begin();
    this.#timer = this.#clock.every(intervalMs, () => {
      this.flush();
      this.begin();
    });
  }

  #end(): void {
    this.#lasting = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
