import { describe, expect, it } from "vitest";
import { findingsOf, fuzz, MOST_TURN_MS, tableOf } from "./run.ts";

/** A short round; `npm run fuzz -- --frames 100000` is a long one. */
const FRAMES = 2000;
const SEED = 20_261_130;
const DEADLINE_MS = 180_000;

describe("A cluster to which everything wrong is said", () => {
  it.each([
    ["without", undefined],
    ["with", "the key"],
  ])(
    "lives, and serves honest clients, %s a key",
    async (_, key) => {
      const rows = await fuzz({ frames: FRAMES, seed: SEED, keys: [key], say: () => {} });

      // How long a turn takes depends on the machine: the long round is held to it.
      const findings = rows
        .map((row) => ({ ...row, turnMs: Math.min(row.turnMs, MOST_TURN_MS) }))
        .flatMap(findingsOf);
      expect(findings, tableOf(rows)).toEqual([]);
      expect(rows.map(({ frames }) => frames >= FRAMES)).toEqual(rows.map(() => true));
    },
    DEADLINE_MS,
  );
});
