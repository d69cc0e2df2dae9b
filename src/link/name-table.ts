/** Channels one direction of a link may call by number at a time. */
export const NAME_TABLE_SIZE = 65_536;
/** How the numbers are shared by names of up to so many characters: a table of nothing but long ones would take gigabytes. */
const SHARES: readonly Share[] = [
  { upTo: 64, numbers: NAME_TABLE_SIZE - 8192 },
  { upTo: 256, numbers: 8128 },
  { upTo: Infinity, numbers: 64 },
];

interface Share {
  /** Characters. */
  readonly upTo: number;
  readonly numbers: number;
}

/**
 * The numbers under which the sender of a link names channels: a table of fixed size. When it is full, the
 * number that was given longest ago is given anew, which is safe at any time: entries are read in order.
 * Both sides keep at most 10 Mi characters: 3.5 Mi of names of 64, 2 Mi of such of 256, 4 Mi of the longest.
 */
export class NameTable {
  readonly #numbers = new Map<string, number>();
  readonly #cycles: readonly Cycle[];
  readonly #announce: (number: number, channel: string) => void;

  /**
   * @param announce tells the other side what a number means from here on
   * @param shares by length, the shortest first; the last takes names of any
   */
  constructor(announce: (number: number, channel: string) => void, shares = SHARES) {
    this.#announce = announce;
    let first = 0;
    this.#cycles = shares.map(({ upTo, numbers }) => {
      const cycle = new Cycle(first, numbers, upTo);
      first += numbers;
      return cycle;
    });
  }

  /** The channel's number; announced if the other side does not know it. */
  numberOf(channel: string): number {
    return this.#numbers.get(channel) ?? this.#assign(channel);
  }

  #assign(channel: string): number {
    const cycle = this.#cycles.find(({ upTo }) => channel.length <= upTo) as Cycle;
    const number = cycle.next;
    const before = cycle.put(channel);
    if (before !== undefined) this.#numbers.delete(before);
    this.#numbers.set(channel, number);
    this.#announce(number, channel);
    return number;
  }
}

/** Numbers that are given in turn, and who has them. */
class Cycle {
  readonly upTo: number;
  readonly #first: number;
  readonly #size: number;
  readonly #names: string[] = [];
  #turn = 0;

  constructor(first: number, size: number, upTo: number) {
    this.upTo = upTo;
    this.#first = first;
    this.#size = size;
  }

  get next(): number {
    return this.#first + this.#turn;
  }

  /** Gives the next number. @returns who had it before */
  put(name: string): string | undefined {
    const before = this.#names[this.#turn];
    this.#names[this.#turn] = name;
    this.#turn = (this.#turn + 1) % this.#size;
    return before;
  }
}
