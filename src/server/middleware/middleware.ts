import { fieldOf, SilentMiddlewareBlockedError } from "../../protocol/wire-errors.ts";
import type { PublishLevel } from "../../pubsub/broker.ts";
import type { TokenCheck } from "../auth/tokens.ts";
import type { Connection } from "../connection.ts";
import type { ServerCore } from "../core.ts";
import type { UpgradeRequest } from "../websocket/upgrade-request.ts";

interface OfConnection {
  readonly connection: Connection;
  /** Set when the connection's token was found to have expired by this very packet. */
  readonly authTokenExpiredError?: Error | undefined;
}

export type HandshakeAction =
  | { readonly type: "handshakeWS"; readonly request: UpgradeRequest; readonly data?: undefined }
  | {
      readonly type: "handshakeSC";
      readonly request: UpgradeRequest;
      readonly connection: Connection;
      readonly data: TokenCheck;
    };

export interface MessageAction extends OfConnection {
  readonly type: "message";
  readonly data: string | Buffer;
}

export type InboundAction = OfConnection &
  (
    | { readonly type: "transmit"; readonly receiver: string; readonly data: unknown }
    | { readonly type: "invoke"; readonly procedure: string; readonly data: unknown }
    | { readonly type: "subscribe"; readonly channel: string; readonly data: unknown }
    | {
        readonly type: "publishIn";
        readonly channel: string;
        readonly data: unknown;
        /** The W3C trace context that the client gave; valid. */
        readonly traceparent?: string;
      }
    | {
        readonly type: "authenticate";
        readonly signedAuthToken: string | null;
        readonly authToken: unknown;
        readonly data?: undefined;
      }
  );

export interface OutboundAction extends OfConnection {
  readonly type: "publishOut";
  readonly channel: string;
  /**
   * This subscriber's own copy, or what behaves like one: what is done to it reaches nobody else. Parsed when first
   * looked at.
   */
  readonly data: unknown;
}

export type Action = HandshakeAction | MessageAction | InboundAction | OutboundAction;

export interface AllowedOptions {
  /** For `publishOut`: the publication is as it came, and subscribers may share its encoding. */
  readonly useCache?: boolean;
  /** For `publishIn`: when the publish is acknowledged; by default as the server does it. */
  readonly level?: PublishLevel | undefined;
}

/** What an action is allowed with: other data, or as it is. */
export interface Allowed {
  readonly data?: unknown;
  readonly options?: AllowedOptions | null;
}

/** Allows an action by resolving, blocks it by rejecting. Without a reason the client is told only that. */
export type Decide<A> = (action: A) => Promise<Allowed | undefined>;

/** The four lines where an application may decide. An absent line costs nothing. */
export interface Middleware {
  handshake?: Decide<HandshakeAction> | undefined;
  inboundRaw?: Decide<MessageAction> | undefined;
  inbound?: Decide<InboundAction> | undefined;
  outbound?: Decide<OutboundAction> | undefined;
}

export type MiddlewareLine = keyof Middleware;

/** A middleware's reason for saying no, as the client is told it. */
export class Blocked {
  readonly clientError: unknown;

  constructor(clientError: unknown) {
    this.clientError = clientError;
  }
}

/** Asks a line, and reports what it blocks. */
export async function ask<A extends Action>(
  core: ServerCore,
  line: MiddlewareLine,
  decide: Decide<A>,
  action: A,
): Promise<Allowed | Blocked> {
  try {
    const allowed = await decide(action);
    return {
      data: allowed?.data === undefined ? action.data : allowed.data,
      options: allowed?.options ?? null,
    };
  } catch (reason) {
    return block(core, line, action, reason);
  }
}

/** The same, with the answer as it was given: it looks at no data. */
export async function consult<A extends Action>(
  core: ServerCore,
  line: MiddlewareLine,
  decide: Decide<A>,
  action: A,
): Promise<Allowed | undefined | Blocked> {
  try {
    return await decide(action);
  } catch (reason) {
    return block(core, line, action, reason);
  }
}

function block(core: ServerCore, line: MiddlewareLine, action: Action, reason: unknown): Blocked {
  const anonymous = new SilentMiddlewareBlockedError(
    `The ${action.type} AGAction was blocked by ${line} middleware`,
    line,
  );
  const error = reason || anonymous;
  if (core.options.middlewareEmitFailures) {
    if ("connection" in action) action.connection.report(error);
    else core.warn(error);
  }
  // A silent error is for the server's eyes only.
  return new Blocked(fieldOf(error, "silent") ? anonymous : error);
}
