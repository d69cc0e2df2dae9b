import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { AGServer } from "../api/index.ts";
import { readConfig } from "../runtime/config/config.ts";
import type { Logger } from "../runtime/log.ts";
import { workerSettings } from "./config.ts";
import { sendClientsAway, warnOfShortDrain } from "./farewell.ts";

const lines: Record<string, unknown>[] = [];
const note = (msg: string, fields = {}): void => void lines.push({ msg, ...fields });
const log: Logger = { debug: note, info: () => {}, warn: note, error: note };

afterEach(() => void lines.splice(0));

const configOf = (env: Record<string, string>) => readConfig(workerSettings, env);

describe("A worker's farewell", () => {
  it("is announced as too short at start, with what would do, where the clients expected are too many", () => {
    warnOfShortDrain(configOf({ SCC_DRAIN_RATE: "100", SCC_DRAIN_MS: "12000" }), undefined, log);

    expect(lines).toEqual([
      {
        msg: "SCC_DRAIN_MS is too short to send SCC_EXPECTED_CLIENTS away at SCC_DRAIN_RATE: at shutdown they go faster",
        ...{ drainMs: 12_000, drainRate: 100, capacity: 800, expectedClients: 5000 },
      },
    ]);
  });

  it("is not, by default, or where fewer clients are expected; and once for all processes", () => {
    warnOfShortDrain(configOf({}), undefined, log);
    const tight = { SCC_DRAIN_RATE: "100", SCC_DRAIN_MS: "12000" };
    warnOfShortDrain(configOf({ ...tight, SCC_EXPECTED_CLIENTS: "800" }), undefined, log);
    warnOfShortDrain(configOf(tight), { number: 2, count: 2 }, log);
    expect(lines).toEqual([]);

    warnOfShortDrain(configOf(tight), { number: 1, count: 2 }, log);
    expect(lines).toMatchObject([{ capacity: 800 }]);
  });

  it("stays a tenth below the rate, of which each process has its share: not all clients take equally long", async () => {
    const server = new AGServer({ httpServer: createServer() });
    let perSecond = 0;
    server.drain = async (options) => {
      perSecond = options.perSecond;
    };
    await sendClientsAway(server, configOf({ SCC_DRAIN_RATE: "500" }), { number: 1, count: 2 }, log);

    expect(perSecond).toBe(225);
    await server.close();
  });

  it("says so when it has more clients than it can send away at the rate", async () => {
    const server = new AGServer({ httpServer: createServer() });
    const config = configOf({ SCC_DRAIN_RATE: "1", SCC_DRAIN_MS: "4000" });
    Object.defineProperty(server, "clientsCount", { value: 10 });
    await sendClientsAway(server, config, { number: 1, count: 2 }, log);

    expect(lines).toEqual([
      {
        msg: "the grace period is too short for so many clients: they go faster than SCC_DRAIN_RATE",
        ...{ drainMs: 4000, drainRate: 1, capacity: 1, clients: 10 },
      },
    ]);
    await server.close();
  });
});
