import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { until } from "../server/test-server.ts";
import { canWriteDirectly, writeDirectly } from "./direct-write.ts";

const LARGE = 1_000_000;
const open: (Socket | Server)[] = [];

afterEach(() => {
  for (const one of open.splice(0)) "destroy" in one ? one.destroy() : one.close();
});

/** One end that writes, and its peer, which reads into `heard` unless it is paused. */
async function pair(path?: string) {
  const server = createServer({ allowHalfOpen: true });
  server.listen(path === undefined ? { port: 0, host: "127.0.0.1" } : { path });
  await once(server, "listening");
  const address = server.address();
  const peer =
    typeof address === "string"
      ? connect(address)
      : connect({ port: address?.port ?? 0, host: "127.0.0.1", allowHalfOpen: true });
  const [socket] = (await once(server, "connection")) as [Socket];
  open.push(peer, socket, server);
  const heard: Buffer[] = [];
  peer.on("data", (chunk) => heard.push(chunk));
  peer.on("error", () => peer.destroy());
  const errors: Error[] = [];
  socket.on("error", (error) => errors.push(error));
  const writer = {
    bytes: 0,
    waiting(bytes: number) {
      this.bytes += bytes;
    },
  };
  const write = (bytes: Buffer): boolean => {
    const isDirect = writeDirectly(socket, bytes, writer);
    if (!isDirect) socket.write(bytes);
    return isDirect;
  };
  // The first one goes through the stream, to learn what Node writes with.
  write(Buffer.from("."));
  await until("the first byte", () => heard.length > 0);
  heard.length = 0;
  return { socket, peer, heard, errors, writer, write };
}

type Pair = Awaited<ReturnType<typeof pair>>;

/** Writes directly to a peer that does not read until the kernel takes no more. @returns everything written */
function fill({ peer, writer, write }: Pair): Buffer[] {
  peer.pause();
  const written: Buffer[] = [];
  while (writer.bytes === 0) {
    const bytes = Buffer.alloc(LARGE, `${written.length} `);
    expect(write(bytes)).toBe(true);
    written.push(bytes);
  }
  return written;
}

/** @returns what waits, held by nobody but who writes it */
function fillAndForget(ends: Pair): WeakRef<Buffer> {
  return new WeakRef(fill(ends).at(-1) as Buffer);
}

async function hearAll({ peer, heard }: Pair, written: readonly Buffer[]): Promise<void> {
  peer.resume();
  const length = written.reduce((sum, bytes) => sum + bytes.length, 0);
  await until("all bytes", () => heard.reduce((sum, bytes) => sum + bytes.length, 0) >= length);
  expect(Buffer.concat(heard).equals(Buffer.concat(written))).toBe(true);
}

