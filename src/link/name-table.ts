/** Channels one direction of a link may call by number at a time. */
export const NAME_TABLE_SIZE = 65_536;

/**
 * The numbers under which the sender of a link names channels: a table of fixed size. When it is full, the
 * number that was given longest ago is given anew, which is safe at any time: entries are read in order.
 */
export class NameTable {
  readonly #size: number;
  readonly #numbers = new Map<string, number>();
  readonly #announce: (number: number, channel: string) => void;

  /** @param announce tells the other side what a number means from here on */
  constructor(announce: (number: number, channel: string) => void, size = NAME_TABLE_SIZE) {
    this.#announce = announce;
    this.#size = size;
  }

  /** The channel's number; announced if the other side does not know it. */
  numberOf(channel: string): number {
    return this.#numbers.get(channel) ?? this.#assign(channel);
  }

  #assign(channel: string): number {
    let number = this.#numbers.size;
    if (number >= this.#size) {
      // A Map remembers the order of insertion: the first key was given its number longest ago.
      for (const [oldest, itsNumber] of this.#numbers) {
        this.#numbers.delete(oldest);
        number = itsNumber;
        break;
      }
    }
    this.#numbers.set(channel, number);
    this.#announce(number, channel);
    return number;
  }
}
