/** For how long a name is remembered at least, while there is room, ms. */
const REMEMBERED_MS = 60_000;
/** Names that are remembered at least, where they are short. */
const NAMES = 65_536;
/** Characters of these names together. */
const CHARACTERS = 4 * 2 ** 20;

/**
 * Names that came of late, in two generations: the younger is filled until it is full or old, and takes the place of the
 * older then. Bounded: twice as many names, twice as many characters. The time is handed in.
 */
export class RecentNames {
  readonly #most: number;
  #young = new Set<string>();
  #old = new Set<string>();
  #characters = 0;
  #since = -Infinity;

  /** @param most names in each generation; default 65,536 */
  constructor(most = NAMES) {
    this.#most = most;
  }

  /** Whether a name was added, or asked for, within the last minute; one or two, as it comes. */
  has(name: string, now: number): boolean {
    if (this.#young.has(name)) return now - this.#since < REMEMBERED_MS || this.#renew(name, now);
    return this.#old.has(name) && this.#renew(name, now);
  }

  add(name: string, now: number): void {
    const isOld = now - this.#since >= REMEMBERED_MS;
    const isFull = this.#young.size >= this.#most || this.#characters + name.length > CHARACTERS;
    if (isOld || isFull) {
      this.#old = now - this.#since >= 2 * REMEMBERED_MS ? new Set() : this.#young;
      this.#young = new Set();
      this.#characters = 0;
      this.#since = now;
    }
    if (this.#young.has(name)) return;
    this.#young.add(name);
    this.#characters += name.length;
  }

  /** A name that is in use stays, unless all that is remembered is too old to count. */
  #renew(name: string, now: number): boolean {
    if (now - this.#since >= 2 * REMEMBERED_MS) return false;
    this.add(name, now);
    return true;
  }
}
