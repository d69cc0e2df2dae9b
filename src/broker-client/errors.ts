import { SccError } from "../runtime/errors.ts";

/** A publish was not confirmed within the publish limit. */
export class PublishTimeoutError extends SccError {
  readonly code = "SCC_PUBLISH_TIMEOUT";
  override readonly name = "PublishTimeoutError";
  override readonly retryable = true;
  /** Whether the message may have arrived, or may still arrive. */
  readonly mayStillArrive: boolean;

  constructor(channel: string, limitMs: number, mayStillArrive: boolean) {
    super(
      `Cannot publish to ${quoted(channel)}: no broker confirmed it within ${limitMs} ms; ${fateOf(mayStillArrive)}`,
    );
    this.mayStillArrive = mayStillArrive;
  }
}

/**
 * A publish was not taken: too much waits already, this worker stops, the channel's broker will not have it, or
 * (then it is not retryable) it is too large.
 */
export class PublishRefusedError extends SccError {
  readonly code = "SCC_PUBLISH_REFUSED";
  override readonly name = "PublishRefusedError";
  override readonly retryable: boolean;
  /** Whether an earlier attempt to send it may have arrived. */
  readonly mayStillArrive: boolean;

  constructor(channel: string, reason: string, { mayStillArrive = false, retryable = true } = {}) {
    super(`Cannot publish to ${quoted(channel)}: ${reason}; ${fateOf(mayStillArrive)}`);
    this.mayStillArrive = mayStillArrive;
    this.retryable = retryable;
  }
}

/** The channel's owner will not begin with one channel more. */
export class SubscribeRefusedError extends SccError {
  readonly code = "SCC_SUBSCRIBE_REFUSED";
  override readonly name = "SubscribeRefusedError";
  override readonly retryable = true;

  constructor(channel: string, reason: string) {
    super(`Cannot subscribe to ${quoted(channel)}: ${reason}; try again later`);
  }
}

/** The channel's owner did not answer in time. */
export class SubscribeTimeoutError extends SccError {
  readonly code = "SCC_SUBSCRIBE_TIMEOUT";
  override readonly name = "SubscribeTimeoutError";
  override readonly retryable = true;

  constructor(channel: string, limitMs: number) {
    super(`Cannot subscribe to ${quoted(channel)}: no broker answered within ${limitMs} ms`);
  }
}

function fateOf(mayStillArrive: boolean): string {
  return mayStillArrive ? "it may still arrive" : "it did not happen and will not";
}

/** A name as it may stand in a message: not longer than a line. */
function quoted(channel: string): string {
  return JSON.stringify(channel.length > 100 ? `${channel.slice(0, 100)}...` : channel);
}
