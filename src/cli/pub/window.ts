/** What is on its way at a time, and bounded. */
export class Window {
  readonly #size: number;
  #count = 0;
  #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Takes a place for a promise, until it is settled. */
  add(promise: Promise<unknown>): void {
    this.#count += 1;
    const left = (): void => {
      this.#count -= 1;
      for (const wake of this.#waiting.splice(0)) wake();
    };
    promise.then(left, left);
  }

  /** Resolves when there is a place. */
  async room(): Promise<void> {
    while (this.#count >= this.#size) await this.#change();
  }

  /** Resolves when nothing is on its way. */
  async empty(): Promise<void> {
    while (this.#count > 0) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
