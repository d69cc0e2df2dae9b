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
  import type WritableConsumableStream from "writable-consumable-stream";

  type Stream = InstanceType<typeof WritableConsumableStream>;
  class StreamDemux {
    streams: Record<string, unknown>;
    generateConsumerId(): number;
    getConsumerCount(name: string): number;
    createConsumer(name: string, timeout?: number): ReturnType<Stream["createConsumer"]>;
  }
  export = StreamDemux;
}

declare module "writable-consumable-stream" {
  /** A consumer, with what its own class calls of it when values come and go. */
  interface Consumer {
    applyBackpressure(packet: unknown): void;
    releaseBackpressure(packet: unknown): void;
    _resetBackpressure(): void;
    readonly constructor: new (
      stream: object,
      id: number,
      startNode: unknown,
      timeout: number | undefined,
    ) => Consumer;
  }
  interface Options {
    readonly generateConsumerId?: () => number;
    readonly removeConsumerCallback?: (consumerId: number) => void;
  }
  class WritableConsumableStream {
    constructor(options?: Options);
    readonly tailNode: unknown;
    generateConsumerId(): number;
    createConsumer(timeout?: number): Consumer;
  }
  export = WritableConsumableStream;
}
