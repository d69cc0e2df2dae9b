import { attach, listen } from "./attach.ts";
import { AGRequest } from "./request.ts";
import { AGServer } from "./server.ts";
import { AGServerSocket } from "./server-socket.ts";

export type { PublishLevel } from "../pubsub/broker.ts";
export type { AuthToken, TokenEngine } from "../server/auth/tokens.ts";
export type { ClientInfo } from "../server/auth/verify.ts";
export type { DrainOptions } from "../server/drain/drain.ts";
export type { AuthenticationState, ConnectStatus } from "../server/middleware/events.ts";
export type { MiddlewareLine } from "../server/middleware/middleware.ts";
export type { CodecEngine } from "../server/options.ts";
export type { WsEngine } from "../server/websocket/engine-server.ts";
export type { UpgradeRequest } from "../server/websocket/upgrade-request.ts";
export { AGAction, type AGActionType, type Allowed, type TokenCheck } from "./action.ts";
export type { AppTypes, PublishOptions } from "./app-types.ts";
export type { BrokerClient, BrokerEngine, BrokerEngineEvents, DefaultBrokerEngine } from "./broker-engine.ts";
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
export type { AGRequestClass, RequestCreator } from "./request.ts";
export type { InvokeOptions } from "./server-socket.ts";
export type {
  ConsumableStream,
  ConsumerStats,
  StreamConsumer,
  StreamEmitter,
  WritableStream,
} from "./streams.ts";
export { AGRequest, AGServer, AGServerSocket, attach, listen };

// What `import socketClusterServer from "socketcluster-server"` gives those who write it so.
export default { AGRequest, AGServer, AGServerSocket, attach, listen };
