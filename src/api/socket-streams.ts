import { inboundOf } from "../server/inbound/inbound.ts";
import type { AppTypes } from "./app-types.ts";
import {
  createMiddlewareStream,
  type MiddlewareFunction,
  type MiddlewareStream,
  type SocketLine,
} from "./middleware-streams.ts";
import { SocketConsumers } from "./socket-consumers.ts";

/** A socket's streams of middleware, how to watch what waits in it, and how to end all of it. */
export abstract class SocketStreams<App extends AppTypes> extends SocketConsumers<App> {
  #middleware: Map<SocketLine, MiddlewareStream<App>> | undefined;

  // ---- Middleware

  abstract get middlewareHandshakeStream(): MiddlewareStream<App> | undefined;

  get middlewareInboundRawStream(): MiddlewareStream<App> | undefined {
    return this.#middleware?.get("inboundRaw");
  }

  get middlewareInboundStream(): MiddlewareStream<App> | undefined {
    return this.#middleware?.get("inbound");
  }

  get middlewareOutboundStream(): MiddlewareStream<App> | undefined {
    return this.#middleware?.get("outbound");
  }

  /** The stream of one line, its consumer started with the first use. */
  middlewareStream(line: SocketLine, middleware: MiddlewareFunction<App>): MiddlewareStream<App> {
    this.#middleware ??= new Map();
    let stream = this.#middleware.get(line);
    if (stream === undefined) {
      stream = createMiddlewareStream<App>(line);
      this.#middleware.set(line, stream);
      middleware(stream);
    }
    return stream;
  }

  #middlewareStreams(): MiddlewareStream<App>[] {
    const handshake = this.middlewareHandshakeStream;
    return [...(handshake ? [handshake] : []), ...(this.#middleware?.values() ?? [])];
  }

  // ---- Back-pressure

  getBackpressure(): number {
    return Math.max(
      this.getInboundBackpressure(),
      this.getOutboundBackpressure(),
      this.getAllListenersBackpressure(),
      this.getAllReceiversBackpressure(),
      this.getAllProceduresBackpressure(),
    );
  }

  /** Messages that came and wait. */
  getInboundBackpressure(): number {
    return this.connection.receivedCount - this.connection.processedCount;
  }

  get inboundReceivedMessageCount(): number {
    return this.connection.receivedCount;
  }

  get inboundProcessedMessageCount(): number {
    return this.connection.processedCount;
  }

  /** Packets that wait for middleware on their way out. */
  getOutboundBackpressure(): number {
    // What this turn published counts too.
    this.connection.core.pubsub.hub.flush();
    return this.connection.outboundWaiting;
  }

  /** Publications, transmissions and calls that were to go to the client. */
  get outboundPreparedMessageCount(): number {
    this.connection.core.pubsub.hub.flush();
    return this.connection.preparedCount;
  }

  /** Those of them that do not wait for middleware any more. */
  get outboundSentMessageCount(): number {
    return this.outboundPreparedMessageCount - this.connection.outboundWaiting;
  }

  // ---- The end of it

  closeAllMiddlewares(): void {
    for (const stream of this.#middlewareStreams()) stream.close();
  }

  killAllMiddlewares(): void {
    for (const stream of this.#middlewareStreams()) stream.kill();
  }

  /** Processes what has come, and nothing that comes from now on. */
  closeInput(): void {
    inboundOf(this.connection).end(false);
  }

  /** Sends what waits for middleware, and nothing from now on but answers. */
  closeOutput(): void {
    this.connection.outbound.close();
  }

  closeIO(): void {
    this.closeInput();
    this.closeOutput();
  }

  /** As `closeInput`, but drops what waits too. */
  killInput(): void {
    inboundOf(this.connection).end(true);
  }

  /** As `closeOutput`, but drops what waits too. */
  killOutput(): void {
    this.connection.outbound.kill();
  }

  killIO(): void {
    this.killInput();
    this.killOutput();
  }

  closeAllStreams(): void {
    this.closeAllMiddlewares();
    this.closeIO();
    this.closeAllReceivers();
    this.closeAllProcedures();
    this.closeAllListeners();
  }

  killAllStreams(): void {
    this.killAllMiddlewares();
    this.killIO();
    this.killAllReceivers();
    this.killAllProcedures();
    this.killAllListeners();
  }
}
