import { Budgets } from "../../runtime/budgets.ts";
import { networkOf } from "../../runtime/network.ts";

/** Wrong keys in a row that an address may try, and how long until it may try one more, ms. */
const OWN = { most: 5, refillMs: 10_000, remembered: 10_000 };
/** The same for the addresses of one site, where one host can have thousands: an IPv6 network of 48 bits. */
const SITE = { most: 200, refillMs: 1000, remembered: 1000 };
const SITE_BITS = 48;

/**
 * How often somebody may guess the key. There is no limit over all: whoever reached it would keep out those who have
 * the key. Pure: the time (ms) comes in as an argument.
 */
export class LoginLimit {
  readonly #byAddress = new Budgets(OWN);
  readonly #bySite = new Budgets(SITE);

  /** Addresses remembered now; at most 10,000. */
  get size(): number {
    return this.#byAddress.size;
  }

  /** Takes one try. @returns how long to wait for one, ms; 0 if it was there */
  take(address: string, now: number): number {
    const network = networkOf(address);
    const waitMs = this.#byAddress.waitFor(network, now);
    if (waitMs > 0) return waitMs;
    const site = networkOf(address, SITE_BITS);
    // An address of IPv4 has no site.
    const siteWaitMs = site === network ? 0 : this.#bySite.take(site, now);
    return siteWaitMs > 0 ? siteWaitMs : this.#byAddress.take(network, now);
  }

  /** The key was right: whoever has it need not guess. */
  succeeded(address: string): void {
    this.#byAddress.refill(networkOf(address));
  }
}
