import { describe, expect, it } from "vitest";
import { HeldLogs } from "../../cluster/replica/held-logs.ts";
import { Holder } from "../../cluster/replica/holder.ts";
import { CurrentRing } from "../../cluster/ring/current-ring.ts";
import { NO_RING, type Ring } from "../../cluster/ring/ring.ts";
import { EntryWriter } from "../../link/entries.ts";
import { type EntryHandler, readEntries } from "../../link/read-entries.ts";
import { WHOLE_FRAMES } from "../../link/test-link.ts";
import { taken } from "../../link/test-taken.ts";
import { Owner } from "../owner/owner.ts";
import { BrokerLogs } from "./broker-logs.ts";
import { Canaries } from "./canaries.ts";
import { WorkerPort } from "./worker-port.ts";

const ringOf = (counter: number): Ring => ({
  ...NO_RING,
  version: { counter, stateId: "s" },
  brokers: [{ uri: "ws://b:1", instanceId: "me" }],
});

/** A broker's end of a link, and all it says, as `[entry, ...fields]`. */
function port(events: { opened?: () => void; introduced?: () => void } = {}) {
  const ring = new CurrentRing();
  ring.offer(ringOf(2));
  const bounds = { count: 10, bytes: 1000, age: 1000, totalBytes: 10_000 };
  const held = new HeldLogs(bounds, () => 0);
  const owner = new Owner(
    { instanceId: "me", ring, held, maxChannels: 3, portOf: () => undefined, transferBytes: 1e6 },
    { settled: () => {} },
  );
  owner.adopted(ring.ring);
  const canaries = new Canaries({ instanceId: "me", ring, owner, portOf: () => undefined });
  const holder = new Holder({ instanceId: () => "me", ring, held, atTurnEnd: () => {} });
  const entries = new EntryWriter(
    () => {},
    () => {},
  );
  const tasks: (() => void)[] = [];
  const end = new WorkerPort({
    owner,
    canaries,
    ring,
    link: { entries, ...WHOLE_FRAMES, close: () => {} },
    hello: { instanceId: "me", role: "broker", release: "1", ring: ring.ring },
    atTurnEnd: (task) => tasks.push(task),
    introduced: () => {
      events.introduced?.();
      return true;
    },
    refused: () => {},
    opened: () => events.opened?.(),
    logs: new BrokerLogs(holder, owner, canaries),
  });
  const hello = (counter: number): void =>
    end.hello(JSON.stringify({ instanceId: "w", role: "worker", release: "1", ring: ringOf(counter) }));
  const said = (): unknown[][] => {
    for (const task of tasks.splice(0)) task();
    const calls: unknown[][] = [];
    const handler = new Proxy({} as EntryHandler, {
      get:
        (_target, name) =>
        (...fields: unknown[]) =>
          calls.push([
            String(name),
            ...fields.map((field) => (Buffer.isBuffer(field) ? field.toString() : field)),
          ]),
    });
    readEntries(taken(entries), handler);
    return calls;
  };
  said();
  return { end, owner, hello, said };
}

const kinds = (calls: unknown[][]): unknown[] => calls.map(([kind]) => kind);

