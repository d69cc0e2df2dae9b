import { afterEach, describe, expect, it } from "vitest";
import { startApp, subscribe, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

/** What a loop gets until its stream ends. @param each what it does with each value */
async function consumed<T>(stream: AsyncIterable<T>, each: () => unknown = () => {}): Promise<T[]> {
  const values: T[] = [];
  for await (const value of stream) {
    values.push(value);
    await each();
  }
  return values;
}

/** What takes a while, and no turn of the event loop. */
async function promises(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await undefined;
}

describe.each(["kill", "close"] as const)("When a connection ends, with cleanup mode %s", (mode) => {
  it("a loop over its unsubscriptions gets every channel, and ends", async () => {
    app = await startApp({ socketStreamCleanupMode: mode });
    const { client, socket } = await app.pair();
    const channels = Array.from({ length: 50 }, (_, i) => `channel-${i}`);
    await Promise.all(channels.map((channel) => subscribe(client, channel)));
    const left = consumed(socket.listener("unsubscribe"));

    client.disconnect();

    expect(await left).toEqual(channels.map((channel) => ({ channel })));
  });

  it("all that the client said before reaches who consumes it without waiting for a turn", async () => {
    app = await startApp({ socketStreamCleanupMode: mode });
    const { client, socket } = await app.pair();
    const received = consumed(socket.receiver("hi"), promises);
    const counts = Array.from({ length: 20 }, (_, i) => i);

    for (const count of counts) void client.transmit("hi", count);
    client.disconnect();

    expect(await received).toEqual(counts);
  });

  it("by the server's word, its loops end all the same", async () => {
    app = await startApp({ socketStreamCleanupMode: mode });
    const { client, socket } = await app.pair();
    await subscribe(client, "news");
    const loops = [consumed(socket.listener("unsubscribe")), consumed(socket.receiver("hi"))];

    await socket.disconnect();

    expect(await Promise.all(loops)).toEqual([[{ channel: "news" }], []]);
  });
});
