import type { LinkHandle } from "./link.ts";

/** A link in memory, where frames come whole and nobody counts them; for tests. */
export const WHOLE_FRAMES: Omit<LinkHandle, "entries" | "close"> = {
  partCount: 0,
  acknowledged: () => {},
  partsAcknowledged: () => {},
  saysParts: () => {},
};
