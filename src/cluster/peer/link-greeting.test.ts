import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { PeerPort } from "../../broker/links/peer-port.ts";
import { EntryWriter } from "../../link/entries.ts";
import { Link } from "../../link/link.ts";
import type { MemberSocketUser } from "../../link/member-socket.ts";
import { taken } from "../../link/test-taken.ts";
import { Turn } from "../../runtime/turn.ts";
import { CurrentRing } from "../ring/current-ring.ts";
import { NO_RING, type Ring } from "../ring/ring.ts";
import type { Hello } from "./peer-hello.ts";
import type { LogEvents } from "./port.ts";

const ringOf = (counter: number): Ring => ({
  ...NO_RING,
  version: { counter, stateId: "s" },
  brokers: [{ uri: "ws://203.0.113.1:1", instanceId: "foreign" }],
});
const hello = (ring: Ring): Hello => ({ instanceId: "other", role: "broker", release: "0", ring });
const stops: (() => void)[] = [];

/** A real link whose other side a test plays: a member that knows ring 7. */
function stage() {
  const ring = new CurrentRing();
  ring.offer({ ...ringOf(7), brokers: [] });
  let user: MemberSocketUser | undefined;
  const ends: string[] = [];
  const link = new Link(
    {
      bufferedBytes: 0,
      start: (given) => {
        user = given;
      },
      send: () => false,
      close: () => {},
      terminate: () => {},
    },
    { clock: new VirtualClock(), turn: new Turn(), maxBufferedBytes: 2 ** 20 },
  );
  const port = new PeerPort({
    link,
    ring,
    hello: hello(NO_RING),
    logs: {} as LogEvents,
    introduced: () => {},
  });
  link.start({ handler: port, closed: (reason) => void ends.push(reason) });
  stops.push(() => link.close("over"));
  const hear = (write: (entries: EntryWriter) => void): void => {
    const writer = new EntryWriter(
      () => {},
      () => {},
    );
    write(writer);
    user?.read(taken(writer));
  };
  return { ring, ends, hear };
}

describe("What comes over a new link", () => {
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  it("is not looked at before the other side has said who it is: no ring, no name, no beat", () => {
    const writes: ((entries: EntryWriter) => void)[] = [
      (entries) => entries.ring(JSON.stringify(ringOf(8))),
      (entries) => entries.version({ counter: 7, stateId: "s" }),
      (entries) => entries.name(0, "channel"),
      (entries) => entries.beat(0),
      (entries) => entries.canaryCopy(),
    ];
    for (const write of writes) {
      const { ring, ends, hear } = stage();
      hear(write);
      hear((entries) => entries.hello(JSON.stringify(hello(ringOf(9)))));

      expect(ring.version.counter).toBe(7);
      expect(ends).toEqual(["the first that is said on a link must be hello"]);
    }
  });

  it("says hello once", () => {
    const { ends, hear } = stage();
    hear((entries) => entries.hello(JSON.stringify(hello(ringOf(7)))));
    hear((entries) => entries.hello(JSON.stringify({ ...hello(ringOf(8)), instanceId: "third" })));

    expect(ends).toEqual([expect.stringContaining("hello is said once")]);
  });

  it("ends it where its ring is too far ahead, in hello and later, and the ring is not taken", () => {
    const far = ringOf(2 ** 48);
    const early = stage();
    early.hear((entries) => entries.hello(JSON.stringify(hello(far))));
    const late = stage();
    late.hear((entries) => entries.hello(JSON.stringify(hello(ringOf(8)))));
    late.hear((entries) => entries.ring(JSON.stringify(far)));

    expect([early.ring.version.counter, late.ring.version.counter]).toEqual([7, 8]);
    expect([...early.ends, ...late.ends]).toEqual(Array(2).fill(expect.stringContaining("changes ahead")));
  });
});
