import { InvalidActionError } from "../protocol/wire-errors.ts";
import type { TokenCheck } from "../server/auth/tokens.ts";
import type { Action, Allowed } from "../server/middleware/middleware.ts";
import type { UpgradeRequest } from "../server/websocket/upgrade-request.ts";
import type { AppTypes } from "./app-types.ts";
import type { AGServerSocket } from "./server-socket.ts";

export type AGActionType = Action["type"];

/**
 * What middleware is to decide about: `allow` it, with other data or as it is, or `block` it, with an error for
 * the client or without. Which fields are set depends on `type`.
 */
export class AGAction<App extends AppTypes = AppTypes> {
  static readonly HANDSHAKE_WS = "handshakeWS";
  static readonly HANDSHAKE_SC = "handshakeSC";
  static readonly MESSAGE = "message";
  static readonly TRANSMIT = "transmit";
  static readonly INVOKE = "invoke";
  static readonly SUBSCRIBE = "subscribe";
  static readonly PUBLISH_IN = "publishIn";
  static readonly PUBLISH_OUT = "publishOut";
  static readonly AUTHENTICATE = "authenticate";

  declare readonly HANDSHAKE_WS: "handshakeWS";
  declare readonly HANDSHAKE_SC: "handshakeSC";
  declare readonly MESSAGE: "message";
  declare readonly TRANSMIT: "transmit";
  declare readonly INVOKE: "invoke";
  declare readonly SUBSCRIBE: "subscribe";
  declare readonly PUBLISH_IN: "publishIn";
  declare readonly PUBLISH_OUT: "publishOut";
  declare readonly AUTHENTICATE: "authenticate";

  declare type: AGActionType;
  /** The upgrade request, for handshakes. */
  declare request?: UpgradeRequest;
  /** Whom it is about; not yet known for HANDSHAKE_WS. */
  declare socket?: AGServerSocket<App>;
  declare channel?: string;
  declare receiver?: string;
  declare procedure?: string;
  /** What came or goes; for HANDSHAKE_SC what the client's token turned out to be (`TokenCheck`). */
  declare data?: unknown;
  /** For PUBLISH_IN: the W3C trace context that the client gave beside channel and data; valid. */
  declare traceparent?: string;
  declare signedAuthToken?: string | null;
  declare authToken?: unknown;
  /** Set if the client's token was found to have expired by this very packet. */
  declare authTokenExpiredError?: Error;

  outcome: "allowed" | "blocked" | null = null;
  /** How it was decided. */
  readonly promise: Promise<Allowed | undefined>;
  #resolve: (allowed: Allowed | undefined) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** Both may be set later too, as applications that make actions of their own do. */
  constructor(type?: AGActionType, fields: object = {}) {
    if (type !== undefined) this.type = type;
    Object.assign(this, fields);
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** @throws {InvalidActionError} if it was decided already */
  readonly allow = (allowed?: Allowed): void => {
    this.#decide("allowed", "allow");
    this.#resolve(allowed);
  };

  /** @throws {InvalidActionError} if it was decided already */
  readonly block = (error?: unknown): void => {
    this.#decide("blocked", "block");
    this.#reject(error);
  };

  #decide(outcome: "allowed" | "blocked", verb: string): void {
    if (this.outcome !== null) {
      throw new InvalidActionError(`AGAction ${this.type} has already been ${this.outcome}; cannot ${verb}`);
    }
    this.outcome = outcome;
  }
}

// On the prototype, since an action is made for each message.
Object.assign(AGAction.prototype, {
  HANDSHAKE_WS: AGAction.HANDSHAKE_WS,
  HANDSHAKE_SC: AGAction.HANDSHAKE_SC,
  MESSAGE: AGAction.MESSAGE,
  TRANSMIT: AGAction.TRANSMIT,
  INVOKE: AGAction.INVOKE,
  SUBSCRIBE: AGAction.SUBSCRIBE,
  PUBLISH_IN: AGAction.PUBLISH_IN,
  PUBLISH_OUT: AGAction.PUBLISH_OUT,
  AUTHENTICATE: AGAction.AUTHENTICATE,
});

export type { Allowed, TokenCheck };
