import { FRAME_ROOM } from "../protocol/frames.ts";
import type { EntryWriter } from "./entries.ts";

/** The entries that were written, which are taken; for tests. */
export function taken(writer: EntryWriter): Buffer {
  const entries = Buffer.from(writer.written.subarray(FRAME_ROOM));
  writer.taken(false);
  return entries;
}
