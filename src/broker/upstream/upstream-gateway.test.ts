import { beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Port } from "../../cluster/peer/port.ts";
import { HeldLogs } from "../../cluster/replica/held-logs.ts";
import { CurrentRing } from "../../cluster/ring/current-ring.ts";
import type { PlacementKind, RingMember } from "../../cluster/ring/ring.ts";
import { ChannelLog } from "../../pubsub/channel-log.ts";
import { Publication } from "../../pubsub/publication.ts";
import { Owner } from "../owner/owner.ts";
import { type GatewayService, UpstreamGateway } from "./upstream-gateway.ts";
import { MOST_MESSAGES, MOST_SENDERS } from "./upstream-packet.ts";

const ME: RingMember = { uri: "ws://a:1", instanceId: "me" };
const OTHER: RingMember = { uri: "ws://b:1", instanceId: "other" };
/** Bytes that upstream's workers may have unheld here. */
const SHARE = 1000;
/** As long as a packet waits for the ring to suit upstream's workers, ms. */
const SWITCH_MS = 8000;
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
    ring,
    windows: { share: SHARE },
    onOwnerChanged: (listener: () => void) => {
      changed = listener;
    },
  } as unknown as GatewayService;
  const delivered: unknown[] = [];
  const clock = new VirtualClock();
  const turn = { count: 0, end: (): void => {} };
  const turnOver = (): Promise<void> =>
    new Promise((resolve) => {
      turn.count += 1;
      turn.end = resolve;
    });
  const deliver = ({ data }: Publication): void => void delivered.push(data);
  const gateway = new UpstreamGateway({ service, deliver, clock, turnOver });
  const adopt = (counter: number, placement: PlacementKind = "rendezvous"): void => {
    ring.offer({ version: { counter, stateId: "s" }, placement, brokers, keepers: [] });
    owner.adopted(ring.ring);
    changed();
  };
  adopt(1);
  return { gateway, owner, delivered, adopt, follower, clock, turn };
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
      for (let n = 0; n < 900; n++) {
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

/** What a gateway says of packets with these data. */
function answersTo(gateway: UpstreamGateway, ...all: readonly string[]): string[] {
  const answers: string[] = [];
  for (const data of all) {
    const publication = new Publication("news", Buffer.from(data));
    gateway.publish(publication, (error) => answers.push(error?.message ?? "taken"));
  }
  return answers;
}

describe("A packet that upstream's workers do not send", () => {
  it("is refused by name, whatever it holds, and those after it are taken", () => {
    const { gateway, delivered } = gatewayOf(ME);
    gateway.subscribe("news", settle);
    const depth = 100_000;
    const deep = `${"[".repeat(depth)}${"]".repeat(depth)}`;

    expect(
      answersTo(
        gateway,
        `{"sender":"w","messages":[1,${deep}]}`,
        `{"sender":"w","messages":[${Array(MOST_MESSAGES + 1).fill(0)}]}`,
        `{"sender":"${"w".repeat(101)}","messages":[1]}`,
        '{"sender":7,"messages":[1]}',
        '{"sender":"w","messages":{"length":1}}',
        "null",
        '"messages"',
        '{"sender":null,"messages":[1]}',
      ),
    ).toEqual([
      "Cannot publish on a broker: a message is nested too deeply",
      "Cannot publish on a broker: a packet holds 5001 messages, at most 5000 are allowed; gather for a shorter time",
      "Cannot publish on a broker: the sender's name has 101 characters, at most 100 are allowed",
      ...Array(4).fill("Cannot publish on a broker: {sender, messages: [...]} is expected"),
      "taken",
    ]);
    expect(delivered).toEqual([{ sender: "", messages: [1] }]);
  });

  it("cannot make up names of senders without end", () => {
    const { gateway, clock } = gatewayOf(ME);
    const from = (name: string): string => `{"sender":"${name}","messages":[1]}`;
    const names = Array.from({ length: MOST_SENDERS }, (_, n) => `w${n}`);
    answersTo(gateway, ...names.map(from));

    expect(answersTo(gateway, from("one more"), from("w7"))).toEqual([
      "Cannot publish on this broker: too many workers publish here",
      "taken",
    ]);

    clock.advance(60_000);
    expect(answersTo(gateway, from("one more"))).toEqual(["taken"]);
  });

  it("takes its publisher a turn once there is much of it, and is taken all the same", async () => {
    const { gateway, turn } = gatewayOf(ME);
    const packets = Array.from({ length: 4 }, () => `{"messages":[${Array(300).fill(0)}]}`);
    const publish = (data: string | undefined) =>
      gateway.publish(new Publication("news", Buffer.from(data ?? "")), settle);
    const pauses = packets.map(publish);

    expect(pauses.map((pause) => pause instanceof Promise)).toEqual([false, false, false, true]);
    expect(turn.count).toBe(1);
    turn.end();
    await pauses.at(-1);
    expect(publish(packets[0])).toBeUndefined();
  });
});

describe("While the ring does not place channels as upstream's workers do", () => {
  it("keeps what they publish at the wrong broker until it does", () => {
    const { gateway, owner, delivered, adopt, follower } = gatewayOf(ME, OTHER);
    owner.done(follower);
    const channel = misplacedChannel(owner, adopt);
    gateway.subscribe(channel, settle);
    let answer: unknown = "none";
    gateway.publish(packet(channel, "early"), (error) => {
      answer = error;
    });
    expect(answer).toBe("none");

    adopt(4, "skeletonRendezvous");
    owner.done(follower);
    owner.copied(follower, follower.copies.said);
    expect(answer).toBeUndefined();
    owner.copied(follower, follower.copies.said);
    expect(delivered).toEqual([{ sender: "w", messages: ["early"] }]);
  });

  it("says after a while that the channel belongs to another", () => {
    const { gateway, owner, adopt, clock } = gatewayOf(ME, OTHER);
    const channel = misplacedChannel(owner, adopt);
    const errors: string[] = [];
    const publish = (): void => {
      gateway.publish(packet(channel, "early"), (error) => void errors.push(String(error?.message)));
    };
    publish();
    clock.advance(SWITCH_MS / 2);
    publish();
    clock.advance(SWITCH_MS / 2);
    expect(errors).toEqual(["Cannot publish on this broker: the channel belongs to another"]);

    clock.advance(SWITCH_MS / 2);
    expect(errors).toHaveLength(2);
  });
});

/** A channel that this broker owns by upstream's placement only. The ring has ours in the end. */
function misplacedChannel(owner: Owner, adopt: (counter: number, placement?: PlacementKind) => void): string {
  adopt(2, "skeletonRendezvous");
  const theirs = Array.from({ length: 100 }, (_, n) => `channel ${n}`).filter((name) => owner.owns(name));
  adopt(3);
  return theirs.find((name) => !owner.owns(name)) as string;
}

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

  it("waits once for a log, however often it is subscribed to and left meanwhile", () => {
    const { gateway, owner, delivered } = gatewayOf(ME, OTHER);
    const channel = ownChannel(owner);
    gateway.subscribe(channel, settle);
    const once = owner.waitingBytes;
    for (let n = 0; n < 1000; n++) {
      gateway.unsubscribe(channel);
      gateway.subscribe(channel, settle);
    }
    expect(owner.waitingBytes).toBe(once);
    expect(delivered).toEqual([]);
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
