import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { frame } from "../../src/tools/bench/client/frames.ts";
import { Upgrade } from "../../src/tools/bench/client/upgrade.ts";

const HOST = "127.0.0.1";
const UPGRADE_WITHIN_MS = 10_000;

/** A WebSocket of a client that obeys nothing but TCP: it writes what it is given, and throws away what comes. */
export class FloodSocket {
  readonly #socket: Socket;
  /** Bytes written so far. */
  bytes = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Opens a WebSocket. Rejects if the server refuses it. */
  static async open(port: number, path: string): Promise<FloodSocket> {
    const socket = connect({ port, host: HOST, noDelay: true });
    // Its end is seen by `isOpen`: how a server gets rid of a flood is its own choice.
    socket.on("error", () => socket.destroy());
    const upgrade = new Upgrade();
    socket.write(upgrade.request(`${HOST}:${port}`, path));
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => socket.destroy(new Error("no answer to the upgrade")),
        UPGRADE_WITHIN_MS,
      );
      const onData = (bytes: Buffer): void => {
        try {
          if (upgrade.read(bytes) === undefined) return;
        } catch (error) {
          socket.destroy();
          reject(error);
          return;
        }
        clearTimeout(timer);
        socket.off("data", onData);
        resolve();
      };
      socket.on("data", onData);
      socket.once("close", () => {
        clearTimeout(timer);
        reject(new Error("closed before it was open"));
      });
    });
    socket.resume();
    return new FloodSocket(socket);
  }

  /** A TCP connection on which a request for an upgrade was sent, and nothing was waited for. */
  static async request(port: number, path: string): Promise<FloodSocket> {
    const socket = connect({ port, host: HOST, noDelay: true });
    socket.on("error", () => socket.destroy());
    await once(socket, "connect");
    socket.write(new Upgrade().request(`${HOST}:${port}`, path));
    return new FloodSocket(socket);
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /** Sends each message as a frame, and waits until the socket takes more: as fast as the server reads. */
  async send(...messages: (string | Buffer)[]): Promise<void> {
    if (!this.isOpen) return;
    const frames = Buffer.concat(messages.map((message) => frame(message)));
    this.bytes += frames.length;
    if (this.#socket.write(frames)) await nextTurn();
    else await this.#drained();
  }

  #drained(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      const onDone = (): void => {
        socket.off("drain", onDone).off("close", onDone);
        resolve();
      };
      socket.on("drain", onDone).on("close", onDone);
    });
  }

  /** Reads nothing more. */
  deafen(): void {
    this.#socket.pause();
  }

  /** Ends the connection with a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }
}
