import { closeCode } from "../protocol/close-codes.ts";
import { Latencies } from "../runtime/latency.ts";
import type { SlowReason } from "./outbound/slow-consumers.ts";

/** Errors that have a label of their own; applications throw what they like, and labels are bounded. */
const NAMED_ERRORS: ReadonlySet<string> = new Set([
  "AuthError",
  "AuthTokenError",
  "AuthTokenExpiredError",
  "AuthTokenInvalidError",
  "AuthTokenNotBeforeError",
  "BadConnectionError",
  "BrokerError",
  "InvalidActionError",
  "InvalidArgumentsError",
  "InvalidMessageError",
  "NewChannelLimitError",
  "PublishRefusedError",
  "PublishTimeoutError",
  "ServerProtocolError",
  "SilentMiddlewareBlockedError",
  "SocketProtocolError",
  "SubscribeRefusedError",
  "SubscribeTimeoutError",
  "TimeoutError",
]);

/** What happened since the start, as plain numbers: counting costs an addition. Metrics read them. */
export class Counters {
  /** Connections that finished their handshake. */
  handshakes = 0;
  /** WebSockets refused at the upgrade, or closed before their handshake was done. */
  aborted = 0;
  /** Upgrades refused because there were as many clients as there may be. */
  full = 0;
  messagesIn = 0;
  bytesIn = 0;
  /** Messages to clients: a publication to three subscribers counts three. */
  messagesOut = 0;
  bytesOut = 0;
  /** Calls of the operating system to write to clients' sockets: at most one per connection and turn. */
  writes = 0;
  /** Clients closed because they did not read fast enough, by the reason. */
  readonly slow: Record<SlowReason, number> = { own: 0, total: 0, stalled: 0 };
  /** Clients that are not read now, because what they publish cannot be passed on; and how often it came to that. */
  heldBack = 0;
  holdBacks = 0;
  /** Messages compressed: a publication counts once, however many get it. */
  compressions = 0;
  /** Publications that a slow consumer did not get, so that it could stay. */
  droppedPublications = 0;
  /** How often errors were told, by their names; those of applications are "other". */
  readonly errors = new Map<string, number>();
  /** How often connections ended, by code; codes that applications chose are "other". */
  readonly closes = new Map<string, number>();
  /** From a client's publish to its acknowledgement, by the level that was asked for. */
  readonly acknowledgements = { worker: new Latencies(), replica: new Latencies(), usual: new Latencies() };

  get slowConsumers(): number {
    const { own, total, stalled } = this.slow;
    return own + total + stalled;
  }

  closed(code: number): void {
    increment(this.closes, closeCode(code) === undefined ? "other" : String(code));
  }

  failed(error: unknown): void {
    const name = error instanceof Error ? error.name : "";
    increment(this.errors, NAMED_ERRORS.has(name) ? name : "other");
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
