/** How much of the bound must be free again before those who were held back go on: half of it. */
const FREE = 2;

/**
 * What upstream's workers published here and no second broker holds yet. They know no windows: where it is more than
 * what one worker may have unconfirmed, their connections are not read. Pure.
 */
export class UnheldPackets {
  readonly #limit: () => number;
  /** Bytes by position. */
  readonly #sizes = new Map<number, number>();
  #bytes = 0;
  #position = 0;
  #room: Promise<void> | undefined;
  #makeRoom: (() => void) | undefined;

  /** @param limit bytes that may be here before nothing more should come; one packet always fits */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns what the packet is called when it is removed */
  add(size: number): number {
    this.#position += 1;
    this.#sizes.set(this.#position, size);
    this.#bytes += size;
    return this.#position;
  }

  remove(position: number): void {
    this.#bytes -= this.#sizes.get(position) ?? 0;
    this.#sizes.delete(position);
    this.#review();
  }

  /** Nobody will be told of any of them. */
  clear(): void {
    this.#sizes.clear();
    this.#bytes = 0;
    this.#review();
  }

  /** What to wait for before more is taken; one promise for all. Undefined if there is room. */
  get room(): Promise<void> | undefined {
    if (this.#bytes <= this.#limit()) return undefined;
    this.#room ??= new Promise((resolve) => {
      this.#makeRoom = resolve;
    });
    return this.#room;
  }

  #review(): void {
    if (this.#makeRoom === undefined || this.#bytes > this.#limit() / FREE) return;
    this.#makeRoom();
    this.#makeRoom = undefined;
    this.#room = undefined;
  }
}
