import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { OutboundPacket } from "../../protocol/encode.ts";
import { Batching } from "./batching.ts";

describe("Batching", () => {
  it("sends what was gathered as one, and nothing when there is nothing", () => {
    const { batching, sent } = setUp();

    batching.begin();
    batching.push({ event: "a" });
    batching.push({ event: "b" });
    batching.flush();
    batching.flush();

    expect(sent).toEqual([[{ event: "a" }, { event: "b" }]]);
    expect(batching.gathering).toBe(false);
  });

  it("drops what was gathered when it is cancelled", () => {
    const { batching, sent } = setUp();

    batching.begin();
    batching.push({ event: "a" });
    batching.cancel();
    batching.flush();

    expect(sent).toEqual([]);
  });

  it("sends a batch before its time when it has become large, by packets or by bytes, and gathers on", () => {
    const { batching, sent } = setUp();

    batching.begin();
    for (let i = 0; i < 2_500; i += 1) batching.push({ event: "a" });
    for (let i = 0; i < 3; i += 1) batching.push({ event: "b" }, 2 ** 20);
    expect(sent.map(({ length }) => length)).toEqual([1_000, 1_000, 501, 1, 1]);
    batching.push({ event: "c" });
    batching.flush();

    expect(sent.at(-1)).toEqual([{ event: "c" }]);
    expect(batching.gathering).toBe(false);
  });

  it("sends a batch per interval until it is stopped", () => {
    const { batching, clock, sent } = setUp();

    batching.start(50);
    for (const event of ["a", "b"]) {
      batching.push({ event });
      clock.advance(50);
    }
    batching.push({ event: "c" });
    batching.stop();
    clock.advance(100);

    expect(sent).toEqual([[{ event: "a" }], [{ event: "b" }], [{ event: "c" }]]);
    expect(batching.gathering).toBe(false);
  });

  it("ends by itself after the handshake's time, unless it was started to last", () => {
    const { batching, clock } = setUp();
    batching.startFor(400, 50);
    clock.advance(400);
    expect(batching.gathering).toBe(false);

    batching.startFor(400, 50);
    batching.start(50);
    clock.advance(1_000);
    expect(batching.gathering).toBe(true);
  });
});

function setUp() {
  const clock = new VirtualClock();
  const sent: (readonly OutboundPacket[])[] = [];
  return { clock, sent, batching: new Batching(clock, (packets) => void sent.push(packets)) };
}
