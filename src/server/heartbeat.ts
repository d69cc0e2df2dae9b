import type { Clock, Timer } from "../runtime/clock.ts";

/** What the heartbeat must know of a connection, and may do with it. */
export interface Pulse {
  /** When the peer was last heard, by `Heartbeat.now`. Set by the connection, a plain number. */
  lastHeard: number;
  /** When it is pinged next. */
  nextPing: number;
  /** Its handshake must have come by then; `Infinity` once it has. */
  handshakeBy: number;
  /** It must have taken something by then, if bytes wait for it. Only the heartbeat sets it. */
  tookBy: number;
  /** Where the wheel keeps it; -1 when it does not. Only the heartbeat touches it. */
  slot: number;
  /** Whether pings go to it yet. */
  readonly pingable: boolean;
  ping(): void;
  /** Nothing was heard for `pingTimeout`. The connection leaves the heartbeat. */
  timedOut(): void;
  /** Knows whether nothing waits for the peer, or it took something since this was asked last. */
  readonly outbox: { hasMoved(): boolean };
  /** Bytes waited for `pingTimeout`, and it took none of them. The connection leaves the heartbeat. */
  tookNothing(): void;
  /** No handshake came in time. The connection leaves the heartbeat. */
  handshakeTimedOut(): void;
}

export interface HeartbeatTimes {
  readonly pingInterval: number;
  readonly pingTimeout: number;
  readonly pingTimeoutDisabled: boolean;
  readonly handshakeTimeout: number;
}

const SLOTS = 64;
/** Of the shortest time, how much a deadline may be missed by: 1/16. */
const PRECISION = 16;
const MAX_TICK_MS = 250;

/**
 * Pings and timeouts of all connections with one timer.
 *
 * A wheel of slots, of which each tick visits the next. A connection stands in the slot of its next
 * deadline; hearing from it moves nothing, it only sets a number, and when its slot comes up it is put
 * where its deadline is by then. So a tick costs what is due in it, and a message costs an assignment.
 * Deadlines are met up to two ticks late, never early.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #wheel: Set<Pulse>[] = Array.from({ length: SLOTS }, () => new Set());
  #current = 0;
  #size = 0;
  #timer: Timer | undefined;
  /** May be changed while it runs; for each connection they count from its next deadline on. */
  times: HeartbeatTimes;
  /** When the last tick was, by the clock. */
  #ticked = 0;
  /** The time of the last tick: exact enough for what it is compared with, and free to read. */
  now: number;

  constructor(clock: Clock, times: HeartbeatTimes) {
    this.#clock = clock;
    this.times = times;
    const shortest = Math.min(times.pingInterval, times.pingTimeout, times.handshakeTimeout);
    this.#tickMs = Math.max(1, Math.min(MAX_TICK_MS, shortest / PRECISION));
    this.now = clock.now();
  }

  /** Connections under watch. */
  get size(): number {
    return this.#size;
  }

  /** Watches a new connection. The timer runs only while there are any. */
  add(pulse: Pulse): void {
    if (this.#timer === undefined) {
      this.#ticked = this.#clock.now();
      this.#timer = this.#clock.every(this.#tickMs, this.#tick);
    }
    const { now } = this;
    pulse.lastHeard = now;
    pulse.nextPing = now + this.times.pingInterval;
    pulse.tookBy = now + this.times.pingTimeout;
    pulse.handshakeBy = now + this.times.handshakeTimeout;
    this.#size += 1;
    this.#place(pulse);
  }

  /** The handshake is done: from now on there are pings. */
  opened(pulse: Pulse): void {
    if (pulse.slot < 0) return;
    pulse.handshakeBy = Infinity;
    pulse.nextPing = this.now + this.times.pingInterval;
    this.#wheel[pulse.slot]?.delete(pulse);
    this.#place(pulse);
  }

  /** Watches one that timed out on, as if it had been heard now. */
  forgive(pulse: Pulse): void {
    pulse.lastHeard = this.now;
    this.#size += 1;
    if (this.#timer === undefined) {
      this.#ticked = this.#clock.now();
      this.#timer = this.#clock.every(this.#tickMs, this.#tick);
    }
    this.#place(pulse);
  }

  remove(pulse: Pulse): void {
    if (pulse.slot < 0) return;
    this.#wheel[pulse.slot]?.delete(pulse);
    pulse.slot = -1;
    this.#size -= 1;
    if (this.#size === 0) this.stop();
  }

  /** Stops the timer until another connection comes. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #place(pulse: Pulse): void {
    const ticks = Math.ceil((this.#deadline(pulse) - this.now) / this.#tickMs);
    // Further away than the wheel is long: looked at once on the way, and put on.
    const ahead = Math.min(SLOTS - 1, Math.max(1, ticks));
    pulse.slot = (this.#current + ahead) % SLOTS;
    this.#wheel[pulse.slot]?.add(pulse);
  }

  #deadline(pulse: Pulse): number {
    const { pingTimeout, pingTimeoutDisabled } = this.times;
    if (pingTimeoutDisabled) return pulse.handshakeBy;
    const ping = pulse.pingable ? pulse.nextPing : Infinity;
    return Math.min(pulse.handshakeBy, ping, pulse.lastHeard + pingTimeout, pulse.tookBy);
  }

  readonly #tick = (): void => {
    // After a process stood still, what clients said meanwhile has yet to be read: time goes on by ticks.
    const real = this.#clock.now();
    this.now += Math.min(real - this.#ticked, 2 * this.#tickMs);
    this.#ticked = real;
    this.#current = (this.#current + 1) % SLOTS;
    const slot = this.#wheel[this.#current];
    if (slot === undefined || slot.size === 0) return;
    this.#wheel[this.#current] = new Set();
    for (const pulse of slot) {
      // What one visit closes may stand further back in the same slot.
      if (pulse.slot === this.#current) this.#visit(pulse);
    }
  };

  #visit(pulse: Pulse): void {
    const { pingInterval, pingTimeout, pingTimeoutDisabled } = this.times;
    const { now } = this;
    if (now >= pulse.handshakeBy) {
      this.#leave(pulse);
      pulse.handshakeTimedOut();
      return;
    }
    if (!pingTimeoutDisabled) {
      // `lastHeard` is the tick before the message, so a full tick is granted.
      if (now >= pulse.lastHeard + pingTimeout + this.#tickMs) {
        this.#leave(pulse);
        pulse.timedOut();
        return;
      }
      if (pulse.outbox.hasMoved()) pulse.tookBy = now + pingTimeout;
      else if (now >= pulse.tookBy) {
        this.#leave(pulse);
        pulse.tookNothing();
        return;
      }
      if (pulse.pingable && now >= pulse.nextPing) {
        pulse.nextPing = now + pingInterval;
        pulse.ping();
      }
    }
    this.#place(pulse);
  }

  #leave(pulse: Pulse): void {
    pulse.slot = -1;
    this.#size -= 1;
    if (this.#size === 0) this.stop();
  }
}
