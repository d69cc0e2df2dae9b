import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { DialFailure } from "../../link/dial-failure.ts";
import type { TalkEvents } from "../../link/talk.ts";
import { silentLogger } from "../../runtime/log.ts";
import { CurrentRing } from "../ring/current-ring.ts";
import { NO_RING, type Ring } from "../ring/ring.ts";
import { type NewTalk, StateLink } from "./state-link.ts";

interface Message {
  readonly type: string;
  readonly [field: string]: unknown;
}

const ringOf = (counter: number, ...instanceIds: string[]): Ring => ({
  ...NO_RING,
  version: { counter, stateId: "s" },
  brokers: instanceIds.map((instanceId) => ({ uri: `ws://${instanceId}:1`, instanceId })),
});

/** A scc-state that a test plays: what is dialled and said lands here. */
function stage() {
  const clock = new VirtualClock();
  const ring = new CurrentRing();
  const dials: { opened(talk: NewTalk): void; failed(failure: DialFailure): void }[] = [];
  const said: Message[] = [];
  let refusals = 0;
  let events: TalkEvents | undefined;
  let instanceId = "first";
  const link = new StateLink({
    dial: (attempt) => {
      dials.push(attempt);
      return () => {};
    },
    ring,
    clock,
    random: () => 1,
    log: silentLogger,
    identity: () => ({ instanceId, instanceSecure: false }),
    retryDelay: 1000,
    ackTimeout: 500,
    authFailed: () => {
      refusals += 1;
    },
  });
  const talk: NewTalk = {
    send: (message) => said.push(message as Message),
    close: (reason) => events?.closed(reason),
    start: (given) => {
      events = given;
    },
  };
  link.start();
  return {
    link,
    clock,
    ring,
    dials,
    said,
    open: () => dials.at(-1)!.opened(talk),
    fail: (failure: DialFailure) => dials.at(-1)!.failed(failure),
    hear: (message: Message) => events?.message(message),
    lose: () => events?.closed("lost"),
    welcome: () => events?.message({ type: "welcome", stateId: "s", uri: "ws://me:1", ring: ring.ring }),
    be: (id: string) => {
      instanceId = id;
    },
    refusals: () => refusals,
  };
}

describe("StateLink", () => {
  it("hands in who it is and all it knows, and is registered once welcomed", () => {
    const { link, ring, said, open, welcome } = stage();
    ring.offer(ringOf(3, "first"));
    link.accuse(["x"]);
    link.settled({ counter: 3, stateId: "s" });
    open();

    expect(said).toMatchObject([
      {
        type: "join",
        instanceId: "first",
        ring: { version: { counter: 3 } },
        accused: ["x"],
        settled: { counter: 3 },
      },
    ]);
    expect(link.registered).toBe(false);
    welcome();
    expect(link.registered).toBe(true);
  });

  it("tells of new accusations and rings while registered, but not of rings that scc-state made", () => {
    const { link, ring, said, open, welcome, hear } = stage();
    open();
    welcome();
    link.accuse(["x"]);
    link.accuse(["x"]);
    hear({ type: "ring", ring: ringOf(5, "a") });
    ring.offer(ringOf(6, "a"));

    expect(said.slice(1).map(({ type }) => type)).toEqual(["accuse", "accuse", "ring"]);
    expect(ring.version.counter).toBe(6);
  });

  it("says what happened between registering and being welcomed", () => {
    const { link, ring, said, open, hear } = stage();
    open();
    ring.offer(ringOf(6, "a"));
    link.accuse(["x"]);
    link.settled({ counter: 6, stateId: "s" });
    hear({ type: "welcome", stateId: "s", uri: "ws://me:1", ring: ringOf(5, "a") });

    expect(said.slice(1)).toMatchObject([
      { type: "accuse", accused: ["x"] },
      { type: "settled", version: { counter: 6 } },
      { type: "ring", ring: { version: { counter: 6 } } },
    ]);
  });

  it("tries again with growing pauses, and at once from the beginning when it worked in between", () => {
    const { clock, dials, fail, open, welcome, lose } = stage();
    for (const pause of [100, 200, 400, 800, 1000, 1000]) {
      fail({ kind: "refused", reason: "nobody there" });
      const before = dials.length;
      clock.advance(pause - 1);
      expect(dials.length).toBe(before);
      clock.advance(1);
      expect(dials.length).toBe(before + 1);
    }
    open();
    welcome();
    lose();
    clock.advance(100);
    expect(dials).toHaveLength(8);
  });

  it("gives up on a scc-state that does not answer in time", () => {
    const { clock, dials, open } = stage();
    open();
    clock.advance(600);

    expect(dials).toHaveLength(2);
  });

  it("says that its key is refused when that is news, not at every attempt", () => {
    const { clock, fail, refusals } = stage();
    for (let attempt = 0; attempt < 10; attempt++) {
      fail({ kind: "auth", reason: "answered 401" });
      clock.advance(1000);
    }

    expect(refusals()).toBe(1);
  });

  it("registers anew under another identity", () => {
    const { link, clock, said, open, welcome, be } = stage();
    open();
    welcome();
    be("second");
    link.rejoin("left out of the ring");
    clock.advance(100);
    open();

    expect(said.at(-1)).toMatchObject({ type: "join", instanceId: "second", accused: [] });
  });

  it("leaves when nobody needs it any more, or after its limit, and stays away", async () => {
    const { link, clock, ring, dials, said, open, welcome, hear } = stage();
    ring.offer(ringOf(1, "first", "other"));
    open();
    welcome();
    let released = (): void => {};
    const left = link.leave((done) => {
      released = done;
    }, 1000);
    expect(said.at(-1)).toEqual({ type: "leave" });
    hear({ type: "ring", ring: ringOf(2, "other") });
    expect(link.registered).toBe(true);
    released();
    await left;
    clock.advance(60_000);

    expect([dials.length, link.registered]).toEqual([1, false]);
  });

  it("says goodbye as soon as scc-state is there to hear it", async () => {
    const { link, said, open, welcome } = stage();
    let released = (): void => {};
    const left = link.leave((done) => {
      released = done;
    }, 1000);
    open();
    welcome();
    expect(said.at(-1)).toEqual({ type: "leave" });
    released();
    await left;
  });

  it("does not wait to leave when nobody needs it, and not for longer than it may", async () => {
    const last = stage();
    last.open();
    last.welcome();
    await last.link.leave(undefined, 1000);

    const waiting = stage();
    waiting.open();
    waiting.welcome();
    const left = waiting.link.leave(() => {}, 1000);
    waiting.clock.advance(1000);
    await left;
  });

  it("stops at once, whatever it was doing", () => {
    const { link, clock, dials, fail } = stage();
    fail({ kind: "other", reason: "no route" });
    link.end();
    clock.advance(60_000);

    expect(dials).toHaveLength(1);
  });

  it("takes no ring of scc-state that cannot have grown out of its own, and ends the talk", () => {
    const { ring, open, hear, dials, clock } = stage();
    ring.offer(ringOf(3, "first"));
    open();
    hear({ type: "welcome", stateId: "s", uri: "ws://first:1", ring: ringOf(4 + 2 ** 20, "foreign") });

    expect(ring.version.counter).toBe(3);
    clock.advance(2000);
    expect(dials.length).toBeGreaterThan(1);
  });
});
