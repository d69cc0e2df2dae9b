import type { MemoryLimits } from "../../runtime/memory.ts";
import { TurnBudget, turnTimes } from "./turn-budget.ts";

type Task = () => void;

/** What JSON can take in memory once it is parsed, bytes per byte: `{}` takes 64, and objects without a key in common more. */
const PARSED_PER_BYTE = 32;
/** Parts of the heap for parsed messages that are not dealt with, and of the process's memory for bytes that wait. */
const PARSED_SHARE = 8;
const WAITING_SHARE = 8;
const MIN_BYTES = 1024 * 1024;

/**
 * What of a process's memory and time goes to what clients sent and is not dealt with yet, over all connections. Each
 * connection has its own bounds besides; these hold when many come together.
 */
export class Intake {
  readonly budget: TurnBudget;
  readonly parsed: ParsedMessages;
  /** Bytes of messages that wait unparsed. */
  waitingBytes = 0;
  readonly #maxWaitingBytes: number;

  constructor(now: () => number, memory: MemoryLimits) {
    this.budget = new TurnBudget(turnTimes(now));
    this.parsed = new ParsedMessages(
      Math.max(MIN_BYTES, memory.heap / PARSED_SHARE / PARSED_PER_BYTE),
      this.budget,
    );
    this.#maxWaitingBytes = Math.max(MIN_BYTES, memory.total / WAITING_SHARE);
  }

  /** Whether so much waits that nobody is read for whom anything does. */
  get isFull(): boolean {
    return this.waitingBytes > this.#maxWaitingBytes;
  }
}

/**
 * Messages that were parsed and are still in memory: middleware decides about them, or the application has not
 * consumed them. Counted by the bytes they came in.
 */
export class ParsedMessages {
  readonly maxBytes: number;
  readonly #budget: TurnBudget;
  #bytes = 0;
  readonly #waiting = new Set<Task>();

  /** @param budget gives those who waited for room their turns */
  constructor(maxBytes: number, budget: TurnBudget) {
    this.maxBytes = maxBytes;
    this.#budget = budget;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#bytes >= this.maxBytes;
  }

  /** Those who wait for room. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
    if (this.isFull || this.#waiting.size === 0) return;
    for (const task of this.#waiting) this.#budget.wait(task);
    this.#waiting.clear();
  }

  /** Calls `task` once when there is room again; it may be gone by then. */
  wait(task: Task): void {
    this.#waiting.add(task);
  }

  /** Who waited does not want it any more. */
  forget(task: Task): void {
    this.#waiting.delete(task);
  }
}
