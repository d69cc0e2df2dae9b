/** What decides that an answer is wanted: the client's number for its call, or nothing for a transmission. */
export type CallId = number | undefined;

export interface HandshakePacket {
  readonly kind: "handshake";
  readonly authToken: unknown;
  readonly data: unknown;
  readonly cid: CallId;
}

export interface AuthenticatePacket {
  readonly kind: "authenticate";
  readonly authToken: unknown;
  readonly cid: CallId;
}

export interface RemoveAuthTokenPacket {
  readonly kind: "remove-auth-token";
  readonly data: unknown;
}

export interface SubscribePacket {
  readonly kind: "subscribe";
  readonly channel: string;
  /** Everything that stands beside `channel`: `data`, and what else the client gave. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly cid: CallId;
}

export interface UnsubscribePacket {
  readonly kind: "unsubscribe";
  readonly channel: string;
  readonly cid: CallId;
}

export interface PublishPacket {
  readonly kind: "publish";
  readonly channel: string;
  /** The data as one complete JSON value in UTF-8; empty when the client gave none. */
  readonly bytes: Buffer;
  /** The data as a value, if it was parsed to prove that it is one; else `undefined`, which no JSON is. */
  readonly value?: unknown;
  readonly cid: CallId;
  /** The W3C trace that it belongs to, as the client said it; absent as a rule. */
  readonly traceparent?: string;
}

/** An event of the application: a transmission, or with a `cid` an invocation. */
export interface EventPacket {
  readonly kind: "event";
  readonly name: string;
  readonly data: unknown;
  readonly cid: CallId;
}

/** The client's answer to a call of the server. */
export interface AnswerPacket {
  readonly kind: "answer";
  readonly rid: number;
  readonly data: unknown;
  readonly error: unknown;
}

/** A packet of the protocol that lacks what it must have; `reason` is the text the client is answered. */
export interface MalformedPacket {
  readonly kind: "malformed";
  readonly event: "#publish" | "#subscribe" | "#unsubscribe";
  readonly reason: string;
  readonly cid: CallId;
}

/** What is not even parsed, because it is nested too deeply or has too many packets. */
export interface RefusedPacket {
  readonly kind: "refused";
  readonly reason: string;
  /** As far as it can be seen without parsing. */
  readonly cid: CallId;
}

/** Everything a client can say, once it has been checked. Nothing behind `decode` sees raw JSON. */
export type Packet =
  | { readonly kind: "pong" }
  | { readonly kind: "raw" }
  | HandshakePacket
  | AuthenticatePacket
  | RemoveAuthTokenPacket
  | SubscribePacket
  | UnsubscribePacket
  | PublishPacket
  | EventPacket
  | AnswerPacket
  | MalformedPacket
  | RefusedPacket;
