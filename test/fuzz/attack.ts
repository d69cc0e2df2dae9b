import { Random } from "../simulation/random.ts";
import type { Connection } from "./connection.ts";
import { broken, controls, inParts, type Message, whole } from "./frames.ts";
import type { Known, Target } from "./targets.ts";

/** Conversations at a time. */
const TOGETHER = 12;

export interface AttackOptions {
  readonly frames: number;
  readonly seed: number;
  /** Is told now and then how many frames were sent. */
  readonly progress: (frames: number) => void;
  /** Whether there is somebody left to be attacked. */
  readonly goesOn: () => boolean;
}

export interface AttackResult {
  readonly frames: number;
  /** How conversations ended, and how often each. */
  readonly ends: ReadonlyMap<string, number>;
}

/** Holds conversations with a target until so many frames were sent. What is said depends on the seed alone. */
export async function attack(target: Target, known: Known, options: AttackOptions): Promise<AttackResult> {
  const ends = new Map<string, number>();
  let frames = 0;
  let conversations = 0;
  const converse = async (): Promise<void> => {
    while (frames < options.frames && options.goesOn()) {
      conversations += 1;
      const random = new Random(options.seed * 1_000_003 + conversations);
      const { said, end } = await conversation(target, known, random);
      frames += said;
      ends.set(end, (ends.get(end) ?? 0) + 1);
      options.progress(frames);
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, converse));
  return { frames, ends };
}

async function conversation(
  target: Target,
  known: Known,
  random: Random,
): Promise<{ readonly said: number; readonly end: string }> {
  const messages = target.says?.(known, random) ?? [];
  const connection = await target.open(known, random);
  // To be refused is an answer to what was sent, too.
  if (typeof connection === "string") return { said: 1, end: connection };
  const said = await say(connection, messages, random);
  return { said: Math.max(1, said), end: await connection.close(random.chance(0.2)) };
}

async function say(connection: Connection, messages: readonly Message[], random: Random): Promise<number> {
  let said = 0;
  for (const message of messages) {
    if (connection.end !== undefined) break;
    await connection.write(framed(message, random));
    said += 1;
    if (random.chance(0.2)) await new Promise(setImmediate);
  }
  return said;
}

function framed(message: Message, random: Random): Buffer {
  const roll = random.unit();
  if (roll < 0.85) return whole(random, message);
  if (roll < 0.94) return inParts(random, message);
  if (roll < 0.97) return Buffer.concat([controls(random), whole(random, message)]);
  return broken(random, message);
}
