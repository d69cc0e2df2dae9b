/** Channels one direction of a link may call by number at a time. */
export const NAME_TABLE_SIZE = 65_536;
/** Of these numbers so many, the highest, are for long names: a table of nothing but those would take gigabytes. */
const LONG_NAMES = 256;
/** Characters from which on a name is long. */
const LONG_NAME = 257;

/**
 * The numbers under which the sender of a link names channels: a table of fixed size. When it is full, the
 * number that was given longest ago is given anew, which is safe at any time: entries are read in order.
 * Both sides keep at most 16 Mi characters of short names, and as many of long ones.
 */
export class NameTable {
  readonly #numbers = new Map<string, number>();
  readonly #short: Cycle;
  readonly #long: Cycle;
  readonly #announce: (number: number, channel: string) => void;

  /** @param announce tells the other side what a number means from here on */
  constructor(
    announce: (number: number, channel: string) => void,
    size = NAME_TABLE_SIZE,
    long = LONG_NAMES,
  ) {
    this.#announce = announce;
    this.#short = new Cycle(0, size - long);
    this.#long = new Cycle(size - long, long);
  }

  /** The channel's number; announced if the other side does not know it. */
  numberOf(channel: string): number {
    return this.#numbers.get(channel) ?? this.#assign(channel);
  }

  #assign(channel: string): number {
    const cycle = channel.length < LONG_NAME ? this.#short : this.#long;
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
  readonly #first: number;
  readonly #size: number;
  readonly #names: string[] = [];
  #turn = 0;

  constructor(first: number, size: number) {
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