describe("writeDirectly", () => {
  afterEach(() => vi.restoreAllMocks());

  it.each(["TCP", "local"])("writes past the stream of a %s socket", async (kind) => {
    const path = kind === "TCP" ? undefined : join(tmpdir(), `scc-direct-${process.pid}.sock`);
    const { socket, heard, writer, write } = await pair(path);
    expect(canWriteDirectly(socket)).toBe(true);
    const streamed = vi.spyOn(socket, "write");

    for (const word of ["one ", "two ", "three"]) expect(write(Buffer.from(word))).toBe(true);

    await until("all words", () => Buffer.concat(heard).toString() === "one two three");
    expect(streamed).not.toHaveBeenCalled();
    expect(writer.bytes).toBe(0);
    expect(socket.bytesWritten).toBe(14);
  });

  it("counts the bytes that wait for a peer that does not read, until it has", async () => {
    const ends = await pair();
    const written = fill(ends);
    expect(ends.writer.bytes).toBe(LARGE);

    await hearAll(ends, written);
    await until("nothing waits", () => ends.writer.bytes === 0);
    expect(ends.write(Buffer.from("again"))).toBe(true);
  });

  it("leaves to the stream what comes while a write waits, so that it is gathered", async () => {
    const ends = await pair();
    const written = fill(ends);
    for (const word of ["a", "b", "c"].map((letter) => Buffer.from(letter))) {
      expect(ends.write(word)).toBe(false);
      written.push(word);
    }
    expect([ends.writer.bytes, ends.socket.writableLength]).toEqual([LARGE, 3]);

    await hearAll(ends, written);
    await until("all has gone", () => ends.writer.bytes + ends.socket.writableLength === 0);
  });

  it("keeps the order among writes of every kind", async () => {
    const ends = await pair();
    const { socket, write } = ends;
    const written: Buffer[] = [];
    const stream = (bytes: Buffer): void => {
      socket.write(bytes);
      written.push(bytes);
    };
    const direct = (bytes: Buffer): void => {
      write(bytes);
      written.push(bytes);
    };
    const round = (): void => {
      stream(Buffer.alloc(10_000, "a"));
      direct(Buffer.alloc(10_000, "b"));
      socket.cork();
      stream(Buffer.alloc(10_000, "c"));
      direct(Buffer.alloc(10_000, "d"));
      socket.uncork();
      direct(Buffer.alloc(10_000, "e"));
    };
    round();
    written.push(...fill(ends));
    for (let n = 0; n < 20; n += 1) round();

    await hearAll(ends, written);
  });

  it("writes nothing past what the stream still holds", async () => {
    const ends = await pair();
    const { socket, peer, write } = ends;
    peer.pause();
    const written: Buffer[] = [];
    while (socket.writableLength < 3 * LARGE) {
      written.push(Buffer.alloc(LARGE, `${written.length} `));
      socket.write(written.at(-1) as Buffer);
    }
    const last = Buffer.from("last");
    expect(write(last)).toBe(false);

    await hearAll(ends, [...written, last]);
  });

  it("keeps in memory what waits, and no longer", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const ends = await pair();
    const waiting = fillAndForget(ends);
    await new Promise(setImmediate);
    collect();
    expect(waiting.deref()).toBeDefined();

    ends.peer.resume();
    await until("it is let go", () => {
      ends.heard.length = 0;
      collect();
      return waiting.deref() === undefined;
    });
  });

  it("gives back the count of what waits when the socket is destroyed", async () => {
    const ends = await pair();
    fill(ends);
    ends.socket.destroy();
    expect(ends.write(Buffer.from("late"))).toBe(false);

    await until("nothing waits", () => ends.writer.bytes === 0);
    expect(ends.errors).toEqual([]);
  });

  it("closes the socket, and throws nothing, when the peer resets the connection", async () => {
    const ends = await pair();
    fill(ends);
    let hasClosed = false;
    ends.socket.on("close", () => {
      hasClosed = true;
    });
    ends.peer.resetAndDestroy();
    await until("the end", () => {
      ends.write(Buffer.from("more"));
      return hasClosed;
    });

    expect(ends.writer.bytes).toBe(0);
  });

  it("destroys the socket when a write that waited fails, also where nobody reads from it", async () => {
    const ends = await pair();
    const { socket, peer } = ends;
    fill(ends);
    const closed = once(socket, "close");
    peer.write(Buffer.alloc(LARGE));
    await until("it reads no more", () => socket.readableLength >= socket.readableHighWaterMark);
    peer.resetAndDestroy();

    await closed;
    expect(ends.writer.bytes).toBe(0);
  });

  it("destroys the socket when a write fails at once", async () => {
    const { socket, peer, write } = await pair();
    const closed = once(socket, "close");
    peer.resetAndDestroy();
    await once(peer, "close");
    // Nobody has read yet that it was reset.
    expect(write(Buffer.from("lost"))).toBe(true);

    expect(socket.destroyed).toBe(true);
    await closed;
  });

  it("delivers everything that was written before the socket is ended", async () => {
    const ends = await pair();
    const written = fill(ends);
    let hasEnded = false;
    ends.peer.on("end", () => {
      hasEnded = true;
    });
    ends.socket.end("bye");
    expect(writeDirectly(ends.socket, Buffer.from("late"), ends.writer)).toBe(false);

    await hearAll(ends, [...written, Buffer.from("bye")]);
    await until("the end", () => hasEnded);
    expect(ends.writer.bytes).toBe(0);
  });

  it("writes nothing once the socket is ended", async () => {
    const { socket, heard, peer, writer } = await pair();
    socket.end("bye");
    await once(peer, "end");
    expect(writeDirectly(socket, Buffer.from("late"), writer)).toBe(false);

    expect(socket.destroyed).toBe(false);
    expect(Buffer.concat(heard).toString()).toBe("bye");
  });

  it("does not disturb who follows asynchronous work", async () => {
    const ends = await pair();
    const storage = new AsyncLocalStorage<string>();
    const requests: number[] = [];
    const hook = createHook({
      init: (id, type) => void (type === "WRITEWRAP" && requests.push(id)),
    }).enable();
    const written = storage.run("direct", () => fill(ends));
    const seen: unknown[] = [];
    storage.run("stream", () => ends.socket.write("x", () => seen.push(storage.getStore())));
    await hearAll(ends, [...written, Buffer.from("x")]);
    await until("the callback", () => seen.length === 1);
    hook.disable();

    expect(seen).toEqual(["stream"]);
    // Only writes that wait are work that goes on.
    expect(requests).toHaveLength(2);
    expect(new Set(requests).size).toBe(2);
  });
});

describe("canWriteDirectly", () => {
  it("says no to TLS, to streams that are no sockets, and to what looks like neither", async () => {
    const { socket } = await pair();
    const secured = new TLSSocket(socket);
    open.push(secured);

    expect(canWriteDirectly(secured)).toBe(false);
    expect(canWriteDirectly(new Duplex())).toBe(false);
    expect(canWriteDirectly({})).toBe(false);
    expect(canWriteDirectly({ _handle: null })).toBe(false);
    expect(canWriteDirectly({ _handle: {} })).toBe(false);
  });
});

describe("Node", () => {
  it("has no objections: nothing that is used is deprecated", async () => {
    const script = `
      import { createServer, connect } from "node:net";
      import { writeDirectly } from ${JSON.stringify(new URL("direct-write.ts", import.meta.url))};
      const server = createServer((socket) => {
        const written = [];
        for (let n = 0; n < 3; n += 1) {
          const isDirect = writeDirectly(socket, Buffer.from("x"), { waiting() {} });
          if (!isDirect) socket.write("x");
          written.push(isDirect);
        }
        socket.write(Buffer.from("y"));
        written.push(writeDirectly(socket, Buffer.from("z"), { waiting() {} }));
        console.log(JSON.stringify(written));
        socket.end();
        server.close();
      });
      server.listen(0, "127.0.0.1", () => connect(server.address().port, "127.0.0.1").resume());
    `;
    const flags = ["--pending-deprecation", "--trace-deprecation", "--import", "tsx", "--input-type=module"];
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, "--eval", script], {
      cwd,
    });

    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toContain(true);
  });
});
