import { expect, it } from "vitest";
import { Cluster } from "../support/processes.ts";
import { RawClient } from "../support/raw-client.ts";

const MOST = 50;
const PER_MINUTE = 200;

/** What a call ended with: nothing, or an error's name and code. */
async function ended(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    const { name, code } = error as { name?: string; code?: string };
    return `${name} ${code}`;
  }
}

it("Ever new channels are refused by name, first by brokers, then by the worker, and disturb nobody else's", async () => {
  const cluster = await Cluster.create({ SCC_BROKER_MAX_CHANNELS: MOST });
  await cluster.state().ready();
  const brokers = await Promise.all([cluster.broker(), cluster.broker()]);
  await Promise.all(brokers.map((broker) => broker.ready()));
  const options = JSON.stringify({ newChannelsPerMinute: PER_MINUTE });
  const worker = await (await cluster.worker({ SOCKETCLUSTER_OPTIONS: options })).ready();
  const [honest, greedy] = [await RawClient.connect(worker.port), await RawClient.connect(worker.port)];
  await honest.call("#subscribe", { channel: "honest" });
  const subscribe = (channel: string) => ended(greedy.call("#subscribe", { channel }));
  const publish = (channel: string) => ended(greedy.call("#publish", { channel, data: "x" }));

  // More than brokers have room for, one after the other: nothing is kept of them.
  for (let n = 0; n < 2 * MOST; n++) {
    expect(await subscribe(`left-${n}`)).toBeUndefined();
    await greedy.call("#unsubscribe", `left-${n}`);
  }
  let begun = 0;
  while ((await publish(`new-${begun}`)) === undefined) begun += 1;
  expect(begun).toBeGreaterThanOrEqual(MOST - 2);
  expect(await publish("one more")).toBe("PublishRefusedError SCC_PUBLISH_REFUSED");
  expect(await subscribe("another")).toBe("BrokerError SCC_SUBSCRIBE_REFUSED");

  let error: string | undefined;
  for (let n = 0; n <= PER_MINUTE && !error?.includes("NEW_CHANNEL"); n++) error = await publish(`more-${n}`);
  expect(error).toBe("NewChannelLimitError SCC_NEW_CHANNEL_LIMIT");
  expect(await subscribe("more")).toBe("BrokerError SCC_NEW_CHANNEL_LIMIT");

  await honest.call("#publish", { channel: "honest", data: "still here" });
  expect(honest.published).toEqual([{ channel: "honest", data: "still here" }]);
}, 60_000);
