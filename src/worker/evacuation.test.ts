import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { silentLogger } from "../runtime/log.ts";
import type { Connection } from "../server/connection.ts";
import { Evacuation } from "./evacuation.ts";

const SUSPECT_MS = 3000;

class Client {
  state = "open";
  unsettled = 0;
  isHeard = true;
  readonly inbound = {
    working: false,
    end: (): void => {
      this.isHeard = false;
    },
  };

  sendAway(): void {
    this.state = "closed";
  }
}

/** A worker with so many clients. */
function stage(count: number) {
  const clock = new VirtualClock();
  const clients = Array.from({ length: count }, () => new Client());
  const open = new Map<string, Connection>();
  const come = (client: Client): void => void open.set(String(open.size), client as unknown as Connection);
  clients.forEach(come);
  const evacuation = new Evacuation({
    core: { clock, open },
    perSecond: 20,
    suspectMs: SUSPECT_MS,
    log: silentLogger,
  });
  const left = (): number => clients.filter(({ state }) => state !== "closed").length;
  return { clock, clients, come, evacuation, left };
}

describe("A worker that alone cannot use a broker", () => {
  it("sends its clients elsewhere after the suspect time, so many a second", () => {
    const { clock, evacuation, left } = stage(30);
    evacuation.alone(["b"]);
    clock.advance(SUSPECT_MS - 100);
    expect(left()).toBe(30);
    clock.advance(1100);
    expect(left()).toBeGreaterThanOrEqual(8);
    expect(left()).toBeLessThanOrEqual(12);
    clock.advance(1000);

    expect(left()).toBe(0);
    expect(evacuation.count).toBe(30);
  });

  it("tells no more in any second than the rate says, also where it comes late to its steps", () => {
    const { clock, clients, evacuation, left } = stage(100);
    evacuation.alone(["b"]);
    clock.advance(SUSPECT_MS - 100);
    const told: number[] = [];
    for (const client of clients) {
      client.sendAway = () => {
        client.state = "closed";
        told.push(clock.now());
      };
    }
    for (let step = 0; left() > 0; step++) {
      clock.standStill(step % 150 === 7 ? 200 : 0);
      clock.advance(10);
    }

    const inTheSecondFrom = (from: number): number =>
      told.filter((at) => at >= from && at < from + 1000).length;
    expect(Math.max(...told.map(inTheSecondFrom))).toBeLessThanOrEqual(20);
  });

  it("leaves those alone who come while it lasts, or come back: they find nothing better", () => {
    const { clock, come, evacuation } = stage(5);
    evacuation.alone(["b"]);
    const late = new Client();
    come(late);
    evacuation.alone(["b", "c"]); // worse, but the same trouble
    clock.advance(60_000);

    expect(late.state).toBe("open");
    expect(evacuation.count).toBe(5);
  });

  it("stops when the trouble is over, and begins anew with the next", () => {
    const { clock, evacuation, left } = stage(30);
    evacuation.alone(["b"]);
    clock.advance(SUSPECT_MS + 500);
    evacuation.alone([]);
    const stayed = left();
    expect(stayed).toBeGreaterThan(10);
    clock.advance(60_000);
    expect(left()).toBe(stayed);
    evacuation.alone(["c"]);
    clock.advance(60_000);

    expect(left()).toBe(0);
  });

  it("says goodbye to nobody over a trouble that is shorter than the suspect time", () => {
    const { clock, evacuation, left } = stage(3);
    for (let n = 0; n < 10; n++) {
      evacuation.alone(["b"]);
      clock.advance(SUSPECT_MS - 100);
      evacuation.alone([]);
    }
    clock.advance(60_000);

    expect(left()).toBe(3);
  });

  it("hears a client no more whose publishes are not settled, and closes it when they are, trouble or not", () => {
    const { clock, clients, evacuation, left } = stage(1);
    const [client] = clients as [Client];
    client.unsettled = 1;
    evacuation.alone(["b"]);
    clock.advance(SUSPECT_MS + 100);
    expect([left(), client.isHeard]).toEqual([1, false]);
    evacuation.alone([]);
    clock.advance(1000);
    expect(left()).toBe(1);
    client.unsettled = 0;
    clock.advance(100);

    expect(left()).toBe(0);
  });
});
