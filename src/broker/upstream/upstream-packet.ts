import { InvalidActionError } from "../../protocol/wire-errors.ts";
import type { Publication } from "../../pubsub/publication.ts";

/**
 * Messages in one packet of upstream's workers, which gather in it what one channel had in `SCC_PUB_SUB_BATCH_DURATION`:
 * so many in 100 ms are more than a worker of theirs can publish, and are put into a log in some 50 ms.
 */
export const MOST_MESSAGES = 5000;
/** Characters of what a worker of theirs calls itself; scc-state takes no longer names either. */
const LONGEST_SENDER = 100;
/** Workers of theirs that may publish here in the time that senders are remembered. */
export const MOST_SENDERS = 2000;
/** How long logs remember who published in them, ms, about. */
const REMEMBERED_MS = 60_000;

/** What upstream's workers publish on a channel of a broker: one packet with the messages of a while. */
export interface ClusterPacket {
  readonly channel: string;
  /** Empty if it does not say. */
  readonly sender: string;
  /** Each as JSON text. */
  readonly messages: readonly Buffer[];
  /** Bytes of all of them. */
  readonly size: number;
}

/**
 * Reads a packet of upstream's workers.
 *
 * @throws {InvalidActionError} if it is none, or more than one may hold
 */
export function clusterPacketOf(publication: Publication): ClusterPacket {
  const { channel } = publication;
  const { sender, messages } = partsOf(publication.data);
  if (messages.length > MOST_MESSAGES)
    throw refusal(
      `a packet holds ${messages.length} messages, at most ${MOST_MESSAGES} are allowed; gather for a shorter time`,
    );
  const bytes = messages.map(bytesOf);
  return { channel, sender, messages: bytes, size: bytes.reduce((sum, { length }) => sum + length, 0) };
}

function partsOf(data: unknown): { readonly sender: string; readonly messages: readonly unknown[] } {
  const { sender, messages } = Object(data) as { sender?: unknown; messages?: unknown };
  const name = sender ?? "";
  if (!Array.isArray(messages) || typeof name !== "string")
    throw refusal("{sender, messages: [...]} is expected");
  if (name.length > LONGEST_SENDER)
    throw refusal(`the sender's name has ${name.length} characters, at most ${LONGEST_SENDER} are allowed`);
  return { sender: name, messages };
}

/** They came as JSON: there is nothing in them that it has no words for. */
function bytesOf(message: unknown): Buffer {
  try {
    return Buffer.from(JSON.stringify(message));
  } catch {
    // V8 reads deeper nesting than it can write; a client's is bounded long before, other senders' is not.
    throw refusal("a message is nested too deeply");
  }
}

function refusal(reason: string): Error {
  return new InvalidActionError(`Cannot publish on a broker: ${reason}`);
}

/**
 * Who published lately. Each log, here and at its follower, remembers whom its messages are from, so that nobody must
 * be able to make up names without end. Pure: the time (ms) comes in as an argument.
 */
export class Senders {
  /** When each was heard last, the one that was longest silent first. */
  readonly #heardAt = new Map<string, number>();

  /** Whether one more message of this sender may be taken. */
  mayPublish(sender: string, now: number): boolean {
    if (!this.#heardAt.delete(sender)) this.#forget(now);
    if (this.#heardAt.size >= MOST_SENDERS) return false;
    this.#heardAt.set(sender, now);
    return true;
  }

  #forget(now: number): void {
    for (const [sender, heardAt] of this.#heardAt) {
      if (now - heardAt < REMEMBERED_MS) return;
      this.#heardAt.delete(sender);
    }
  }
}
