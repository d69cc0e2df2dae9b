import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { Strangers } from "./strangers.ts";

const HOST = "10.0.0.1";

function strangers() {
  const clock = new VirtualClock();
  const dropped: number[] = [];
  const all = new Strangers(clock);
  const come = (number: number, address = HOST): object => {
    const stranger = { number };
    all.came(stranger, address, () => void dropped.push(number));
    return stranger;
  };
  return { clock, all, dropped, come };
}

describe("Who has not proved to hold the key", () => {
  it("is given five seconds for it", () => {
    const { clock, all, dropped, come } = strangers();
    const quick = come(1);
    come(2);
    all.left(quick);

    clock.advance(5000);

    expect(dropped).toEqual([2]);
    expect(all.count).toBe(0);
  });

  it("gives way to others, who came later, where there are a thousand", () => {
    const { all, dropped, come } = strangers();
    for (let number = 1; number <= 1010; number += 1) come(number);

    expect(dropped).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(all.count).toBe(1000);
  });

  it("gives way where most of them come from, not who waits there alone", () => {
    const { all, dropped, come } = strangers();
    come(0, "10.0.0.2");
    for (let number = 1; number <= 1001; number += 1) come(number);

    expect(dropped).toEqual([1, 2]);
    expect([all.makeRoom(), dropped.at(-1)]).toEqual([true, 3]);
  });

  it("is answered late where its address was often wrong, and the right key still opens there", () => {
    const { clock, all, come } = strangers();
    for (let wrong = 0; wrong < 100; wrong += 1) all.wasWrong(HOST);
    const looked: string[] = [];
    const look = (address: string): void => all.examine(come(0), address, () => looked.push(address));
    look(HOST);
    look("10.0.0.2");
    expect(looked).toEqual(["10.0.0.2"]);

    // A second without a link counts against a broker.
    clock.advance(900);

    expect(looked).toEqual(["10.0.0.2", HOST]);
  });
});
