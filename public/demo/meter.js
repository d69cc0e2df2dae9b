const WINDOW_SECONDS = 60;
const LATENCIES = 100;

/** Counts messages by the second, for the rate and its little graph. */
export class RateMeter {
  #seconds = new Array(WINDOW_SECONDS).fill(0);
  #current = 0;

  count() {
    this.#current += 1;
  }

  /** Closes the present second, and returns those of the last minute, oldest first. */
  tick() {
    this.#seconds = [...this.#seconds.slice(1), this.#current];
    this.#current = 0;
    return this.#seconds;
  }
}

/** Times one's own messages from publishing to their return through the channel, in ms. */
export class LatencyMeter {
  #sent = new Map();
  #latest = [];

  sent(id) {
    this.#sent.set(id, performance.now());
  }

  /** The message will not come back. */
  failed(id) {
    this.#sent.delete(id);
  }

  /** @returns how long it took, or undefined if it was not sent from this page */
  returned(id) {
    const sentAt = this.#sent.get(id);
    if (sentAt === undefined) return undefined;
    this.#sent.delete(id);
    const ms = performance.now() - sentAt;
    this.#latest = [...this.#latest, ms].slice(-LATENCIES);
    return ms;
  }

  /** Forgets what was on its way, as when the channel is changed. */
  forget() {
    this.#sent.clear();
  }

  get last() {
    return this.#latest.at(-1);
  }

  get median() {
    return [...this.#latest].sort((a, b) => a - b)[Math.floor(this.#latest.length / 2)];
  }
}

/** Points of a polyline, in a box of 120 by 24, for a row of values. */
export function sparkline(values) {
  const top = Math.max(1, ...values);
  const step = 120 / (values.length - 1);
  return values
    .map((value, index) => `${(index * step).toFixed(1)},${(23 - (value / top) * 22).toFixed(1)}`)
    .join(" ");
}

/** "0.8 ms", "14 ms". */
export function formatMs(ms) {
  if (ms === undefined) return "–";
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
