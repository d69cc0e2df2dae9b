import AGSimpleBroker from "ag-simple-broker";
import { afterEach, describe, expect, it } from "vitest";
import type { Broker, Settle } from "../pubsub/broker.ts";
import type { Publication } from "../pubsub/publication.ts";
import { attach } from "./broker-client.ts";
import type { DefaultBrokerEngine } from "./broker-engine.ts";
import { next, startApp, subscribe, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

/** A broker that answers when it is told to. */
class SlowBroker implements Broker {
  readonly asked = new Map<string, Settle>();
  readonly published: Publication[] = [];

  publish(publication: Publication): void {
    this.published.push(publication);
  }

  subscribe(channel: string, settle: Settle): void {
    this.asked.set(channel, settle);
  }

  unsubscribe(channel: string): void {
    this.asked.delete(channel);
  }
}

describe("Another broker for a running server", () => {
  it("is asked for every channel; subscribers keep theirs, newcomers wait for its answer", async () => {
    app = await startApp();
    const engine = app.server.brokerEngine as DefaultBrokerEngine;
    const [ann, bob] = [await app.connect(), await app.connect()];
    const news = await subscribe(ann, "news");
    const slow = new SlowBroker();
    let deliver: (publication: Publication) => void = () => {};

    engine.carryBy((given) => {
      deliver = given;
      return slow;
    });
    const channel = bob.subscribe("news");
    await afterWhatWasAsked(bob);

    expect([...slow.asked.keys()]).toEqual(["news"]);
    expect([news.state, channel.state]).toEqual(["subscribed", "pending"]);
    const acknowledged = next(channel.listener("subscribe"));
    slow.asked.get("news")?.();
    await acknowledged;

    const received = [next(news), next(channel)];
    await app.server.exchange.transmitPublish("news", 1);
    deliver(slow.published[0]!);
    expect(await Promise.all(received)).toEqual([1, 1]);
  });

  it("that refuses a channel costs a newcomer its subscription, and nobody else", async () => {
    app = await startApp();
    const [ann, bob] = [await app.connect(), await app.connect()];
    const news = await subscribe(ann, "news");
    const slow = new SlowBroker();
    (app.server.brokerEngine as DefaultBrokerEngine).carryBy(() => slow);
    const failed = next(bob.subscribe("news").listener("subscribeFail"));
    await afterWhatWasAsked(bob);

    slow.asked.get("news")?.(new Error("not now"));

    expect(String((await failed).error)).toMatch(/not now/);
    expect(news.state).toBe("subscribed");
    expect([...slow.asked.keys()]).toEqual(["news"]);
  });
});

describe("attach", () => {
  it("wants to know where scc-state is, and a server with a broker of ours", async () => {
    app = await startApp({ brokerEngine: new AGSimpleBroker() });

    expect(() => attach(app.server.brokerEngine, { stateServerHost: "127.0.0.1" })).toThrow(/brokerEngine/);
    await app.stop();
    app = await startApp();
    expect(() => attach(app.server.brokerEngine, { stateServerHost: "" })).toThrow(/stateServerHost/);
    expect(() =>
      attach(app.server.brokerEngine, { stateServerHost: "127.0.0.1", stateServerPort: "x" }),
    ).toThrow(/state-server-port/);
  });
});

/** A client's calls are taken in order: once this one is refused, those before it have been asked for. */
async function afterWhatWasAsked(client: {
  invoke(name: string, data: unknown): Promise<unknown>;
}): Promise<void> {
  await expect(client.invoke("#unsubscribe", "nothing")).rejects.toThrow();
}
