/** What a server said, besides deliveries that are in order. */
export type Heard =
  /** It expects the client to say something before it goes on. */
  | { readonly kind: "asked"; readonly answer: string }
  /** The handshake is done; `complaint` where a token was not accepted. */
  | { readonly kind: "welcome"; readonly complaint: string | undefined }
  /** A call was answered; `error` where it was refused. */
  | { readonly kind: "answer"; readonly call: number; readonly error: string | undefined }
  | { readonly kind: "delivery"; readonly channel: unknown; readonly data: unknown }
  /** The server ends it, or this one subscription of it. */
  | { readonly kind: "rejected"; readonly reason: string };

/** How to talk with a server in one protocol. Calls are numbered by the client. */
export interface Dialect {
  /** Path and query of the URL where it has none. */
  readonly path: string;
  /** What the client says first; undefined if the server does. */
  hello(token: string | undefined): string | undefined;
  subscribe(channel: string, call: number): string;
  /** What stands around the data of a publication. The call's number is always `CALL_DIGITS` long. */
  publication(channel: string): PublicationParts;
  isPing(bytes: Buffer, start: number, end: number): boolean;
  readonly pong: string;
  /** The number of the call if the message is a plain acknowledgement and nothing else; -1 otherwise. */
  acknowledged(bytes: Buffer, start: number, end: number): number;
  /**
   * Everything in a message, the slow way. What nobody cares for is left out.
   *
   * @param token the one that was shown
   * @throws {SyntaxError} if it is not in the protocol
   */
  read(text: string, token: string | undefined): Heard[];
}

export interface PublicationParts {
  /** Up to the data; may contain the call as `CALL`. */
  readonly before: string;
  readonly after: string;
}
