import { afterEach, describe, expect, it, vi } from "vitest";
import { HeldLogs } from "../../cluster/replica/held-logs.ts";
import { Holder } from "../../cluster/replica/holder.ts";
import { CurrentRing } from "../../cluster/ring/current-ring.ts";
import { NO_RING, type Ring } from "../../cluster/ring/ring.ts";
import { EntryWriter } from "../../link/entries.ts";
import { WHOLE_FRAMES } from "../../link/test-link.ts";
import { Owner } from "../owner/owner.ts";
import { BrokerLogs } from "./broker-logs.ts";
import { Canaries } from "./canaries.ts";
import { WorkerPort } from "./worker-port.ts";

const RING: Ring = {
  ...NO_RING,
  version: { counter: 2, stateId: "s" },
  brokers: [{ uri: "ws://b:1", instanceId: "me" }],
};
const MESSAGE = 10_000;

describe("A broker", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("copies a message into its log and into each subscribed link, and looks at it nowhere", () => {
    const { publisher, subscribers } = links(3);
    const message = Buffer.from(`"${"x".repeat(MESSAGE - 2)}"`);
    const parse = vi.spyOn(JSON, "parse");
    const stringify = vi.spyOn(JSON, "stringify");
    const text = vi.spyOn(Buffer.prototype, "toString");
    const copied = countCopies();

    publisher.publish(0, 3, message);

    const { bytes } = copied();
    const needed = (1 + subscribers.length) * MESSAGE;
    expect(bytes).toBeGreaterThanOrEqual(needed);
    expect(bytes).toBeLessThan(needed + 500);
    expect(parse).not.toHaveBeenCalled();
    expect(stringify).not.toHaveBeenCalled();
    expect(text).not.toHaveBeenCalled();
  });
});

/** A publishing link and some subscribed ones, whose frames have gone once: their Buffers have the size that they keep. */
function links(count: number): { publisher: WorkerPort; subscribers: WorkerPort[] } {
  const ring = new CurrentRing();
  ring.offer(RING);
  const bounds = { count: 10, bytes: 1e6, age: 1e6, totalBytes: 1e7 };
  const held = new HeldLogs(bounds, () => 0);
  const owner = new Owner(
    { instanceId: "me", ring, held, maxChannels: 3, portOf: () => undefined, transferBytes: 1e6 },
    { settled: () => {} },
  );
  owner.adopted(ring.ring);
  const canaries = new Canaries({ instanceId: "me", ring, owner, portOf: () => undefined });
  const holder = new Holder({ instanceId: () => "me", ring, held, atTurnEnd: () => {} });
  const writers: EntryWriter[] = [];
  const open = (instanceId: string): WorkerPort => {
    const entries = new EntryWriter(
      () => {},
      () => {},
    );
    writers.push(entries);
    const port = new WorkerPort({
      owner,
      canaries,
      ring,
      link: { entries, ...WHOLE_FRAMES, close: () => {} },
      hello: { instanceId: "me", role: "broker", release: "1", ring: ring.ring },
      atTurnEnd: () => {},
      introduced: () => true,
      refused: () => {},
      opened: () => {},
      logs: new BrokerLogs(holder, owner, canaries),
    });
    port.hello(JSON.stringify({ instanceId, role: "worker", release: "1", ring: RING }));
    port.name(0, "news");
    return port;
  };
  const publisher = open("publisher");
  const subscribers = Array.from({ length: count }, (_, i) => open(`subscriber ${i}`));
  for (const subscriber of subscribers) subscriber.subscribe(0, 1, undefined);
  for (const sequence of [1, 2]) publisher.publish(0, sequence, Buffer.alloc(6 * MESSAGE, "1"));
  for (const entries of writers) entries.taken(false);
  return { publisher, subscribers };
}

/** Counts what is copied from Buffer to Buffer from now on. */
function countCopies(): () => { readonly bytes: number } {
  const copy = vi.spyOn(Buffer.prototype, "copy");
  const from = vi.spyOn(Buffer, "from") as unknown as { mock: { calls: [unknown][] } };
  const set = vi.spyOn(Uint8Array.prototype, "set");
  return () => {
    let bytes = 0;
    // Buffer.from may copy with `set`: counted once, by what it was given.
    for (const [source] of from.mock.calls) if (source instanceof Uint8Array) bytes += source.length;
    for (const { value } of copy.mock.results) bytes += Number(value);
    for (const [source] of set.mock.calls) {
      const isCounted = from.mock.calls.some(([given]) => given === source);
      if (!isCounted) bytes += source.length;
    }
    return { bytes };
  };
}
