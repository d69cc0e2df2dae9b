import { describe, expect, it } from "vitest";
import { acceptableOffer } from "./compression/deflate-offers.ts";
import { faultOf, pathOf } from "./opening-handshake.ts";

const RIGHT = { host: "localhost", "sec-websocket-version": "13" };

function statusOf(
  headers: Readonly<Record<string, string>>,
  httpVersion = "1.1",
  raw = ["Host", "localhost"],
) {
  return faultOf({ httpVersion, headers, rawHeaders: raw })?.status;
}

/** test/conformance/websocket has all that can be wrong, byte by byte. */
describe("A request for a WebSocket", () => {
  it("is refused unless it is HTTP/1.1 with one host and a version that is known", () => {
    expect(statusOf(RIGHT)).toBe(undefined);
    expect(statusOf(RIGHT, "1.0")).toBe(400);
    expect(statusOf({ ...RIGHT, host: "" })).toBe(400);
    expect(statusOf(RIGHT, "1.1", ["host", "a", "Accept", "Host", "HOST", "b"])).toBe(400);
    expect(statusOf({ host: "localhost" })).toBe(400);
    expect(statusOf({ ...RIGHT, "sec-websocket-version": "8" })).toBe(undefined);
    for (const version of ["013", "13.0", "0xd", "+13", "1.3e1", "12", ""])
      expect(statusOf({ ...RIGHT, "sec-websocket-version": version })).toBe(426);
  });

  it("is for the same path where its URL stands in full", () => {
    for (const url of ["/a/", "/a/?b", "http://host/a/", "HTTPS://host:1/a/?b", "ws://[::1]:1/a/"])
      expect(pathOf(url)).toBe("/a/");
    expect(pathOf("http://host")).toBe("/");
    expect(pathOf("http:///a/")).not.toBe("/a/");
    expect(pathOf("a/")).not.toBe("/a/");
  });
});

describe("An offer to compress", () => {
  it("is declined where it says what cannot be, and the next one is looked at", () => {
    const good = "permessage-deflate; client_max_window_bits";
    for (const bits of ["08", "010", "1e1", "0xa", "+10", "10.0", "7", "16"]) {
      const bad = `permessage-deflate; server_max_window_bits=${bits}`;
      expect(acceptableOffer(bad, {})).toBe(undefined);
      expect(acceptableOffer(`${bad}, ${good}`, {})).toBe(good);
    }
    for (const name of ["unknown", "constructor", "__proto__"])
      expect(acceptableOffer(`permessage-deflate; ${name}`, {})).toBe(undefined);
    expect(() => acceptableOffer("permessage-deflate;;", {})).toThrow(SyntaxError);
  });

  it("is declined where it asks for what the server was told not to give", () => {
    const asks = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10";
    expect(acceptableOffer(asks, {})).toBe(asks);
    expect(acceptableOffer(asks, { serverNoContextTakeover: false })).toBe(undefined);
    expect(acceptableOffer(asks, { serverMaxWindowBits: false })).toBe(undefined);
    expect(acceptableOffer(asks, { serverMaxWindowBits: 11 })).toBe(undefined);
    expect(acceptableOffer(asks, { clientMaxWindowBits: 10 })).toBe(undefined);
    expect(acceptableOffer(`${asks}; client_max_window_bits=9`, { clientMaxWindowBits: 10 })).toBe(undefined);
    expect(acceptableOffer(`${asks}; client_max_window_bits`, { clientMaxWindowBits: 10 })).toBeDefined();
  });
});
