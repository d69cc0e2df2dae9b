import scErrors from "sc-errors";
import { describe, expect, it } from "vitest";
import { CLOSE_CODES, closeCode } from "./close-codes.ts";

describe("The table of close codes", () => {
  it("gives SocketCluster's codes SocketCluster's reasons", () => {
    const { socketProtocolErrorStatuses, socketProtocolIgnoreStatuses } = scErrors;
    for (const [code, reason] of Object.entries({
      ...socketProtocolErrorStatuses,
      ...socketProtocolIgnoreStatuses,
    })) {
      expect(closeCode(Number(code))).toMatchObject({ code: Number(code), reason });
    }
  });

  it("knows when the official client comes back", () => {
    for (const { code, reconnect } of Object.values(CLOSE_CODES)) {
      const atOnce = [1005, 4000, 4001].includes(code);
      const never = code === 1000 || code >= 4500;
      expect(reconnect).toBe(atOnce ? "at once" : never ? "never" : "later");
    }
  });

  it("lets a slow consumer return later", () => {
    const { code } = CLOSE_CODES.slowConsumer;

    expect(code).toBeGreaterThanOrEqual(4010);
    expect(code).toBeLessThan(4500);
  });
});
