import { beforeEach, describe, expect, it } from "vitest";
import { CurrentRing } from "../cluster/current-ring.ts";
import { HeldLogs } from "../cluster/held-logs.ts";
import { Owner } from "../cluster/owner.ts";
import type { Port } from "../cluster/port.ts";
import type { RingMember } from "../cluster/ring.ts";
import { ChannelLog } from "../pubsub/channel-log.ts";
import { Publication } from "../pubsub/publication.ts";
import type { BrokerService } from "./service.ts";
import { UpstreamGateway } from "./upstream-gateway.ts";

const ME: RingMember = { uri: "ws://a:1", instanceId: "me" };
const OTHER: RingMember = { uri: "ws://b:1", instanceId: "other" };
/** Bytes that upstream's workers may have unheld here. */
const SHARE = 1000;
const settle = (error?: Error): void => {
  if (error) throw error;
};

/** A gateway at a broker, and what it hands to upstream's workers. */
function gatewayOf(...brokers: RingMember[]) {
  const ring = new CurrentRing();
  const follower = portTo(OTHER);
  const held = new HeldLogs({ count: 100, bytes: 1e6, age: 1000, totalBytes: 1e7 }, () => 0);
  const owner = new Owner(
    {
      instanceId: ME.instanceId,
      ring,
      held,
      maxChannels: 10_000,
      portOf: (id) => (id === OTHER.instanceId ? follower : undefined),
      transferBytes: 1e6,
    },
    { settled: () => {} },
  );
  let changed = (): void => {};
  const service = {
    owner,
    windows: { share: SHARE },
    onOwnerChanged: (listener: () => void) => {
      changed = listener;
    },
  } as unknown as BrokerService;
  const delivered: unknown[] = [];
  const gateway = new UpstreamGateway(service, ({ data }) => delivered.push(data));
  const adopt = (counter: number): void => {
    ring.offer({ version: { counter, stateId: "s" }, placement: "rendezvous", brokers, keepers: [] });
    owner.adopted(ring.ring);
    changed();
  };
  adopt(1);
  return { gateway, owner, delivered, adopt, follower };
}

/** A connection to a member, of which only what is counted matters here. */
function portTo({ instanceId }: RingMember): Port {
  const copies = { said: 0, came: 0 };
  const say = (): void => {
    copies.said += 1;
  };
  const entries = { keep: () => {}, pull: () => {}, settled: () => {} };
  const link = { entries, partCount: 0 };
  const names = { numberOf: () => 0 };
  return { instanceId, copies, link, names, sayCopy: say, sayLog: say } as unknown as Port;
}

/** A channel that the ring gives to this broker. */
function ownChannel(owner: Owner): string {
  for (let n = 0; ; n++) if (owner.owns(`channel ${n}`)) return `channel ${n}`;
}

const packet = (channel: string, text: string): Publication =>
  new Publication(channel, Buffer.from(JSON.stringify({ sender: "w", messages: [text] })));

describe("What upstream's workers publish", () => {
  let stage: ReturnType<typeof gatewayOf>;
  beforeEach(() => {
    stage = gatewayOf(ME);
  });

  it.each([["without", []] as const, ["with", ["news"]] as const])(
    "is forgotten once it is held, however much comes, %s somebody subscribed",
    (_, channels) => {
      const { gateway } = stage;
      for (const channel of channels) gateway.subscribe(channel, settle);
      for (let n = 0; n < 1000; n++) {
        expect(gateway.publish(packet("news", "x".repeat(100)), settle)).toBeUndefined();
      }
    },
  );

  it("goes to those subscribed, with its sender", () => {
    const { gateway, delivered } = stage;
    gateway.subscribe("news", settle);
    gateway.publish(packet("news", "hello"), settle);

    expect(delivered).toEqual([{ sender: "w", messages: ["hello"] }]);
  });
});

describe("Where a change of the ring is not complete", () => {
  it("takes what upstream's workers publish up to a bound, and then says so", () => {
    const { gateway, owner } = gatewayOf(ME, OTHER);
    const channel = ownChannel(owner);
    const errors: string[] = [];
    const large = "x".repeat(10 * 2 ** 20);
    for (let n = 0; n < 30; n++)
      gateway.publish(packet(channel, large), (error) => errors.push(String(error)));

    expect(new Set(errors)).toEqual(
      new Set(["InvalidActionError: Cannot publish on this broker: too much waits for a change of the ring"]),
    );
    expect(errors.length).toBeLessThan(10);
  });

  it("subscribes again to a log that was replaced by a better copy", () => {
    const { gateway, owner, delivered, adopt, follower } = gatewayOf(ME, OTHER);
    const channel = ownChannel(owner);
    const acknowledge = (): void => owner.copied(follower, follower.copies.said);
    owner.done(follower);
    gateway.subscribe(channel, settle);
    acknowledge();
    gateway.publish(packet(channel, "before"), settle);
    acknowledge();
    adopt(2);
    const rank = { counter: 2, stateId: "s" };
    const log = new ChannelLog(channel, { ring: rank, count: 9 }, 5);
    owner.offered(follower, channel, { rank, epoch: log.epoch, next: 6, size: 0 });
    owner.done(follower);
    owner.arrived(follower, log);
    acknowledge();
    gateway.publish(packet(channel, "after"), settle);
    acknowledge();

    expect(delivered).toEqual(["before", "after"].map((text) => ({ sender: "w", messages: [text] })));
  });
});
