import { describe, expect, it } from "vitest";
import { type Client, connect, subscribe } from "../support/client.ts";
import { Cluster, type Service, until } from "../support/processes.ts";
import { RawClient } from "../support/raw-client.ts";

async function running(brokers = 2): Promise<[Service, Service]> {
  const cluster = await Cluster.create();
  cluster.state();
  const all = await Promise.all([...Array(brokers)].map(() => cluster.broker()));
  const workers: [Service, Service] = [await cluster.worker(), await cluster.worker()];
  await Promise.all([...all, ...workers].map((service) => service.ready()));
  for (const worker of workers) {
    await until(
      "all links work",
      () => worker.log.filter(({ msg }) => msg === "linked to broker").length >= brokers,
    );
    await worker.ready();
  }
  return workers;
}

async function publishAll(client: Client, channel: string, name: string, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, n) => client.invokePublish(channel, `${name}-${n}`)));
}

describe("A running cluster", () => {
  it("loses nothing that is published on another worker right after a subscription was acknowledged", async () => {
    const [first, second] = await running();
    const [publisher, subscriber] = await Promise.all([connect(first.port), connect(second.port)]);
    const inboxes: unknown[][] = [];
    for (let n = 0; n < 200; n++) {
      const inbox = await subscribe(subscriber, `channel-${n}`);
      void publisher.transmitPublish(`channel-${n}`, n);
      inboxes.push(inbox);
    }

    await until("all have arrived", () => inboxes.every(({ length }) => length > 0));
    expect(inboxes).toEqual(inboxes.map((_, n) => [n]));
  });

  it("shows every subscriber on every worker one order, each publisher's own order in it", async () => {
    const [first, second] = await running();
    const [a, b] = await Promise.all([connect(first.port), connect(second.port)]);
    const watchers = await Promise.all([first, first, second, second].map(({ port }) => connect(port)));
    const inboxes = await Promise.all(watchers.map((watcher) => subscribe(watcher, "race")));

    await Promise.all([publishAll(a, "race", "a", 500), publishAll(b, "race", "b", 500)]);
    await until("all have arrived", () => inboxes.every(({ length }) => length === 1000));

    for (const inbox of inboxes) expect(inbox).toEqual(inboxes[0]);
    for (const name of ["a", "b"]) {
      const own = (inboxes[0] as string[]).filter((text) => text.startsWith(name));
      expect(own).toEqual(Array.from({ length: 500 }, (_, n) => `${name}-${n}`));
    }
  });

  it("carries channels of any name and data of any kind between workers", async () => {
    const [first, second] = await running();
    // The official client keeps channels in plain objects, which some of these names break: hence packets.
    const [publisher, subscriber] = await Promise.all([
      RawClient.connect(first.port),
      RawClient.connect(second.port),
    ]);
    const names = [
      "__proto__",
      "constructor",
      "toString",
      "hasOwnProperty",
      "",
      "nul\0nul",
      "\ud800",
      "\u00fc\u2603\u{1f4a5}",
      'a"b\\c\n',
      "x".repeat(10_000),
    ];
    const values = [
      0,
      "",
      false,
      null,
      [],
      {},
      { a: [1, { b: "\ud800" }] },
      "}}",
      "x".repeat(300_000),
      -1e-7,
    ];
    for (const [index, channel] of names.entries()) {
      const data = values[index];
      await subscriber.call("#subscribe", { channel });
      await publisher.call("#publish", { channel, data });
      await until(
        `the channel ${JSON.stringify(channel.slice(0, 20))} crosses`,
        () => subscriber.published.length > index,
      );
      expect(subscriber.published.at(-1)).toEqual({ channel, data });
    }
  });

  it("goes on with the other broker when one is killed, and uses it again when it is back", async () => {
    const cluster = await Cluster.create();
    cluster.state();
    const [doomed, other] = [await cluster.broker(), await cluster.broker()];
    const [first, second] = [await cluster.worker(), await cluster.worker()];
    await Promise.all([doomed, other, first, second].map((service) => service.ready()));
    const [publisher, subscriber] = await Promise.all([connect(first.port), connect(second.port)]);
    const inboxes = await Promise.all([...Array(20)].map((_, n) => subscribe(subscriber, `channel-${n}`)));

    await doomed.stop("SIGKILL");
    await Promise.all(
      [...Array(20)].map((_, n) => publisher.invokePublish(`channel-${n}`, "after the crash")),
    );
    await until("all have arrived", () => inboxes.every(({ length }) => length > 0));

    const back = await cluster.broker({ SCC_BROKER_SERVER_PORT: doomed.port });
    await back.ready();
    for (const worker of [first, second]) await worker.ready();
    await Promise.all(
      [...Array(20)].map((_, n) => publisher.invokePublish(`channel-${n}`, "with both again")),
    );
    await until("all have arrived", () => inboxes.every((inbox) => inbox.at(-1) === "with both again"));
  });
});
