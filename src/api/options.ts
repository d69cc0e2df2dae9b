import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Broker, Deliver } from "../pubsub/broker.ts";
import type { Clock } from "../runtime/clock.ts";
import type { MemoryLimits } from "../runtime/memory.ts";
import type { Turn } from "../runtime/turn.ts";
import type { TokenOptions } from "../server/auth/tokens.ts";
import type { ServerOptions } from "../server/options.ts";
import type { WsEngine } from "../server/websocket/engine-server.ts";
import type { AppTypes } from "./app-types.ts";
import type { BrokerEngine } from "./broker-engine.ts";
import type { RequestCreator } from "./request.ts";

type Optional<T> = { readonly [K in keyof T]?: T[K] | null | undefined };

/** What becomes of a socket's streams when it has ended: `kill` drops what they hold, `close` lets it be consumed. */
export type StreamCleanupMode = "kill" | "close" | "none";

/** The options of `socketcluster-server`, with its defaults, and our own limits. */
export interface AGServerOptions<App extends AppTypes = AppTypes>
  extends Optional<ServerOptions>,
    TokenOptions {
  readonly httpServer?: HttpServer | HttpsServer;
  readonly socketStreamCleanupMode?: StreamCleanupMode;
  /** Carries publications in the place of our own broker. */
  readonly brokerEngine?: BrokerEngine;
  readonly requestCreator?: RequestCreator<App>;
  /** A WebSocket engine that behaves like `ws`, or the name of its module. Our own use of `ws` is the fastest. */
  readonly wsEngine?: WsEngine | string | null;
}

/** What a process that owns the server passes besides. */
export interface InternalOptions {
  /** Makes what carries publications; by default they stay in this process. */
  readonly broker?: (deliver: Deliver) => Broker;
  readonly turn?: Turn;
  readonly clock?: Clock;
  /** What this process may use, where several share what there is. */
  readonly memory?: MemoryLimits;
}
