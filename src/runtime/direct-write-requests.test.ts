import { describe, expect, it, vi } from "vitest";

/** What comes about by chance, or with another Node: here it is played. */
describe("A request for a write", () => {
  class Request {
    asyncId = -1;
    writeStatus: number | null = null;
    oncomplete: (status: number) => void = () => {};
    getAsyncId(): number {
      return this.asyncId;
    }
  }

  /** A socket whose writes end like this, and one write of its stream. */
  function fake(writeBuffer: (request: unknown) => unknown, given: () => unknown) {
    class TCP {
      writeBuffer(request: unknown, _bytes: Buffer): unknown {
        return writeBuffer(request);
      }
    }
    const handle = new TCP();
    const socket = {
      _handle: handle,
      writable: true,
      writableLength: 0,
      destroyed: false,
      destroy() {
        this.destroyed = true;
      },
    };
    const counts: number[] = [];
    return {
      socket,
      counts,
      stream: () => void handle.writeBuffer(given(), Buffer.from("streamed")),
      writer: { waiting: (bytes: number) => void counts.push(bytes) },
    };
  }

  /** As if the process had just started. */
  async function fresh() {
    vi.resetModules();
    const module = await import("./direct-write.ts");
    const attempt = ({ socket, writer }: ReturnType<typeof fake>): boolean =>
      module.writeDirectly(socket as never, Buffer.from("ab"), writer);
    return { ...module, attempt };
  }

  it("is not used again before it is done, even if nothing waits any more", async () => {
    const { attempt } = await fresh();
    const used: Request[] = [];
    let asyncId = -1;
    const ends = fake(
      (request) => {
        (request as Request).asyncId = asyncId;
        used.push(request as Request);
        return 0;
      },
      () => new Request(),
    );
    expect(attempt(ends)).toBe(false);
    ends.stream();

    expect([attempt(ends), attempt(ends)]).toEqual([true, true]);
    expect(used[2]).toBe(used[1]);
    // The kernel took nothing at first, so that the request was needed, and then everything.
    asyncId = 7;
    expect(attempt(ends)).toBe(true);
    expect(used[3]).toBe(used[1]);
    expect(attempt(ends)).toBe(false);
    used[3]?.oncomplete(0);
    expect(attempt(ends)).toBe(true);

    expect(used[4]).not.toBe(used[3]);
    expect(ends.counts).toEqual([2, -2, 2]);
  });

  it("is taken from Node where that makes it itself", async () => {
    const { attempt, canWriteDirectly } = await fresh();
    const given: unknown[] = [];
    let result: number | Request = 0;
    const ends = fake(
      (request) => {
        given.push(request);
        return result;
      },
      () => null,
    );
    expect(attempt(ends)).toBe(false);
    ends.stream();
    expect(canWriteDirectly(ends.socket)).toBe(true);
    expect(attempt(ends)).toBe(true);

    const request = new Request();
    request.asyncId = 7;
    result = request;
    expect([attempt(ends), attempt(ends)]).toEqual([true, false]);
    request.oncomplete(0);
    const done = Object.assign(new Request(), { asyncId: 8, writeStatus: 0 });
    result = done;
    expect(attempt(ends)).toBe(true);

    expect(given).toEqual([null, null, null, null]);
    expect(ends.counts).toEqual([2, -2, 2, -2]);
    expect(ends.socket.destroyed).toBe(false);
    result = new Request();
    expect([attempt(ends), ends.socket.destroyed]).toEqual([true, true]);
    expect(ends.counts).toHaveLength(4);
  });

  it.each([
    { what: "cannot tell whether it is in use", given: () => ({}), result: 0 },
    { what: "has no class", given: () => Object.create(null), result: 0 },
    {
      what: "is in use when it is new",
      given: () =>
        new (class {
          getAsyncId = () => 1;
        })(),
      result: 0,
    },
    { what: "does not come back either", given: () => null, result: undefined },
    { what: "is not there", given: () => undefined, result: 0 },
  ])("that $what is never used: the stream writes", async ({ given, result }) => {
    const { attempt, canWriteDirectly } = await fresh();
    const ends = fake(() => result, given);
    expect(canWriteDirectly(ends.socket)).toBe(true);
    expect(attempt(ends)).toBe(false);
    ends.stream();

    expect(attempt(ends)).toBe(false);
    expect(canWriteDirectly(ends.socket)).toBe(false);
  });
});
