// What we use of npm packages that bring no types of their own. Our public types do not mention these
// modules: each is wrapped, once, behind types that this project declares itself.

declare module "sc-errors" {
  interface ErrorClass<Args extends unknown[] = []> {
    new (message: string, ...more: Partial<Args>): Error;
  }
  const errors: {
    readonly AuthError: ErrorClass;
    readonly AuthTokenError: ErrorClass;
    readonly AuthTokenExpiredError: ErrorClass<[expiry: unknown]>;
    readonly AuthTokenInvalidError: ErrorClass;
    readonly AuthTokenNotBeforeError: ErrorClass<[date: unknown]>;
    readonly BadConnectionError: ErrorClass<[type: string, code: number, reason: string]>;
    readonly BrokerError: ErrorClass;
    readonly InvalidActionError: ErrorClass;
    readonly InvalidArgumentsError: ErrorClass;
    readonly InvalidMessageError: ErrorClass;
    readonly InvalidOptionsError: ErrorClass;
    readonly ServerProtocolError: ErrorClass;
    readonly SilentMiddlewareBlockedError: ErrorClass<[type: string]>;
    readonly SocketProtocolError: ErrorClass<[code: number]>;
    readonly TimeoutError: ErrorClass;
    readonly socketProtocolErrorStatuses: Readonly<Record<number, string>>;
    readonly socketProtocolIgnoreStatuses: Readonly<Record<number, string>>;
    dehydrateError(error: unknown): unknown;
    hydrateError(error: unknown): unknown;
  };
  export = errors;
}

declare module "sc-formatter" {
  const formatter: {
    decode(message: unknown): unknown;
    encode(value: unknown): string;
  };
  export = formatter;
}

declare module "ag-auth" {
  class AuthEngine {
    verifyToken(token: string | null, key: unknown, options: object): Promise<unknown>;
    signToken(token: unknown, key: unknown, options: object): Promise<string>;
  }
  export = AuthEngine;
}

declare module "ag-request" {
  const AGRequest: new (socket: unknown, id: number, procedure: string, data: unknown) => object;
  export = AGRequest;
}

declare module "ag-channel" {
  const AGChannel: {
    new (name: string, client: unknown, eventDemux: unknown, dataDemux: unknown): object;
    readonly PENDING: "pending";
    readonly SUBSCRIBED: "subscribed";
    readonly UNSUBSCRIBED: "unsubscribed";
  };
  export = AGChannel;
}

declare module "async-stream-emitter" {
  const AsyncStreamEmitter: new () => object;
  export = AsyncStreamEmitter;
}

declare module "stream-demux" {
  const StreamDemux: new () => object;
  export = StreamDemux;
}

declare module "writable-consumable-stream" {
  const WritableConsumableStream: new () => object;
  export = WritableConsumableStream;
}
