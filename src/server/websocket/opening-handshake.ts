import type { IncomingMessage } from "node:http";

/** An answer to who asks for a WebSocket in a way that nobody can grant. */
export interface HandshakeFault {
  readonly status: number;
  readonly message: string;
  /** Lines of the answer's head, each with its line end. */
  readonly headers: string;
}

type Asked = Pick<IncomingMessage, "httpVersion" | "headers" | "rawHeaders">;

/** 8 is the last draft's, whose frames are those of the standard; `ws` has always taken it. */
const VERSIONS = ["13", "8"];
const VERSION_HEADER = `Sec-WebSocket-Version: ${VERSIONS.join(", ")}\r\n`;
/** A URL in full, as a request that goes to a proxy has it: whose it is, and then the path. */
const IN_FULL = /^(?:https?|wss?):\/\/[^/?#]+/i;

const FAULTS = {
  http: { status: 400, message: "A WebSocket needs HTTP/1.1", headers: "" },
  noHost: { status: 400, message: "Missing Host header", headers: "" },
  manyHosts: { status: 400, message: "More than one Host header", headers: "" },
  noVersion: { status: 400, message: "Missing Sec-WebSocket-Version header", headers: VERSION_HEADER },
  version: {
    status: 426,
    message: "Unknown Sec-WebSocket-Version",
    headers: `Upgrade: websocket\r\n${VERSION_HEADER}`,
  },
} as const satisfies Record<string, HandshakeFault>;

/** The path that a request is for, without its query. [RFC 9112, 3.2.2: also where the URL stands there in full] */
export function pathOf(url: string): string {
  const path = url.startsWith("/") ? url : url.replace(IN_FULL, "") || "/";
  const query = path.indexOf("?");
  return query < 0 ? path : path.slice(0, query);
}

/**
 * What is wrong with a request for a WebSocket that neither `node:http` nor `ws` looks at: node:http checks the host of
 * requests that are no upgrades, and `ws` takes any text for a version that JavaScript reads as the number. [RFC 6455, 4.2.1]
 */
export function faultOf({ httpVersion, headers, rawHeaders }: Asked): HandshakeFault | undefined {
  if (httpVersion !== "1.1") return FAULTS.http;
  if (!headers.host) return FAULTS.noHost;
  if (hasTwoHosts(rawHeaders)) return FAULTS.manyHosts;
  const version = headers["sec-websocket-version"];
  if (version === "13") return undefined;
  if (version === undefined) return FAULTS.noVersion;
  return VERSIONS.includes(version as string) ? undefined : FAULTS.version;
}

/** Of several, `headers` has the first one only. @param raw names and values in turn */
function hasTwoHosts(raw: readonly string[]): boolean {
  let count = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count > 1;
}
