import { describe, expect, it } from "vitest";
import { VirtualCluster } from "../../test/support/virtual-cluster.ts";
import { PublishRefusedError, SubscribeRefusedError } from "./errors.ts";

const MOST = 5;

/** Two brokers that may have so many channels, and two workers. */
function running(maxChannels = MOST) {
  const cluster = new VirtualCluster(() => 1, maxChannels);
  cluster.addBroker();
  cluster.addBroker();
  const [w0, w1] = [cluster.addWorker("w0"), cluster.addWorker("w1")];
  cluster.ringOf([0, 1], w0);
  w1.ring.offer(w0.ring.ring);
  cluster.clock.advance(100);
  const held = (): number[] => cluster.brokers.map((broker) => broker.held.count);
  return { cluster, w0, w1, held };
}

const names = (count: number, prefix = "c"): string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`);

describe("Many channels", () => {
  it("are forgotten by owner and follower, where nobody published to them, as soon as they are left", () => {
    const { cluster, w0, w1, held } = running();
    const errors: unknown[] = [];
    w1.broker.subscribe("kept", (error) => errors.push(error));
    for (const channel of names(100)) {
      w0.broker.subscribe(channel, (error) => errors.push(error));
      cluster.clock.advance(10);
      w0.broker.unsubscribe(channel);
      cluster.clock.advance(10);
    }

    expect(errors.filter((error) => error !== undefined)).toEqual([]);
    expect(held()).toEqual([1, 1]);
  });

  it("are refused by name when brokers have as many as they may, and disturb none that they have", () => {
    const { cluster, w0, w1, held } = running();
    const ended = new Map<string, Error | undefined>();
    const settle = (channel: string) => (error?: Error) => ended.set(channel, error);
    for (const channel of names(MOST)) w1.broker.subscribe(channel, settle(channel));
    cluster.clock.advance(20);
    w0.broker.subscribe("one more", settle("one more"));
    cluster.publish(w0, "another", "x", settle("another"));
    for (const channel of names(MOST)) cluster.publish(w0, channel, "x", settle(channel));
    cluster.clock.advance(20);

    expect([ended.get("one more"), ended.get("another")]).toEqual([
      expect.any(SubscribeRefusedError),
      expect.any(PublishRefusedError),
    ]);
    expect(String(ended.get("one more"))).toContain(
      "the broker has as many channels as it may; try again later",
    );
    for (const channel of names(MOST))
      expect([ended.get(channel), w1.delivered.get(channel)]).toEqual([undefined, ["x"]]);
    expect(held()).toEqual([MOST, MOST]);
    expect(cluster.brokers.reduce((sum, { refusedCount }) => sum + refusedCount, 0)).toBe(2);
  });

  it("are asked for again by who is not told to give up, until there is room", () => {
    const { cluster, w0, w1 } = running();
    for (const channel of names(MOST)) w1.broker.subscribe(channel, () => {});
    cluster.clock.advance(20);
    const told: unknown[] = [];
    w0.broker.subscribe("patient", (error) => told.push(error));
    cluster.clock.advance(2000);
    w1.broker.unsubscribe("c0");
    cluster.clock.advance(600);
    cluster.publish(w1, "patient", "x", () => {});
    cluster.clock.advance(20);

    expect(told).toEqual([expect.any(SubscribeRefusedError)]);
    expect(w0.delivered.get("patient")).toEqual(["x"]);
  });

  it("are asked for again at once where somebody new wants one, and acknowledged when there is room", () => {
    const { cluster, w0, w1 } = running();
    for (const channel of names(MOST)) w1.broker.subscribe(channel, () => {});
    cluster.clock.advance(20);
    const told: unknown[] = [];
    for (let n = 0; n < 2; n++) {
      w0.broker.subscribe("patient", (error) => told.push(error));
      cluster.clock.advance(20);
    }
    w1.broker.unsubscribe("c0");
    cluster.clock.advance(20);
    for (let n = 0; n < 2; n++) {
      w0.broker.subscribe("patient", (error) => told.push(error));
      cluster.clock.advance(20);
    }

    const refused = expect.any(SubscribeRefusedError);
    expect(told).toEqual([refused, refused, undefined, undefined]);
  });

  it("are all taken over from a broker that dies, also where that is more than one may have", () => {
    const { cluster, w0, w1 } = running();
    cluster.addBroker();
    cluster.ringOf([0, 1, 2], w0);
    cluster.clock.advance(100);
    const channels = names(100).filter((channel) => {
      let error: Error | undefined;
      w1.broker.subscribe(channel, (given) => {
        error = given;
        if (given) w1.broker.unsubscribe(channel);
      });
      cluster.clock.advance(20);
      return error === undefined;
    });
    expect(channels.length).toBeGreaterThan(MOST);
    cluster.kill(0);
    cluster.ringOf([1, 2], w0);
    cluster.clock.advance(2000);
    const refused: unknown[] = [];
    for (const channel of channels)
      cluster.publish(w0, channel, "x", (error) => error && refused.push(error));
    cluster.clock.advance(100);

    expect(refused).toEqual([]);
    for (const channel of channels) expect(w1.delivered.get(channel)).toEqual(["x"]);
    expect([w1.gaps, cluster.brokers.slice(1).map(({ held }) => held.count > MOST)]).toEqual([
      [],
      [true, true],
    ]);
  });
});
