/** When the official client connects again by itself: `later` is after 10 to 20 seconds. */
export type Reconnect = "at once" | "later" | "never";

export interface CloseCode {
  readonly code: number;
  readonly reason: string;
  readonly reconnect: Reconnect;
  /** A connection that ends so ended as it should: nobody needs a warning. */
  readonly expected?: true;
}

/**
 * Why a connection ends. A close is not an error; its code tells the client whether to come back:
 * the official client returns at once after 1005, 4000 and 4001, never after 1000 or from 4500 on.
 * Codes from 4100 to 4499 are our own; all others, and all reasons, are SocketCluster's.
 */
export const CLOSE_CODES = {
  normal: { code: 1000, reason: "Socket closed normally", reconnect: "never", expected: true },
  goingAway: { code: 1001, reason: "Socket was disconnected", reconnect: "later", expected: true },
  webSocketProtocol: {
    code: 1002,
    reason: "A WebSocket protocol error was encountered",
    reconnect: "later",
  },
  invalidData: {
    code: 1003,
    reason: "Server terminated socket because it received invalid data",
    reconnect: "later",
  },
  noCode: { code: 1005, reason: "Socket closed without status code", reconnect: "at once" },
  hungUp: { code: 1006, reason: "Socket hung up", reconnect: "later" },
  badFormat: { code: 1007, reason: "Message format was incorrect", reconnect: "later" },
  policy: { code: 1008, reason: "Encountered a policy violation", reconnect: "later" },
  tooBig: { code: 1009, reason: "Message was too big to process", reconnect: "later" },
  noExtension: {
    code: 1010,
    reason: "Client ended the connection because the server did not comply with extension requirements",
    reconnect: "later",
  },
  serverFault: {
    code: 1011,
    reason: "Server encountered an unexpected fatal condition",
    reconnect: "later",
  },
  pingTimeout: { code: 4000, reason: "Server ping timed out", reconnect: "at once" },
  pongTimeout: { code: 4001, reason: "Client pong timed out", reconnect: "at once" },
  signingFailed: { code: 4002, reason: "Server failed to sign auth token", reconnect: "later" },
  handshakeFailed: { code: 4003, reason: "Failed to complete handshake", reconnect: "later" },
  savingFailed: { code: 4004, reason: "Client failed to save auth token", reconnect: "later" },
  handshakeTimeout: {
    code: 4005,
    reason: "Did not receive #handshake from client before timeout",
    reconnect: "later",
  },
  bindingFailed: { code: 4006, reason: "Failed to bind socket to message broker", reconnect: "later" },
  connectTimeout: { code: 4007, reason: "Client connection establishment timed out", reconnect: "later" },
  handshakeRejected: { code: 4008, reason: "Server rejected handshake from client", reconnect: "later" },
  messageBeforeHandshake: {
    code: 4009,
    reason: "Server received a message before the client handshake",
    reconnect: "later",
  },
  /** Ours. It returns later, since a client that is slow now would be slow again at once. */
  slowConsumer: {
    code: 4100,
    reason: "Client did not read its messages fast enough",
    reconnect: "later",
  },
} as const satisfies Record<string, CloseCode>;

const byCode = new Map<number, CloseCode>(Object.values(CLOSE_CODES).map((entry) => [entry.code, entry]));

/** What a code means; `undefined` for codes that applications chose. */
export function closeCode(code: number): CloseCode | undefined {
  return byCode.get(code);
}

/** Whether a code may stand in a close frame. [RFC 6455, 7.4] */
export function isCloseCode(code: unknown): code is number {
  if (typeof code !== "number") return false;
  const isReserved = code === 1004 || code === 1005 || code === 1006;
  return (
    Number.isInteger(code) &&
    ((code >= 1000 && code <= 1014 && !isReserved) || (code >= 3000 && code <= 4999))
  );
}

/** Bytes that fit in a close frame beside its code. [RFC 6455, 5.5] */
const MAX_REASON = 123;

/**
 * What may stand in a close frame: applications give codes of their own, such as HTTP's, and reasons of any
 * length, also such as are no text, and none of that may keep a connection from being closed. A code that may not
 * be sent goes as 4008, a reason that is no text is left out, a long one is cut to 123 bytes.
 */
export function closeFrame(code: unknown, reason: unknown): [code: number, reason: string | undefined] {
  const sent = isCloseCode(code) ? code : CLOSE_CODES.handshakeRejected.code;
  const text = Buffer.isBuffer(reason) ? reason.toString() : reason;
  if (typeof text !== "string") return [sent, undefined];
  if (Buffer.byteLength(text) <= MAX_REASON) return [sent, text];
  // Cut between characters: a character takes at most four bytes.
  let cut = text.slice(0, MAX_REASON);
  while (Buffer.byteLength(cut) > MAX_REASON) cut = cut.slice(0, -1);
  return [sent, cut];
}

/**
 * The reason of a close as those who listen are told it: what was given, as it is, or what the code means. To give
 * anything but a text is the application's own affair, as in the original.
 */
export function reasonOf(code: number, given: unknown): string | undefined {
  const text = given as string | undefined;
  return text || (code === CLOSE_CODES.normal.code ? text : closeCode(code)?.reason);
}

/** A close as the message of an error. */
export function describeClose(code: number, given: unknown): string {
  const known = closeCode(code)?.reason;
  if (known !== undefined) return known;
  const shown = typeof code === "object" ? "that is no number" : String(code);
  const message = `Socket connection closed with status code ${shown}`;
  return typeof given === "string" ? `${message} and reason: ${given}` : message;
}
