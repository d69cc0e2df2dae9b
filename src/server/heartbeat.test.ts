import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { Clock } from "../runtime/clock.ts";
import { Heartbeat, type Pulse } from "./heartbeat.ts";

const TIMES = {
  pingInterval: 8_000,
  pingTimeout: 20_000,
  pingTimeoutDisabled: false,
  handshakeTimeout: 10_000,
};

describe("Heartbeat", () => {
  it("pings each connection once per interval", () => {
    const { clock, heartbeat } = setUp();
    const ann = pulse(heartbeat);

    for (let second = 0; second < 80; second += 1) {
      clock.advance(1_000);
      ann.lastHeard = heartbeat.now;
    }

    expect(ann.pings).toBeGreaterThanOrEqual(9);
    expect(ann.pings).toBeLessThanOrEqual(10);
    expect(ann.timeouts).toBe(0);
  });

  it("times out who was not heard for the timeout, not before and hardly after", () => {
    const { clock, heartbeat } = setUp();
    const ann = pulse(heartbeat);

    clock.advance(TIMES.pingTimeout);
    expect(ann.timeouts).toBe(0);
    clock.advance(600);

    expect(ann.timeouts).toBe(1);
    expect(heartbeat.size).toBe(0);
  });

  it("holds nobody's silence against them while the process itself stood still", () => {
    const { clock, heartbeat } = setUp();
    const ann = pulse(heartbeat);
    clock.advance(15_000);

    clock.standStill(60_000);
    clock.advance(4_000);
    expect(ann.timeouts).toBe(0);
    clock.advance(2_000);
    expect(ann.timeouts).toBe(1);
  });

  it("times out who makes no handshake, and does not ping it", () => {
    const { clock, heartbeat } = setUp();
    const ann = pulse(heartbeat, { open: false });

    clock.advance(9_900);
    expect(ann.handshakeTimeouts).toBe(0);
    clock.advance(600);

    expect(ann.handshakeTimeouts).toBe(1);
    expect(ann.pings).toBe(0);
  });

  it("is exact also where the ping interval is longer than the timeout", () => {
    const { clock, heartbeat } = setUp({ ...TIMES, pingInterval: 60_000, pingTimeout: 500 });
    const ann = pulse(heartbeat);

    clock.advance(600);

    expect(ann.timeouts).toBe(1);
  });

  it("neither pings nor times out where that is turned off, but still wants a handshake", () => {
    const { clock, heartbeat } = setUp({ ...TIMES, pingTimeoutDisabled: true });
    const [ann, bob] = [pulse(heartbeat), pulse(heartbeat, { open: false })];

    clock.advance(100_000);

    expect(ann).toMatchObject({ pings: 0, timeouts: 0, handshakeTimeouts: 0 });
    expect(bob.handshakeTimeouts).toBe(1);
  });

  it("lets go of one that takes nothing for the timeout, also if it is heard, and keeps one that takes a little", () => {
    const { clock, heartbeat } = setUp();
    const [ann, bob] = [pulse(heartbeat), pulse(heartbeat)];
    for (const each of [ann, bob]) each.isWaitedFor = true;

    for (let seconds = 0; seconds < 60; seconds += 5) {
      if (seconds % 15 === 0) bob.took = true;
      for (const each of [ann, bob]) each.lastHeard = heartbeat.now;
      clock.advance(5_000);
    }

    expect(ann).toMatchObject({ stalls: 1, timeouts: 0, slot: -1 });
    expect(bob).toMatchObject({ stalls: 0, timeouts: 0 });
    expect(heartbeat.size).toBe(1);
  });

  it("needs one timer, however many connections there are, and none without any", () => {
    const { clock, heartbeat, timers } = setUp();

    const all = Array.from({ length: 1_000 }, () => pulse(heartbeat));
    clock.advance(9_000);
    expect(timers()).toBe(1);
    for (const each of all) heartbeat.remove(each);

    expect(timers()).toBe(0);
    expect(all.every(({ pings }) => pings === 1)).toBe(true);
  });

  it("goes on with one that is forgiven its silence, without asking for a handshake again", () => {
    const { clock, heartbeat } = setUp();
    const ann = pulse(heartbeat);
    ann.onTimeout = () => heartbeat.forgive(ann);

    clock.advance(45_000);

    expect(ann).toMatchObject({ timeouts: 2, handshakeTimeouts: 0 });
    expect(heartbeat.size).toBe(1);
  });

  it("bears that one connection's timeout ends another", () => {
    const { clock, heartbeat } = setUp();
    const ann = pulse(heartbeat);
    const bob = pulse(heartbeat);
    ann.onTimeout = () => heartbeat.remove(bob);

    clock.advance(30_000);

    expect([ann.timeouts, bob.timeouts]).toEqual([1, 0]);
    expect(heartbeat.size).toBe(0);
  });
});

function setUp(times = TIMES) {
  const clock = new VirtualClock();
  let running = 0;
  const counting: Clock = {
    now: () => clock.now(),
    after: (ms, task) => clock.after(ms, task),
    every(ms, task) {
      running += 1;
      const timer = clock.every(ms, task);
      return {
        cancel() {
          running -= 1;
          timer.cancel();
        },
      };
    },
  };
  return { clock, heartbeat: new Heartbeat(counting, times), timers: () => running };
}

class TestPulse implements Pulse {
  lastHeard = 0;
  nextPing = 0;
  handshakeBy = 0;
  tookBy = 0;
  slot = -1;
  /** Whether bytes wait for it, and whether it took some since that was asked last. */
  isWaitedFor = false;
  took = false;
  stalls = 0;
  pings = 0;
  timeouts = 0;
  handshakeTimeouts = 0;
  pingable = false;
  onTimeout = (): void => {};

  ping(): void {
    this.pings += 1;
  }

  timedOut(): void {
    this.timeouts += 1;
    this.onTimeout();
  }

  readonly outbox = {
    hasMoved: (): boolean => {
      const moved = !this.isWaitedFor || this.took;
      this.took = false;
      return moved;
    },
  };

  tookNothing(): void {
    this.stalls += 1;
  }

  handshakeTimedOut(): void {
    this.handshakeTimeouts += 1;
  }
}

function pulse(heartbeat: Heartbeat, { open = true } = {}): TestPulse {
  const made = new TestPulse();
  heartbeat.add(made);
  if (open) {
    made.pingable = true;
    heartbeat.opened(made);
  }
  return made;
}
