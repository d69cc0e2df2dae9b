import { describe, expect, it } from "vitest";
import { Partings } from "./partings.ts";

const CHANNEL = 3;

describe("Partings", () => {
  it("tell what was acknowledged and had not come, and for how long", () => {
    const partings = new Partings();
    const client = {};
    partings.opened(client, CHANNEL);
    for (const position of [1, 2, 3]) partings.published(CHANNEL, position);
    partings.acknowledged(CHANNEL, 1, 100);
    partings.acknowledged(CHANNEL, 2, 200);

    partings.delivered(client, 1);

    expect(partings.parted(client, 250)).toEqual([
      { channel: CHANNEL, position: 2, ageMs: 50, isLeftOut: false },
    ]);
  });

  it("tell what was left out: something came that was published after its acknowledgement", () => {
    const partings = new Partings();
    const client = {};
    partings.opened(client, CHANNEL);
    for (const position of [1, 2]) partings.published(CHANNEL, position);
    for (const position of [1, 2]) partings.acknowledged(CHANNEL, position, 100);
    partings.published(CHANNEL, 3);

    partings.delivered(client, 2);
    const another = {};
    partings.opened(another, CHANNEL);
    expect(partings.parted(client, 110)).toMatchObject([{ position: 1, isLeftOut: false }]);

    partings.published(CHANNEL, 4);
    partings.acknowledged(CHANNEL, 4, 120);
    partings.published(CHANNEL, 5);
    partings.delivered(another, 5);
    expect(partings.parted(another, 130)).toMatchObject([{ position: 4, isLeftOut: true }]);
  });

  it("do not ask for what was published before the subscription, or on another channel, or rejected", () => {
    const partings = new Partings();
    const client = {};
    partings.published(CHANNEL, 1);
    partings.opened(client, CHANNEL);
    partings.acknowledged(CHANNEL, 1, 10);
    partings.published(CHANNEL + 1, 1);
    partings.acknowledged(CHANNEL + 1, 1, 10);
    partings.published(CHANNEL, 2);
    partings.rejected(CHANNEL, 2);

    expect(partings.parted(client, 20)).toEqual([]);
  });

  it("count what is acknowledged while a client is away, and nothing when it is back", () => {
    const partings = new Partings();
    const client = {};
    partings.opened(client, CHANNEL);
    partings.parted(client, 5);
    partings.published(CHANNEL, 1);
    partings.acknowledged(CHANNEL, 1, 10);

    partings.back(CHANNEL);
    partings.opened(client, CHANNEL);
    partings.published(CHANNEL, 2);
    partings.acknowledged(CHANNEL, 2, 20);

    expect(partings.missedAway).toBe(1);
    expect(partings.parted(client, 30)).toEqual([
      { channel: CHANNEL, position: 2, ageMs: 10, isLeftOut: false },
    ]);
  });

  it("forget what was awaited on a connection before", () => {
    const partings = new Partings();
    const client = {};
    partings.opened(client, CHANNEL);
    partings.published(CHANNEL, 1);
    partings.acknowledged(CHANNEL, 1, 10);
    partings.parted(client, 20);
    partings.back(CHANNEL);

    partings.opened(client, CHANNEL);

    expect(partings.parted(client, 30)).toEqual([]);
  });
});