describe("WorkerPort", () => {
  it("does not look at what is said under an older ring, and answers with the newer one", () => {
    const { end, owner, hello, said } = port();
    hello(1);
    end.name(0, "news");
    end.publish(0, 1, Buffer.from("x"));
    end.subscribe(0, 1, undefined);

    expect([owner.messageCount, owner.channelCount]).toEqual([0, 0]);
    expect(kinds(said())).toEqual(["ring"]);

    end.version({ counter: 2, stateId: "s" });
    end.publish(0, 1, Buffer.from("x"));
    expect(said()).toEqual([["confirm", 2, 1]]);
  });

  it("confirms once a turn, in ranges of positions that follow each other", () => {
    const { end, hello, said } = port();
    hello(2);
    end.name(0, "news");
    for (let sequence = 1; sequence <= 3; sequence++) end.publish(0, sequence, Buffer.from("x"));

    expect(said()).toEqual([["confirm", 1, 3]]);
    end.publish(0, 4, Buffer.from("x"));
    expect(said()).toEqual([["confirm", 4, 1]]);
  });

  it("brings a subscribed publisher its own message without the bytes, and repeats only as confirmed", () => {
    const { end, hello, said } = port();
    hello(2);
    end.name(0, "news");
    end.subscribe(0, 7, undefined);
    expect(said().at(-1)).toEqual(["subscribed", 0, 7, 0, "none"]);

    end.publish(0, 1, Buffer.from("x"));
    end.publish(0, 1, Buffer.from("x"));
    expect(said()).toEqual([
      ["own", 0, 1, 1],
      ["confirm", 2, 1],
    ]);
  });

  it("shows what is there since, and a later log from its beginning, with a word about the gap", () => {
    const { end, owner, hello, said } = port();
    hello(2);
    end.name(0, "news");
    for (let sequence = 1; sequence <= 3; sequence++) end.publish(0, sequence, Buffer.from(`${sequence}`));
    const { epoch } = owner.served("news")!.log;
    said();

    end.subscribe(0, 1, { epoch, offset: 1 });
    expect(kinds(said())).toEqual(["name", "epoch", "origin", "record", "record", "subscribed"]);
    end.subscribe(0, 2, { epoch: { ring: { counter: 1, stateId: "s" }, count: 1 }, offset: 9 });
    const calls = said();
    expect(kinds(calls)).toEqual(["epoch", "subscribed", "record", "record", "record"]);
    expect(calls[1]).toEqual(["subscribed", 0, 2, 0, "new log"]);
  });

  it("refuses a publish on one channel more than it may keep", () => {
    const { end, hello, said } = port();
    hello(2);
    for (let n = 0; n < 4; n++) {
      end.name(n, `c${n}`);
      end.publish(n, n + 1, Buffer.from("x"));
    }

    expect(said().map(([kind, position]) => [kind, position])).toEqual([
      ["refuse", 4],
      ["confirm", 1],
    ]);
  });

  it("refuses to begin with one channel more for a subscription, but not to go on with one that was known", () => {
    const { end, owner, hello, said } = port();
    hello(2);
    for (let n = 0; n < 4; n++) {
      end.name(n, `c${n}`);
      end.subscribe(n, n + 1, undefined);
    }
    const [answer] = said().filter(([kind]) => kind === "refuseSubscribe");
    expect(answer?.slice(2)).toEqual([4, "the broker has as many channels as it may"]);
    expect(owner.channelCount).toBe(3);

    end.subscribe(3, 5, { epoch: { ring: { counter: 1, stateId: "s" }, count: 1 }, offset: 9 });
    expect(kinds(said()).at(-1)).toBe("subscribed");
    end.subscribe(0, 6, undefined);
    expect(kinds(said()).at(-1)).toBe("subscribed");
  });

  it("keeps nothing of a channel that nobody published to when its last subscriber leaves", () => {
    const { end, owner, hello } = port();
    hello(2);
    for (const [number, channel] of ["empty", "used"].entries()) {
      end.name(number, channel);
      end.subscribe(number, number + 1, undefined);
    }
    end.publish(1, 1, Buffer.from("x"));
    for (const number of [0, 1]) end.unsubscribe(number);

    expect([owner.find("empty"), owner.find("used")?.subscribers.size]).toEqual([undefined, 0]);
  });

  it("leaves nothing of itself in the logs when its link has ended, whatever is still read", () => {
    const { end, owner, hello } = port();
    hello(2);
    end.name(0, "news");
    end.subscribe(0, 1, undefined);
    end.closed();
    end.subscribe(0, 2, undefined);

    expect(owner.find("news")?.subscribers.size).toBe(0);
  });

  it("does not open after its link has ended, which what the other side brings may do", () => {
    let opened = 0;
    const { end, hello } = port({ opened: () => (opened += 1), introduced: () => end.closed() });
    hello(3);

    expect(opened).toBe(0);
  });

  it("ends the link over what cannot be: numbers without names, foreign entries", () => {
    const { end, hello } = port();
    hello(2);

    expect(() => end.publish(5, 1, Buffer.alloc(0))).toThrow("has no name");
    expect(() => end.name(70_000, "x")).toThrow("no channel number");
    expect(() => end.record(0, 1, 0, 1, Buffer.alloc(0))).toThrow("not said in this direction");
    expect(() => end.hello("{}")).toThrow("Cannot read a frame");
    expect(() =>
      end.ring(JSON.stringify({ ...ringOf(3), brokers: [{ uri: "nonsense", instanceId: "x" }] })),
    ).toThrow("no address of a member");
  });
});
