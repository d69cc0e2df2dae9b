import { BadEntryError } from "../link/entries.ts";
import type { LinkHandle } from "../link/link.ts";
import { NAME_TABLE_SIZE, NameTable } from "../link/name-table.ts";
import { RefuseAll } from "../link/refuse-all.ts";
import type { RingVersion } from "../pubsub/version.ts";
import type { CurrentRing } from "./current-ring.ts";
import { LinkRing } from "./link-ring.ts";
import type { Hello } from "./peer-hello.ts";

/**
 * What both ends of a link between a worker and a broker have in common: the ring travels on it, and channels
 * are called by number.
 *
 * Three lifetimes meet here. Everything in a port ends with its connection: tables, positions, what was asked.
 * What is remembered of a channel's number (a slot) ends earlier, when the number is given anew, and is told
 * again then. What was said under an older ring was not looked at, and is said again under the newer one.
 *
 * @typeParam S what an end remembers of a channel that the other side has named
 */
export abstract class Port<S> extends RefuseAll {
  readonly link: LinkHandle;
  /** The ring on this link. */
  readonly linkRing: LinkRing;
  /** The numbers under which this end names channels. */
  readonly names: NameTable;
  readonly #named: (channel: string) => S;
  readonly #slots: (S | undefined)[] = [];

  /** @param named what to remember of a channel that the other side names */
  constructor(link: LinkHandle, ring: CurrentRing, hello: Hello, named: (channel: string) => S) {
    super();
    this.link = link;
    this.linkRing = new LinkRing(ring, link);
    this.names = new NameTable((number, channel) => {
      link.entries.name(number, channel);
      this.announced(number, channel);
    });
    this.#named = named;
    link.entries.hello(JSON.stringify(hello));
  }

  /**
   * A number of ours means this channel from here on. Whatever the other side knew of the number is gone by
   * then, also where it meant this channel before.
   */
  announced(_number: number, _channel: string): void {}

  /** A ring was adopted here. */
  adopted(): void {
    this.linkRing.adopted();
  }

  override ring(json: string): void {
    this.linkRing.peerSent(json);
  }

  override version(version: RingVersion): void {
    this.linkRing.peerAt(version);
  }

  override beat(received: number): void {
    this.link.acknowledged(received);
  }

  override name(number: number, channel: string): void {
    if (number >= NAME_TABLE_SIZE) throw new BadEntryError(`there is no channel number ${number}`);
    this.#slots[number] = this.#named(channel);
  }

  /** @throws {BadEntryError} if the other side has not named this number */
  slot(number: number): S {
    const slot = this.#slots[number];
    if (slot === undefined) throw new BadEntryError(`channel number ${number} has no name`);
    return slot;
  }
}
