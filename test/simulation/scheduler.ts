/** Something that happens at a moment. */
export interface Happening {
  readonly at: number;
  readonly order: number;
  /** What happens; undefined once it was called off. */
  run: (() => void) | undefined;
}

/**
 * The time of a world, ms: what is due happens in the order of its time, and what is due together in the order
 * it was planned. A binary heap, since a world plans tens of thousands of things.
 */
export class Scheduler {
  #now = 0;
  #order = 0;
  readonly #heap: Happening[] = [];

  get now(): number {
    return this.#now;
  }

  /** Plans something; not before now. */
  at(time: number, run: () => void): Happening {
    this.#order += 1;
    const happening: Happening = { at: Math.max(time, this.#now), order: this.#order, run };
    this.#push(happening);
    return happening;
  }

  after(ms: number, run: () => void): Happening {
    return this.at(this.#now + ms, run);
  }

  /** Lets the next thing happen, unless it is due after `end`; returns whether there was one. */
  step(end: number): boolean {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#pop();
      const { run } = next;
      if (run === undefined) continue;
      next.run = undefined;
      this.#now = next.at;
      run();
      return true;
    }
    this.#now = Math.max(this.#now, end);
    return false;
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let index = heap.push(happening) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Happening;
      if (!isBefore(happening, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = happening;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Happening;
    const { length } = heap;
    if (length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(heap[child + 1] as Happening, heap[child] as Happening)) child += 1;
      if (!isBefore(heap[child] as Happening, last)) break;
      heap[index] = heap[child] as Happening;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
