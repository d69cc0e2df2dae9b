import { WebSocket, WebSocketServer, type ServerOptions as WsOptions } from "ws";
import type { Connection } from "../connection.ts";
import { MAX_UNSENT_PONGS, PlainWebSocket } from "./plain-web-socket.ts";

/** Options of a `ws` server that concern its answers to pings. */
interface PingOptions {
  readonly autoPong?: boolean;
  /** 0: any number. */
  readonly maxPendingAutoPongs?: number;
}

/** `ws` makes WebSockets of a class that extends its own. */
const Base = WebSocket as unknown as new (address: null, protocols: undefined, options: object) => WebSocket;

/**
 * The WebSocket of `ws`, for clients that compress: it knows whose it is, so that all share its listeners. Pings it
 * answers as `PlainWebSocket` does: `ws` would cut off who sends many in one write, though he reads the answers.
 */
export class CompressedWebSocket extends Base {
  connection: Connection | undefined;
  readonly #most: number;
  /** Answers to pings that the system has not taken yet. */
  #unsent = 0;

  /** Called by `ws`. */
  constructor(address: null, protocols: undefined, options: PingOptions) {
    super(address, protocols, { ...options, autoPong: false });
    this.#most = options.maxPendingAutoPongs ?? MAX_UNSENT_PONGS;
    if (options.autoPong !== false) this.on("ping", (payload) => this.#answerPing(payload));
  }

  /** Who pings without reading the answers is cut off. */
  #answerPing(payload: Buffer): void {
    if (this.readyState !== WebSocket.OPEN) return;
    if (this.#most > 0 && this.#unsent >= this.#most && this.bufferedAmount > 0) {
      this.terminate();
      return;
    }
    this.#unsent += 1;
    this.pong(payload, false, () => {
      this.#unsent -= 1;
    });
  }
}

/** What was agreed on, by the names of extensions, and what else `ws` has to know. */
type Completion = readonly [extensions: Readonly<Record<string, unknown>>, ...rest: readonly unknown[]];

interface Completing extends WebSocketServer {
  completeUpgrade(...args: Completion): void;
}

const BaseServer = WebSocketServer as unknown as new (options: WsOptions) => Completing;
const COMPRESSED = CompressedWebSocket as unknown as typeof WebSocket;
const PLAIN = PlainWebSocket as unknown as typeof WebSocket;

/** The server of `ws`, that serves by its own WebSocket only those who compress. */
export class ClientWebSocketServer extends BaseServer {
  /** Called by `ws` when it is decided that a client is let in, and what was agreed on with it. */
  override completeUpgrade(...args: Completion): void {
    const isCompressed = "permessage-deflate" in args[0];
    // Read in this very call, where the WebSocket is made.
    this.options.WebSocket = isCompressed ? COMPRESSED : PLAIN;
    super.completeUpgrade(...args);
  }
}
