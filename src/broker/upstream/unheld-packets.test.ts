import { describe, expect, it } from "vitest";
import { UnheldPackets } from "./unheld-packets.ts";

describe("Packets of upstream's workers that no second broker holds", () => {
  it("make whoever brings more wait, until half of what is allowed is free", async () => {
    const packets = new UnheldPackets(() => 100);
    const first = packets.add(60);
    expect(packets.room).toBeUndefined();
    const second = packets.add(60);
    const { room } = packets;
    let isFree = false;
    void room?.then(() => {
      isFree = true;
    });
    expect(room).toBeInstanceOf(Promise);
    expect(packets.room).toBe(room);

    packets.remove(first);
    await Promise.resolve();
    expect(isFree).toBe(false);

    packets.remove(second);
    await room;
    expect(packets.bytes).toBe(0);
    expect(packets.room).toBeUndefined();
  });

  it("are forgotten where nobody will tell of them, and a late word of them changes nothing", async () => {
    const packets = new UnheldPackets(() => 10);
    const position = packets.add(20);
    const { room } = packets;
    packets.clear();
    await room;
    packets.remove(position);

    expect(packets.bytes).toBe(0);
  });

  it("may be a single one that is larger than what is allowed", async () => {
    const packets = new UnheldPackets(() => 10);
    const large = packets.add(1000);
    const { room } = packets;
    packets.remove(large);

    await expect(room).resolves.toBeUndefined();
  });
});
