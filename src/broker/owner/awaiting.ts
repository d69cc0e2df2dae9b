/** What a request that waits takes beside its bytes, about. */
const REQUEST_SIZE = 400;

/** Requests that wait until the log of their channel is served, in order. Bounded. Pure. */
export class Awaiting {
  readonly #tasks = new Map<string, (() => void)[]>();
  readonly #most: number;
  #bytes = 0;

  /** @param most bytes of requests that may wait, about; default 256 MiB: past it links are closed, and resume */
  constructor(most = 256 * 2 ** 20) {
    this.#most = most;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Channels that somebody waits for. */
  get channels(): string[] {
    return [...this.#tasks.keys()];
  }

  has(channel: string): boolean {
    return this.#tasks.has(channel);
  }

  /** @returns false if too much waits already */
  add(channel: string, bytes: number, task: () => void): boolean {
    if (this.#bytes > this.#most) return false;
    const tasks = this.#tasks.get(channel);
    // A name is kept here, whatever becomes of it elsewhere.
    const size = bytes + REQUEST_SIZE + (tasks === undefined ? channel.length : 0);
    this.#bytes += size;
    const counted = (): void => {
      this.#bytes -= size;
      task();
    };
    if (tasks) tasks.push(counted);
    else this.#tasks.set(channel, [counted]);
    return true;
  }

  run(channel: string): void {
    const tasks = this.#tasks.get(channel);
    if (tasks === undefined) return;
    this.#tasks.delete(channel);
    for (const task of tasks) task();
  }

  clear(): void {
    this.#tasks.clear();
    this.#bytes = 0;
  }
}
