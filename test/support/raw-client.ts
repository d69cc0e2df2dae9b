import { once } from "node:events";
import { WebSocket } from "ws";

interface Packet {
  readonly rid?: number;
  readonly data?: unknown;
  readonly error?: unknown;
  readonly event?: string;
}

/** A client that says just what a test tells it to, packet by packet. */
export class RawClient {
  /** The data of every `#publish` that came. */
  readonly published: unknown[] = [];
  readonly #socket: WebSocket;
  readonly #calls = new Map<number, (packet: Packet) => void>();
  #callId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (message: Buffer) => this.#read(message.toString()));
  }

  /** Connects and shakes hands. */
  static async connect(port: number): Promise<RawClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socketcluster/`);
    await once(socket, "open");
    const client = new RawClient(socket);
    await client.call("#handshake", {});
    return client;
  }

  /** Calls the server; resolves with its answer. */
  call(event: string, data: unknown): Promise<unknown> {
    this.#callId += 1;
    const cid = this.#callId;
    this.#socket.send(JSON.stringify({ event, data, cid }));
    return new Promise((resolve, reject) => {
      this.#calls.set(cid, ({ data: answer, error }) =>
        error === undefined ? resolve(answer) : reject(error),
      );
    });
  }

  close(): void {
    this.#socket.close();
  }

  #read(text: string): void {
    if (text === "") return this.#socket.send("");
    const packet = JSON.parse(text) as Packet;
    if (packet.event === "#publish") this.published.push(packet.data);
    if (packet.rid === undefined) return;
    this.#calls.get(packet.rid)?.(packet);
    this.#calls.delete(packet.rid);
  }
}
