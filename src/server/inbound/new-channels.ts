import type { Hub } from "../../pubsub/hub.ts";
import { SccError, withoutStack } from "../../runtime/errors.ts";
import { RecentNames } from "./recent-names.ts";

/** In which one client may begin with so many channels; all of them at once if it likes, ms. */
const BUDGET_MS = 60_000;

/** A client begins with more new channels than it may (`newChannelsPerMinute`). */
export class NewChannelLimitError extends SccError {
  readonly code = "SCC_NEW_CHANNEL_LIMIT";
  override readonly name = "NewChannelLimitError";
  override readonly retryable = true;
  /** Ms from now on which it is worth trying again. */
  readonly retryAfter: number;

  constructor(limit: number, retryAfter: number) {
    super(
      `At most ${limit} channels a minute may be new here for one client (newChannelsPerMinute); try again in ${retryAfter} ms`,
    );
    this.retryAfter = retryAfter;
  }
}

/** What is remembered of a client's budget: one number, so that an idle connection costs nothing. */
export interface NewChannelBudget {
  /** When all that it began with is paid for, ms of the core's clock. */
  newChannelsPaidAt: number;
}

/**
 * Which channels are new to this process, and how many of those one client may begin with.
 *
 * A channel costs brokers memory from its first subscription or publish on, until a minute after its last. So one that
 * somebody here is subscribed to, or has published to of late, is paid for, and all others cost whoever begins with them.
 * The time is handed in.
 */
export class NewChannels {
  readonly #hub: Hub;
  readonly #published: RecentNames;

  constructor(hub: Hub, published = new RecentNames()) {
    this.#hub = hub;
    this.#published = published;
  }

  /** A client subscribes. @param limit new channels a minute; 0: as many as it likes */
  subscribe(budget: NewChannelBudget, channel: string, limit: number, now: number): Error | undefined {
    if (limit === 0 || this.#hub.has(channel) || this.#published.has(channel, now)) return undefined;
    return pay(budget, limit, now);
  }

  /** The last subscriber of this process has left a channel: brokers keep it for a while all the same. */
  leave(channel: string, now: number): void {
    if (!this.#hub.has(channel)) this.#published.add(channel, now);
  }

  /** A client publishes. @param limit as for `subscribe` */
  publish(budget: NewChannelBudget, channel: string, limit: number, now: number): Error | undefined {
    if (limit === 0 || this.#hub.has(channel) || this.#published.has(channel, now)) return undefined;
    const refused = pay(budget, limit, now);
    if (refused === undefined) this.#published.add(channel, now);
    return refused;
  }
}

/** Each channel is paid for a while behind the one before; nobody may be behind by more than a minute. */
function pay(budget: NewChannelBudget, limit: number, now: number): NewChannelLimitError | undefined {
  const paidAt = Math.max(budget.newChannelsPaidAt, now) + BUDGET_MS / limit;
  const behind = paidAt - now - BUDGET_MS;
  // Sums of fractions: a budget is not smaller by one for what they lack.
  if (behind > 0.001) return withoutStack(() => new NewChannelLimitError(limit, Math.ceil(behind)));
  budget.newChannelsPaidAt = paidAt;
  return undefined;
}
