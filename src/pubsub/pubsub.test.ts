import { describe, expect, it } from "vitest";
import { Turn } from "../runtime/turn.ts";
import type { Broker, Settle } from "./broker.ts";
import { Hub, type Subscriber } from "./hub.ts";
import { PubSub } from "./pubsub.ts";

/** A broker that a test answers for. */
function playedBroker() {
  const asked: Settle[] = [];
  const broker: Broker = {
    publish: () => {},
    subscribe: (_channel, settle) => void asked.push(settle),
    unsubscribe: () => {},
  };
  return { broker, asked };
}

const subscriber = (): Subscriber => ({ deliver: () => {} }) as unknown as Subscriber;

/** A channel with a subscriber, whose new broker has refused it. */
function refusedAfterUse() {
  const first = playedBroker();
  const second = playedBroker();
  const pubsub = new PubSub(new Hub(new Turn()), first.broker);
  const told: (Error | undefined)[] = [];
  const subscribe = (one = subscriber()): Subscriber => {
    pubsub.subscribe("news", one, (error) => told.push(error));
    return one;
  };
  const before = subscribe();
  first.asked[0]?.();
  pubsub.use(second.broker);
  second.asked[0]?.(new Error("no room"));
  expect(told).toEqual([undefined]);
  return { pubsub, second, told, subscribe, before };
}

describe("PubSub, where the broker has refused a channel that is subscribed here", () => {
  it("asks again for a newcomer, and acknowledges its subscription only when the broker has", () => {
    const { second, told, subscribe } = refusedAfterUse();
    subscribe();
    expect([second.asked.length, told.length]).toEqual([2, 1]);
    second.asked[1]?.();
    expect(told).toEqual([undefined, undefined]);

    subscribe();
    expect([second.asked.length, told.length]).toEqual([2, 3]);
  });

  it("lets newcomers know that it is refused still, and keeps those who were subscribed before", () => {
    const { pubsub, second, told, subscribe } = refusedAfterUse();
    subscribe();
    subscribe();
    const error = new Error("no room still");
    second.asked[1]?.(error);

    expect(told).toEqual([undefined, error, error]);
    expect(pubsub.hub.has("news")).toBe(true);
  });

  it("forgets that once nobody is subscribed any more", () => {
    const { pubsub, second, told, subscribe, before } = refusedAfterUse();
    pubsub.unsubscribe("news", before);
    subscribe();
    second.asked[1]?.();
    subscribe();

    expect([second.asked.length, told]).toEqual([2, [undefined, undefined, undefined]]);
  });
});
