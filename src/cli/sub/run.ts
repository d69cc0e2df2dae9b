import { visible } from "../../runtime/visible.ts";
import { ClientError } from "../client/client-error.ts";
import type { Env, Target } from "../client/flags.ts";
import { hasColours, json, Output, type OutputStream } from "../client/output.ts";
import { PubSubClient } from "../client/pubsub-client.ts";

export interface SubOptions {
  readonly target: Target;
  readonly channels: readonly string[];
  /** How many messages to wait for; undefined: until stopped. */
  readonly count: number | undefined;
  readonly json: boolean;
  readonly text: boolean;
}

export interface SubWorld {
  readonly env: Env;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stop: AbortSignal;
}

/** 0 all that was wanted came, or it was stopped where no end was wanted; 130 stopped before the end. */
export type SubOutcome = 0 | 130;

/**
 * Prints what is published on some channels, a line each.
 *
 * @throws {ClientError} if the server cannot be reached, or refuses
 */
export async function runSub(options: SubOptions, world: SubWorld): Promise<SubOutcome> {
  const output = new Output(world.stdout);
  const note = (text: string): void => void world.stderr.write(`${visible(text)}\n`);
  const print = printer(options, hasColours(world.stdout, world.env));
  let left = options.count ?? Infinity;
  let done = (): void => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const client = new PubSubClient({
    target: options.target,
    channels: options.channels,
    isLasting: true,
    events: {
      published: (channel, data) => {
        if (left === 0) return;
        left -= 1;
        output.line(print(channel, data));
        if (left === 0) done();
      },
      interrupted: (reason) => note(`${reason}; trying again`),
      subscribed: () => note(`subscribed to ${options.channels.map(json).join(", ")}`),
    },
  });
  const ended = Promise.race([all, aborted(world.stop), aborted(output.closed)]);
  try {
    await Promise.race([client.connect().then(() => ended), ended, client.failed]);
  } finally {
    client.close();
    await output.flush();
  }
  if (output.failure) throw new ClientError(`Cannot write the messages: ${output.failure.message}`);
  return world.stop.aborted && options.count !== undefined && left > 0 ? 130 : 0;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function printer(
  { channels, json: asJson, text }: SubOptions,
  colours: boolean,
): (channel: string, data: unknown) => string {
  if (asJson) return (channel, data) => json({ channel, data });
  const shown = text ? (data: unknown) => (typeof data === "string" ? visible(data) : json(data)) : json;
  if (channels.length === 1) return (_channel, data) => shown(data);
  const name = (channel: string): string =>
    colours ? `\u001b[36m${visible(channel)}\u001b[39m` : visible(channel);
  return (channel, data) => `${name(channel)}\t${shown(data)}`;
}
