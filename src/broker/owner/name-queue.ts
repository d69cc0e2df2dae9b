/**
 * Names that wait, each once, in the order in which they came; any of them can be taken out. Taking the first costs the
 * same however many were taken before: a Set, asked for its first, walks over the places of all of those.
 */
export class NameQueue {
  #names: string[] = [];
  #start = 0;
  readonly #waiting = new Set<string>();

  get size(): number {
    return this.#waiting.size;
  }

  has(name: string): boolean {
    return this.#waiting.has(name);
  }

  add(name: string): void {
    if (this.#waiting.has(name)) return;
    this.#waiting.add(name);
    this.#names.push(name);
  }

  /** @returns whether it waited */
  delete(name: string): boolean {
    return this.#waiting.delete(name);
  }

  /** Takes the first; undefined when there is none. */
  take(): string | undefined {
    while (this.#start < this.#names.length) {
      const name = this.#names[this.#start] as string;
      this.#start += 1;
      if (this.#waiting.delete(name)) return name;
    }
    this.#names = [];
    this.#start = 0;
    return undefined;
  }
}
