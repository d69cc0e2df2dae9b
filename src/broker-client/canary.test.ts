import { describe, expect, it } from "vitest";
import { CANARY_TICK_MS, Canary, type CanaryPort } from "./canary.ts";

const LIMIT_MS = 3000;

/** A canary whose broker the test plays. */
function stage({ random = 0, takesCanaries = true } = {}) {
  const sent: number[] = [];
  const took: number[] = [];
  let now = 0;
  let isLinked = true;
  const port = { takesCanaries, progress: 0, sendCanary: (number: number) => void sent.push(number) };
  const canary = new Canary({
    limit: LIMIT_MS,
    now: () => now,
    random: () => random,
    port: (): CanaryPort | undefined => (isLinked ? port : undefined),
    answered: (ms) => took.push(ms),
  });
  const pass = (ms: number): void => {
    for (let left = ms; left > 0; left -= CANARY_TICK_MS) {
      now += CANARY_TICK_MS;
      canary.tick();
    }
  };
  const link = (linked: boolean): void => {
    isLinked = linked;
  };
  return { canary, sent, took, port, pass, link };
}

describe("A canary", () => {
  it("is sent about once a second, each behind the answer to the one before, and is timed", () => {
    const { canary, sent, took, pass } = stage();
    canary.restart();
    for (let n = 1; n <= 5; n++) {
      expect(sent).toHaveLength(n);
      canary.held(n);
      pass(750);
    }

    pass(2000);
    expect(sent).toHaveLength(6); // the sixth is on its way: no other until it is answered or late
    canary.held(6);
    expect(took).toEqual([0, 0, 0, 0, 0, 2000]);
  });

  it("is late after the limit, and accuses a broker that does nothing else either", () => {
    const { canary, pass } = stage();
    canary.restart();
    pass(LIMIT_MS - CANARY_TICK_MS);
    expect([canary.isLate, canary.accuses]).toEqual([false, false]);
    pass(CANARY_TICK_MS);

    expect([canary.isLate, canary.accuses]).toEqual([true, true]);
  });

  it("is sent again and again once it is late, and the first answer to the newest clears the broker", () => {
    const { canary, sent, pass } = stage();
    canary.restart();
    pass(LIMIT_MS + 2000);
    expect(sent.length).toBeGreaterThan(2);
    canary.held(1);
    expect(canary.isLate).toBe(true);
    canary.held(sent.length);

    expect([canary.isLate, canary.accuses]).toEqual([false, false]);
  });

  it("makes the worker not ready and accuses nobody while the broker confirms, or waits for somebody else", () => {
    const busy = stage();
    busy.canary.restart();
    for (let ms = 0; ms < 2 * LIMIT_MS; ms += CANARY_TICK_MS) {
      busy.port.progress += 1;
      busy.pass(CANARY_TICK_MS);
    }
    expect([busy.canary.isLate, busy.canary.accuses]).toEqual([true, false]);

    const waiting = stage();
    waiting.canary.restart();
    waiting.canary.waits(1);
    waiting.pass(2 * LIMIT_MS);
    expect([waiting.canary.isLate, waiting.canary.accuses]).toEqual([true, false]);
  });

  it("takes back its accusation with a new ring or connection, and stays late until one is answered", () => {
    const { canary, sent, pass } = stage();
    canary.restart();
    pass(LIMIT_MS);
    canary.restart();
    expect([canary.isLate, canary.accuses]).toEqual([true, false]);
    pass(LIMIT_MS);
    expect(canary.accuses).toBe(true);
    canary.held(sent.length);

    expect(canary.isLate).toBe(false);
  });

  it("says nothing while there is no connection, and nothing of a broker that knows no canaries", () => {
    const cut = stage();
    cut.link(false);
    cut.canary.restart();
    cut.pass(2 * LIMIT_MS);
    expect([cut.sent.length, cut.canary.isLate, cut.canary.accuses]).toEqual([0, false, false]);

    const old = stage({ takesCanaries: false });
    old.canary.restart();
    old.pass(2 * LIMIT_MS);
    expect([old.sent.length, old.canary.isLate, old.canary.accuses]).toEqual([0, false, false]);
  });
});
