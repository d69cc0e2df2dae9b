import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { connect, type Socket } from "node:net";
import { dial } from "../../src/link/dial.ts";
import type { FrameReader } from "../../src/protocol/read-frames.ts";
import { readFrames } from "../../src/protocol/read-frames.ts";

const DEADLINE_MS = 10_000;
/** How long the other side may take to close once all was said, ms: by then it has read it. */
const GOODBYE_MS = 300;
const MAX_PAYLOAD = 128 * 2 ** 20;

/** A connection to a process under attack, over which anything can be written. */
export class Connection {
  readonly #socket: Socket;
  /** How it ended, in a few words; undefined while it has not. */
  end: string | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.once("close", () => {
      this.end ??= "cut";
    });
  }

  /** Hands bytes to the socket; resolves when there is room for more, or nobody is there any more. */
  write(bytes: Buffer): Promise<void> | undefined {
    if (this.#socket.destroyed || this.#socket.write(bytes)) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off("drain", done).off("close", done);
        resolve();
      };
      this.#socket.once("drain", done).once("close", done);
    });
  }

  /** Ends it, by its half or at once, and waits until the other side has seen it. */
  async close(isCut: boolean): Promise<string> {
    const socket = this.#socket;
    if (isCut) {
      this.end ??= "cut by us";
      socket.resetAndDestroy();
    } else {
      socket.end();
      if (!socket.destroyed) await closed(socket);
      this.end ??= "left open";
      socket.destroy();
    }
    return this.end ?? "cut by us";
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GOODBYE_MS);
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Notes how the other side says goodbye. */
function reading(socket: Socket, connection: Connection): void {
  const reader: FrameReader = {
    unfinished: undefined,
    fragments: undefined,
    maxPayload: MAX_PAYLOAD,
    expectsMask: false,
    isReading: true,
    message: () => {},
    pinged: () => {},
    ponged: () => {},
    goodbye: (code) => {
      connection.end ??= `close ${code}`;
    },
    fault: ({ message }) => {
      connection.end ??= `it sent what is no frame: ${message}`;
    },
  };
  socket.on("data", (chunk) => readFrames(reader, chunk));
}

/** Opens a TCP connection and writes one thing. */
export async function openRaw(port: number, bytes: Buffer): Promise<Connection> {
  const socket = connect(port, "127.0.0.1");
  const connection = new Connection(socket);
  socket.once("data", (chunk) => {
    connection.end ??= `HTTP ${chunk.toString("latin1").split(" ", 2)[1]}`;
  });
  await connection.write(bytes);
  return connection;
}

/** Opens a WebSocket as a client does. @returns how it was refused, if it was */
export function openClient(port: number, path: string): Promise<Connection | string> {
  const socket = connect(port, "127.0.0.1");
  const connection = new Connection(socket);
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  return new Promise((resolve) => {
    let head = "";
    const timer = setTimeout(() => socket.destroy(), DEADLINE_MS);
    const onData = (chunk: Buffer): void => {
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      clearTimeout(timer);
      socket.off("data", onData);
      const status = head.split(" ", 2)[1];
      if (status !== "101") {
        socket.destroy();
        resolve(`HTTP ${status}`);
        return;
      }
      reading(socket, connection);
      resolve(connection);
    };
    socket.on("data", onData);
    socket.once("close", () => resolve("cut at the handshake"));
  });
}

/** Opens a connection as a member does, key and all. @returns how it was refused, if it was */
export function openMember(
  port: number,
  protocol: string,
  query: Readonly<Record<string, string>>,
  authKey: string | undefined,
): Promise<Connection | string> {
  let socket: Socket | undefined;
  // What dials keeps its socket to itself, and what is said here may be anything but what it says.
  const created = (message: unknown): void => {
    socket ??= (message as { socket: Socket }).socket;
  };
  subscribe("net.client.socket", created);
  const answer = new Promise<Connection | string>((resolve) => {
    dial(
      {
        uri: `ws://127.0.0.1:${port}`,
        protocol,
        query,
        authKey,
        connectTimeoutMs: DEADLINE_MS,
        maxPayload: MAX_PAYLOAD,
      },
      {
        opened: (member) => {
          if (socket === undefined) return resolve("no socket was seen");
          const connection = new Connection(socket);
          member.start({
            read: () => {},
            closed: (reason) => {
              connection.end ??= reason.replace(/[0-9a-f-]{36}|\d+/g, "N").slice(0, 60);
            },
          });
          resolve(connection);
        },
        failed: ({ reason }) => resolve(reason.replace(/[0-9a-f-]{36}/g, "N").slice(0, 60)),
      },
    );
  });
  unsubscribe("net.client.socket", created);
  return answer;
}
