import type { PublishLevel } from "../pubsub/broker.ts";
import type { AuthToken } from "../server/auth/tokens.ts";

/**
 * What an application's messages carry, for `AGServer<MyApp>`. What it does not name stays open: any name is
 * allowed, with `unknown` data. What it names is closed: other names and other data do not compile. Names may
 * be patterns: `` { [room: `room/${string}`]: Message } ``.
 */
export interface AppTypes {
  /** Data by channel. */
  readonly channels?: object;
  /** The calls of clients, by procedure: `{ request: ..., answer: ... }`. */
  readonly procedures?: object;
  /** What clients transmit, by receiver. */
  readonly receivers?: object;
  /** The server's calls to clients, by procedure: `{ request: ..., answer: ... }`. */
  readonly clientProcedures?: object;
  /** What the server transmits to clients, by receiver. */
  readonly clientReceivers?: object;
  /** What a client's token says, besides the claims that every token may have. */
  readonly token?: object;
}

type Open = Record<string, unknown>;

/** What an application says of one kind of messages, or that all is open. */
export type Shapes<App, Kind extends keyof AppTypes> =
  App extends Readonly<Record<Kind, infer Given extends object>> ? Given : Open;

/** Any name where all is open, none where the application named them. */
export type OpenName<Given> = string extends keyof Given ? string : never;

export type NameOf<Given> = keyof Given & string;

export type RequestOf<Call> = Call extends { readonly request: infer Request } ? Request : undefined;
export type AnswerOf<Call> = Call extends { readonly answer: infer Answer } ? Answer : undefined;

/** Data as the last argument, which may be left out where they may be `undefined`. */
export type DataArgument<Data> = undefined extends Data ? [data?: Data] : [data: Data];

/** How one publish differs from the others of its server. */
export interface PublishOptions {
  /**
   * When it resolves: `"worker"`, once this process has taken it; `"replica"`, once the channel's brokers hold it.
   * By default as the server does it.
   */
  readonly level?: PublishLevel | undefined;
}

/** As `DataArgument`, followed by options. */
export type PublishArguments<Data> = undefined extends Data
  ? [data?: Data, options?: PublishOptions]
  : [data: Data, options?: PublishOptions];

/** An application's token, with the claims that every token may have. */
export type TokenOf<App> =
  App extends Readonly<Record<"token", infer Token extends object>>
    ? Token & { readonly exp?: number; readonly iat?: number }
    : AuthToken;

/** What an application may put into a token. */
export type NewTokenOf<App> =
  App extends Readonly<Record<"token", infer Token extends object>> ? Token & { exp?: number } : object;
