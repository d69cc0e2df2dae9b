import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { FLOODS } from "./floods.ts";
import { run } from "./run.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

// Longer, harder, and each by itself: `npm run floods`.
test("under all floods at once every process lives, and honest clients lose nothing", async () => {
  const floods = FLOODS.map(({ name }) => name);
  const { dead, honest, connections, peaks } = await run({ floods, seconds: 10, clients: 1, root: ROOT });
  expect(dead).toEqual([]);
  const { lost, doubled, reordered, rejected, disconnects } = honest;
  expect({ lost, doubled, reordered, rejected, disconnects }).toEqual({
    lost: 0,
    doubled: 0,
    reordered: 0,
    rejected: {},
    disconnects: 0,
  });
  expect(honest.acknowledged).toBeGreaterThan(0);
  expect(connections).toBeGreaterThan(FLOODS.length);
  expect(Math.max(peaks.worker, peaks.broker)).toBeLessThan(1024);
}, 90_000);
