import { setTimeout as after } from "node:timers/promises";
import { describe } from "../../runtime/log.ts";
import { visible } from "../../runtime/visible.ts";
import type { Target } from "../client/flags.ts";
import { json, Output, type OutputStream } from "../client/output.ts";
import { PubSubClient } from "../client/pubsub-client.ts";
import type { Message } from "./messages.ts";
import { Pace } from "./pace.ts";
import { Window } from "./window.ts";

export interface PubOptions {
  readonly target: Target;
  readonly channel: string;
  readonly messages: AsyncIterable<Message>;
  /** Messages per second; undefined: as fast as they are acknowledged. */
  readonly rate: number | undefined;
  /** At most so many messages. */
  readonly count: number;
  readonly json: boolean;
}

export interface PubWorld {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stop: AbortSignal;
}

/** 0 everything was acknowledged, 1 something was not, 130 stopped before the end. */
export type PubOutcome = 0 | 1 | 130;

/** Messages that are sent and not acknowledged, at most. */
const WINDOW = 100;
/** Rejections that are told one by one; of more only the number. */
const TOLD = 10;

/** Counts what the server said, and tells the first rejections. */
class Answers {
  acknowledged = 0;
  rejected = 0;
  readonly #note: (text: string) => void;

  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  async watch(publish: Promise<void>, where: string): Promise<void> {
    try {
      await publish;
      this.acknowledged += 1;
    } catch (error) {
      this.rejected += 1;
      const { name } = error as Error;
      if (this.rejected <= TOLD) this.#note(`${where} was rejected: ${name}: ${describe(error)}`);
      if (this.rejected === TOLD + 1) this.#note("more were rejected; they are only counted");
    }
  }
}

/**
 * Publishes messages on a channel, in their order, and waits until all are acknowledged.
 *
 * @throws {ClientError} if the server cannot be reached, or a message cannot be read; what was read before is sent
 */
export async function runPub(options: PubOptions, { stdout, stderr, stop }: PubWorld): Promise<PubOutcome> {
  const output = new Output(stdout);
  const answers = new Answers((text) => stderr.write(`${visible(text)}\n`));
  const events = { published() {}, interrupted() {}, subscribed() {} };
  const client = new PubSubClient({ target: options.target, channels: [], isLasting: false, events });
  const stopped = new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener("abort", () => resolve(), { once: true });
  });
  try {
    await Promise.race([
      client.connect().then(() => publishAll(client, options, answers, stop)),
      client.failed,
      stopped,
    ]);
  } finally {
    client.close();
    report(output, options, answers);
    await output.flush();
  }
  if (stop.aborted) return 130;
  return answers.rejected === 0 ? 0 : 1;
}

async function publishAll(client: PubSubClient, options: PubOptions, answers: Answers, stop: AbortSignal) {
  const { channel, messages, rate, count } = options;
  const window = new Window(WINDOW);
  const pace = rate === undefined ? undefined : new Pace(rate);
  let left = count;
  try {
    for await (const { where, data } of messages) {
      const waitMs = pace?.next(performance.now()) ?? 0;
      if (waitMs >= 1) await after(waitMs);
      await window.room();
      if (stop.aborted) return;
      window.add(answers.watch(client.publish(channel, data), where));
      left -= 1;
      if (left === 0) break;
    }
  } finally {
    await window.empty();
  }
}

function report(
  output: Output,
  { channel, json: asJson }: PubOptions,
  { acknowledged, rejected }: Answers,
): void {
  if (asJson) output.line(json({ channel, acknowledged, rejected }));
  else output.line(`acknowledged: ${acknowledged}${rejected === 0 ? "" : `, rejected: ${rejected}`}`);
}
