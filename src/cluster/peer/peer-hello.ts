import { z } from "zod";
import { BadEntryError } from "../../link/entries.ts";
import { parseJson } from "../../link/read-entries.ts";
import { type Ring, ringSchema } from "../ring/ring.ts";

/** What each side of a link says first. Fields may be added; a reader ignores those it does not know. */
export interface Hello {
  readonly instanceId: string;
  readonly role: "broker" | "worker";
  /** Version of this package, for people. */
  readonly release: string;
  /** The ring that the sender is at. */
  readonly ring: Ring;
  /** Whether the sender knows what a canary is: earlier releases end a link on which one is sent. */
  readonly canaries?: boolean | undefined;
  /** Whether the sender can be told how much it may have unconfirmed; earlier releases end a link on which it is. */
  readonly windows?: boolean | undefined;
  /** Whether the sender can be told how much of a large frame has come; earlier releases end a link on which it is. */
  readonly parts?: boolean | undefined;
}

const helloSchema: z.ZodType<Hello> = z.object({
  instanceId: z.string().min(1).max(100),
  role: z.enum(["broker", "worker"]),
  release: z.string().max(100),
  ring: ringSchema,
  canaries: z.boolean().optional(),
  windows: z.boolean().optional(),
  parts: z.boolean().optional(),
});

/** @throws {BadEntryError} if it is none */
export function parseHello(json: string): Hello {
  return checked(helloSchema, json);
}

/** @throws {BadEntryError} if it is none */
export function parseRing(json: string): Ring {
  return checked(ringSchema, json);
}

function checked<T>(schema: z.ZodType<T>, json: string): T {
  const parsed = schema.safeParse(parseJson(json));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BadEntryError(`${issue?.path.join(".")}: ${issue?.message}`);
}
