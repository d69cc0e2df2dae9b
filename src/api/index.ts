export type { DrainOptions } from "../server/drain.ts";
export type { AuthenticationState, ConnectStatus } from "../server/events.ts";
export type { MiddlewareLine } from "../server/middleware.ts";
export type { CodecEngine } from "../server/options.ts";
export type { AuthToken, TokenEngine } from "../server/tokens.ts";
export type { UpgradeRequest } from "../server/upgrade-request.ts";
export { AGAction, type AGActionType, type Allowed, type TokenCheck } from "./action.ts";
export { attach, listen } from "./attach.ts";
export type { BrokerClient, BrokerEngine } from "./broker-engine.ts";
export type { AGChannel, ChannelState, ExchangeEvents } from "./channel-streams.ts";
export type { SocketRecord } from "./clients.ts";
export type {
  AuthStateChange,
  BadToken,
  Closure,
  ServerEventMap,
  SocketEvents,
  Subscription,
} from "./events.ts";
export { Exchange } from "./exchange.ts";
export type { MiddlewareFunction, MiddlewareStream } from "./middleware-streams.ts";
export type { AGServerOptions, InternalOptions, StreamCleanupMode } from "./options.ts";
export { AGRequest, type AGRequestClass, type RequestCreator } from "./request.ts";
export { AGServer } from "./server.ts";
export { AGServerSocket, type InvokeOptions } from "./server-socket.ts";
export type {
  ConsumableStream,
  ConsumerStats,
  StreamConsumer,
  StreamEmitter,
  WritableStream,
} from "./streams.ts";
