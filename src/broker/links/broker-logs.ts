import type { Offer } from "../../cluster/peer/log-transfer.ts";
import type { Port } from "../../cluster/peer/port.ts";
import type { Holder } from "../../cluster/replica/holder.ts";
import { KeeperLogs } from "../../cluster/replica/keeper-logs.ts";
import type { Owner } from "../owner/owner.ts";
import type { Canaries } from "./canaries.ts";

/** What a broker does with what other members say of logs: it owns some, and keeps copies of others. */
export class BrokerLogs extends KeeperLogs {
  readonly #owner: Owner;
  readonly #canaries: Canaries;

  constructor(holder: Holder, owner: Owner, canaries: Canaries) {
    super(holder);
    this.#owner = owner;
    this.#canaries = canaries;
  }

  override offered(from: Port, channel: string, offer: Omit<Offer, "from">): void {
    this.#owner.offered(from, channel, offer);
  }

  override done(from: Port): void {
    this.#owner.done(from);
    this.#canaries.review();
  }

  /** A log came here to be followed, or because this broker owns it now and asked for it. */
  override ended(from: Port, channel: string, next: number): void {
    const log = this.holder.arrived(from, channel, next);
    if (this.#owner.owns(channel)) this.#owner.arrived(from, log);
    else this.holder.follow(from, log);
  }

  override copied(from: Port, count: number): void {
    this.#owner.copied(from, count);
  }

  override recopy(from: Port, channel: string): void {
    this.#owner.recopy(from, channel);
  }
}
