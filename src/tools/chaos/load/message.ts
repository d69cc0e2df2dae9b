import type { Message } from "../check/checker.ts";

/** What is published beside the numbers, so that messages are of a usual size: some 100 bytes. */
const FILLER = "x".repeat(64);

/** Publisher, sequence, position; or nothing, in a message that only asks whether the way is open. */
export function dataOf({ publisher, sequence, position }: Message): unknown {
  return [publisher, sequence, position, FILLER];
}

export const PROBE: unknown = ["probe"];

/** What was published; "probe", or undefined if it is nothing of ours. */
export function readData(data: unknown): Omit<Message, "channel"> | "probe" | undefined {
  if (!Array.isArray(data)) return undefined;
  const [publisher, sequence, position]: unknown[] = data;
  if (publisher === "probe") return "probe";
  if (typeof publisher !== "number" || typeof sequence !== "number" || typeof position !== "number")
    return undefined;
  return { publisher, sequence, position };
}

/** The name of an error as an application sees it. */
export function nameOf(error: unknown): string {
  const name = (error as { name?: unknown } | undefined)?.name;
  return typeof name === "string" ? name : "Error";
}
