import { BadEntryError } from "../../link/entries.ts";
import type { LinkHandle } from "../../link/link.ts";
import { compareVersions, NO_VERSION, type RingVersion } from "../../pubsub/version.ts";
import type { CurrentRing } from "../ring/current-ring.ts";
import { type Ring, tooFarAhead } from "../ring/ring.ts";
import { parseRing } from "./peer-hello.ts";

/**
 * The ring as it travels on one link. Both ends say their version first and after each change, and the one
 * with the newer ring sends it ahead of anything else; so a change that scc-state could tell only one member
 * still reaches everybody, and each end knows under which version the other speaks.
 */
export class LinkRing {
  readonly #current: CurrentRing;
  readonly #link: LinkHandle;
  #peer: RingVersion = NO_VERSION;

  constructor(current: CurrentRing, link: LinkHandle) {
    this.#current = current;
    this.#link = link;
  }

  /** Whether what the other side says now is said under the ring that is current here. */
  get isSame(): boolean {
    return this.#current.isAt(this.#peer);
  }

  /**
   * The other side is at this ring from here on.
   *
   * @throws {BadEntryError} if it is too far ahead of the one here, which ends the link
   */
  peerHas(ring: Ring): void {
    const trouble = tooFarAhead(ring, this.#current.version);
    if (trouble !== undefined) throw new BadEntryError(trouble);
    this.#peer = ring.version;
    if (!this.#current.offer(ring)) this.#sendIfNewer();
  }

  /** As `peerHas`, for a ring as it comes. */
  peerSent(json: string): void {
    this.peerHas(parseRing(json));
  }

  /** The other side is at this version from here on. */
  peerAt(version: RingVersion): void {
    this.#peer = version;
    this.#sendIfNewer();
  }

  /** A ring was adopted here: says so, with the ring itself where the other side may not have it. */
  adopted(): void {
    if (this.isSame) this.#link.entries.version(this.#current.version);
    else this.#send();
  }

  #sendIfNewer(): void {
    if (compareVersions(this.#current.version, this.#peer) > 0) this.#send();
  }

  #send(): void {
    this.#link.entries.ring(JSON.stringify(this.#current.ring));
  }
}
