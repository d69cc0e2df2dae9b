import { describe, expect, it } from "vitest";
import { Publication } from "../pubsub/publication.ts";
import { type Pending, sizeOf } from "./pending.ts";
import { type PublishPort, PublishWindow } from "./publish-window.ts";
import { Unconfirmed } from "./unconfirmed.ts";

/** What one publish of these tests takes. */
const SIZE = sizeOf(publication());

function publication(size = 800): Publication {
  return new Publication("news", Buffer.alloc(size));
}

/** A window with room for so many publishes, on a connection that notes what is sent. */
function stage(room: number) {
  const sent: number[] = [];
  const open: PublishPort & { window: number } = {
    window: Infinity,
    send: (pending: Pending) => {
      pending.sent += 1;
      sent.push(pending.sequence);
    },
  };
  const link = { port: open as typeof open | undefined, resent: 0 };
  const unconfirmed = new Unconfirmed();
  const window = new PublishWindow(
    room * SIZE,
    () => link.port,
    () => {
      link.resent += 1;
    },
  );
  const publish = (size?: number) => {
    const pending = unconfirmed.add(publication(size), undefined, 0);
    return { pending, room: window.add(pending) };
  };
  const remove = ({ pending }: { pending: Pending }) => {
    unconfirmed.remove(pending);
    window.remove(pending);
  };
  return { window, link, open, sent, unconfirmed, publish, remove };
}

async function isResolved(promise: Promise<void> | undefined): Promise<boolean> {
  const afterIt = new Promise<false>((resolve) => setImmediate(resolve, false));
  return promise !== undefined && (await Promise.race([promise.then(() => true), afterIt]));
}

describe("A window of publishes", () => {
  it("sends what fits, lets the rest wait in order, and sends it as there is room", () => {
    const { sent, publish, remove } = stage(3);
    const all = [...Array(6)].map(() => publish());
    expect(sent).toEqual([1, 2, 3]);

    remove(all[1]!);
    expect(sent).toEqual([1, 2, 3, 4]);
    remove(all[0]!);
    remove(all[2]!);
    expect(sent).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("lets a small one not overtake a large one that waits", () => {
    const { sent, publish, remove } = stage(2);
    const first = publish();
    publish(2 * SIZE - sizeOf(publication(0)));
    publish(0);
    expect(sent).toEqual([1]);

    remove(first);
    expect(sent).toEqual([1, 2]);
  });

  it("tells who publishes past it to wait, until half of it is free", async () => {
    const { publish, remove } = stage(4);
    const all = [...Array(6)].map(() => publish());
    expect(all.map(({ room }) => room !== undefined)).toEqual([false, false, false, false, true, true]);
    const room = all[4]!.room;

    for (const each of all.slice(0, 3)) remove(each);
    expect(await isResolved(room)).toBe(false);
    remove(all[3]!);
    expect(await isResolved(room)).toBe(true);
    expect(publish().room).toBeUndefined();
  });

  it("takes as much again to wait, and no more; but one of any size", () => {
    const { window, publish } = stage(2);
    expect(window.takes(100 * SIZE)).toBe(true);
    publish(100 * SIZE);
    expect(window.takes(SIZE)).toBe(false);

    const small = stage(2);
    for (let n = 0; n < 4; n++) {
      expect(small.window.takes(SIZE)).toBe(true);
      small.publish();
    }
    expect(small.window.takes(SIZE)).toBe(false);
  });

  it("sends one that is larger than all of it, alone", () => {
    const { sent, publish, remove } = stage(1);
    const [large] = [publish(100 * SIZE), publish()];
    expect(sent).toEqual([1]);

    remove(large);
    expect(sent).toEqual([1, 2]);
  });

  it("is no larger than the other side allows", () => {
    const { sent, open, window, publish } = stage(10);
    open.window = 2 * SIZE;
    for (let n = 0; n < 4; n++) publish();

    expect(sent).toEqual([1, 2]);
    expect(window.takes(SIZE)).toBe(false);
  });

  it("begins anew on another connection, in the order of the publishes", () => {
    const { window, link, sent, open, unconfirmed, publish, remove } = stage(2);
    const all = [...Array(3)].map(() => publish());
    link.port = undefined;
    remove(all[0]!); // given up: nothing can be sent in its place
    expect(sent).toEqual([1, 2]);
    publish();

    link.port = open;
    window.restart();
    for (const pending of unconfirmed.inOrder()) window.again(pending);
    window.review();

    expect(sent).toEqual([1, 2, 2, 3]);
    expect(link.resent).toBe(1);
    expect(window.bytes).toBe(3 * SIZE);
  });

  it("forgets what is given up while it waits, and lets go who waited", async () => {
    const { window, link, sent, open, publish, remove } = stage(2);
    link.port = undefined;
    const all = [...Array(4)].map(() => publish());
    for (const each of all) remove(each);

    expect(await isResolved(all[3]!.room)).toBe(true);
    expect(window.bytes).toBe(0);
    link.port = open;
    publish();
    expect(sent).toEqual([5]);
  });
});
