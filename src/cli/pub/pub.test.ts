import { describe, expect, it } from "vitest";
import { linesOf } from "./lines.ts";
import { eachLine, repeated } from "./messages.ts";
import { Pace } from "./pace.ts";
import { Window } from "./window.ts";

async function* chunks(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

function deferred() {
  let [resolve, reject] = [() => {}, (_: Error) => {}];
  const promise = new Promise<void>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

describe("linesOf", () => {
  it("puts lines together, wherever the stream was cut, and needs no end behind the last one", async () => {
    expect(await all(linesOf(chunks("a\nb", "b\r", "\n\nc", "", "c")))).toEqual(["a", "bb", "", "cc"]);
    expect(await all(linesOf(chunks("a\n")))).toEqual(["a"]);
    expect(await all(linesOf(chunks()))).toEqual([]);
  });

  it("refuses a line that is too long before it has read all of it", async () => {
    const read = all(linesOf(chunks("a\n", "bb", "bb", "b"), 4));

    await expect(read).rejects.toThrow("Cannot read line 2: it is longer than 4 characters");
  });
});

describe("the messages", () => {
  it("are numbered by their lines, so that a fault is found", async () => {
    expect(await all(eachLine(chunks("1\n\n2\n"), false))).toEqual([
      { data: 1, where: "line 1" },
      { data: 2, where: "line 3" },
    ]);
    await expect(all(eachLine(chunks("1\n{\n"), false))).rejects.toThrow("line 2 is no JSON");
  });

  it("repeat the one of the command line, which is looked at before anything is sent", async () => {
    const [first, second] = [repeated("hi", true), repeated("[1]", false)].map((each) =>
      each[Symbol.asyncIterator](),
    );
    await first!.next();

    expect((await first!.next()).value).toMatchObject({ data: "hi" });
    expect((await second!.next()).value).toMatchObject({ data: [1] });
    expect(() => repeated("hi", false)).toThrow("give --text");
  });
});

describe("Pace", () => {
  it("says when each message is due, whenever it is asked", () => {
    const pace = new Pace(10);

    expect([pace.next(0), pace.next(0), pace.next(150)]).toEqual([0, 100, 50]);
  });

  it("makes up for at most a second", () => {
    const pace = new Pace(10);
    pace.next(0);

    const due = Array.from({ length: 20 }, () => pace.next(60_000)).filter((wait) => wait === 0);

    expect(due).toHaveLength(11);
  });
});

describe("Window", () => {
  it("has room while less than its size is on its way, whether that ends well or not", async () => {
    const window = new Window(2);
    const [good, bad] = [deferred(), deferred()];
    window.add(good.promise);
    window.add(bad.promise);
    const order: string[] = [];
    const room = window.room().then(() => order.push("room"));
    const empty = window.empty().then(() => order.push("empty"));

    order.push("rejected");
    bad.reject(new Error("refused"));
    await room;
    order.push("resolved");
    good.resolve();
    await empty;

    expect(order).toEqual(["rejected", "room", "resolved", "empty"]);
  });
});
