import { requestOf } from "./raw-client.ts";

/** A request, and what has to be answered. */
export interface HandshakeCase {
  readonly name: string;
  readonly request: string;
  readonly status: number;
  /** Headers that the answer has to have. */
  readonly headers?: Readonly<Record<string, string | RegExp>>;
}

type Headers = Parameters<typeof requestOf>[0];

const accepted = (name: string, headers: Headers = {}, line?: string): HandshakeCase => ({
  name,
  request: requestOf(headers, line),
  status: 101,
});
const refused = (name: string, status: number, headers: Headers = {}, line?: string): HandshakeCase => ({
  name,
  request: requestOf(headers, line),
  status,
});
const version = (value: string | readonly string[]): HandshakeCase => ({
  ...refused(`version ${JSON.stringify(value)}`, 426, { "Sec-WebSocket-Version": value }),
  headers: { "sec-websocket-version": /^13\b/, upgrade: "websocket" },
});

/** The request's line, its host, and the headers that a WebSocket needs. [RFC 6455, 4.2.1; RFC 9112, 3.2] */
export const OPENING: readonly HandshakeCase[] = [
  accepted("as in the standard"),
  accepted("a query", {}, "GET /socketcluster/?a=1&b=%20 HTTP/1.1"),
  accepted("headers in any case", { Upgrade: "WebSocket", Connection: "keep-alive, UPGRADE" }),
  accepted("a host with a port", { Host: "localhost:8000" }),
  accepted("a host that is an IPv6 address", { Host: "[::1]:8000" }),
  accepted("a URL in full", {}, "GET http://localhost/socketcluster/ HTTP/1.1"),
  accepted("a URL in full, with port and query", {}, "GET http://localhost:8000/socketcluster/?a=1 HTTP/1.1"),
  accepted("a URL in full, https", {}, "GET https://localhost/socketcluster/ HTTP/1.1"),
  accepted("a URL in full, ws", {}, "GET ws://localhost/socketcluster/ HTTP/1.1"),
  accepted("a URL in full, in capitals", {}, "GET HTTP://LOCALHOST/socketcluster/ HTTP/1.1"),
  accepted("an origin", { Origin: "http://localhost" }),
  accepted("version 8, the last draft's", { "Sec-WebSocket-Version": "8" }),
  accepted("spaces around the version", { "Sec-WebSocket-Version": "  13 \t" }),
  accepted("a body of no length", { "Content-Length": "0" }),

  refused("HTTP/1.0", 400, {}, "GET /socketcluster/ HTTP/1.0"),
  refused("HTTP/1.2", 400, {}, "GET /socketcluster/ HTTP/1.2"),
  refused("HTTP/2.0", 400, {}, "GET /socketcluster/ HTTP/2.0"),
  refused("no host", 400, { Host: undefined }),
  refused("an empty host", 400, { Host: "" }),
  refused("two hosts", 400, { Host: ["localhost", "example.com"] }),
  refused("the same host twice", 400, { Host: ["localhost", "localhost"] }),
  refused("two hosts, named in another case", 400, { HOST: "localhost" }),
  refused("no host, a URL in full", 400, { Host: undefined }, "GET http://localhost/socketcluster/ HTTP/1.1"),
  refused("another path", 400, {}, "GET /elsewhere HTTP/1.1"),
  refused("the path without its slash", 400, {}, "GET /socketcluster HTTP/1.1"),
  refused("another path, a URL in full", 400, {}, "GET http://localhost/elsewhere HTTP/1.1"),
  refused("a URL in full without a path", 400, {}, "GET http://localhost HTTP/1.1"),
  refused("our path in a URL's user", 400, {}, "GET http:///socketcluster/ HTTP/1.1"),
  refused("POST", 405, {}, "POST /socketcluster/ HTTP/1.1"),
  refused("no key", 400, { "Sec-WebSocket-Key": undefined }),
  refused("an empty key", 400, { "Sec-WebSocket-Key": "" }),
  refused("a short key", 400, { "Sec-WebSocket-Key": "AAAA" }),
  refused("a key that is no base64", 400, { "Sec-WebSocket-Key": "!!!!!!!!!!!!!!!!!!!!!!==" }),
  refused("two keys", 400, { "Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="] }),
  refused("another protocol to upgrade to", 400, { Upgrade: "h2c" }),
  refused("a bad header", 400, { "Bad Name": "x" }),
  refused("a subprotocol that is none", 400, { "Sec-WebSocket-Protocol": "a,,b" }),
  refused("a subprotocol twice", 400, { "Sec-WebSocket-Protocol": "a, a" }),
  refused("no version", 400, { "Sec-WebSocket-Version": undefined }),
  ...["", "0", "7", "9", "12", "14", "130", "255", "-13", "x"].map(version),
  ...["013", "13.0", "0xd", "0b1101", "+13", "1.3e1", "13,", "13, 8", "08", "8.0", "1 3", "13;"].map(version),
  version(["13", "13"]),
];

const offered = (offer: string | readonly string[], answer: string | undefined): HandshakeCase => ({
  name: `offers ${JSON.stringify(offer)}`,
  request: requestOf({ "Sec-WebSocket-Extensions": offer }),
  status: 101,
  headers: { "sec-websocket-extensions": answer ?? "" },
});
const malformed = (offer: string): HandshakeCase => ({
  name: `offers ${JSON.stringify(offer)}, which is no list`,
  request: requestOf({ "Sec-WebSocket-Extensions": offer }),
  status: 400,
});

const D = "permessage-deflate";
const AGREED = `${D}; server_no_context_takeover`;
const BITS = ["8", "9", "10", "11", "12", "13", "14", "15"];
const NO_BITS = [
  ...["", "0", "1", "7", "16", "100", "-10", "x", "08", "010", "0010", "1e1", "0xa", "0b1010", "+10"],
  ...["10.0", "9.5", "1_0"],
].filter((value) => value !== "");

/** What of compression is agreed on, by a server that compresses. [RFC 7692, 5 and 7.1] */
export const OFFERS: readonly HandshakeCase[] = [
  offered(D, AGREED),
  offered(`${D}; client_max_window_bits`, AGREED),
  offered(`${D}; server_no_context_takeover`, AGREED),
  offered(`${D}; client_no_context_takeover`, `${D}; client_no_context_takeover; server_no_context_takeover`),
  ...BITS.map((bits) =>
    offered(
      `${D}; server_max_window_bits=${bits}`,
      `${D}; server_max_window_bits=${bits}; server_no_context_takeover`,
    ),
  ),
  ...BITS.map((bits) =>
    offered(
      `${D}; client_max_window_bits=${bits}`,
      `${D}; client_max_window_bits=${bits}; server_no_context_takeover`,
    ),
  ),
  offered(`${D}; server_max_window_bits="10"`, `${D}; server_max_window_bits=10; server_no_context_takeover`),
  ...NO_BITS.flatMap((bits) => [
    offered(`${D}; server_max_window_bits=${bits}`, undefined),
    offered(`${D}; client_max_window_bits=${bits}`, undefined),
    offered(`${D}; server_max_window_bits=${bits}, ${D}`, AGREED),
  ]),
  offered(`${D}; server_max_window_bits`, undefined),
  offered(`${D}; server_no_context_takeover=1`, undefined),
  offered(`${D}; client_no_context_takeover=true`, undefined),
  offered(`${D}; unknown`, undefined),
  offered(`${D}; unknown=1, ${D}; client_max_window_bits`, AGREED),
  offered(`${D}; client_max_window_bits; client_max_window_bits`, undefined),
  offered(`${D}; server_max_window_bits=10; server_max_window_bits=11, ${D}`, AGREED),
  offered(`x-webkit-deflate-frame, ${D}`, AGREED),
  offered("permessage-bzip2", undefined),
  offered(`mux; ${D}`, undefined),
  offered([`${D}; unknown`, D], AGREED),
  malformed(`${D};`),
  malformed(`${D}; =1`),
  malformed(`; ${D}`),
  malformed(`${D}; server_max_window_bits="10`),
  malformed(`${D}; server_max_window_bits=`),
  malformed(`${D} client_max_window_bits`),
];

/** By a server that does not compress. */
export const NO_OFFERS: readonly HandshakeCase[] = [D, `${D}; client_max_window_bits`, `${D};;`].map(
  (offer) => offered(offer, undefined),
);
