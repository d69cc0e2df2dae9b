import { describe, expect, it } from "vitest";
import { isLoopback, isRebound, isSameOrigin, sessionKey } from "./access.ts";

const request = (headers: Record<string, string>, remoteAddress = "127.0.0.1") => ({
  headers,
  socket: { remoteAddress },
});

describe("Who may look", () => {
  it.each([
    ["http://localhost:7777", "localhost:7777", true],
    ["https://state.example.com", "state.example.com", true],
    ["https://state.example.com", "state.example.com:443", true],
    ["http://[::1]:7777", "[::1]:7777", true],
    ["http://evil.example", "localhost:7777", false],
    ["http://localhost:8000", "localhost:7777", false],
    ["http://localhost:7777.evil.example", "localhost:7777", false],
    ["null", "localhost:7777", false],
    ["file://", "localhost:7777", false],
  ])("a page of %s at %s: %s", (origin, host, may) => {
    expect(isSameOrigin(request({ origin, host }))).toBe(may);
  });

  it("programs other than browsers, which send no origin", () => {
    expect(isSameOrigin(request({ host: "localhost:7777" }))).toBe(true);
  });

  it.each([
    ["127.0.0.1", "localhost:7777", true],
    ["::1", "[::1]:7777", true],
    ["::ffff:127.0.0.1", "127.0.0.1:7777", true],
    ["127.0.0.1", "evil.example:7777", false],
    ["127.0.0.1", "127.0.0.1.evil.example", false],
    ["10.0.0.7", "localhost:7777", false],
  ])("%s asking for %s is on this machine: %s", (address, host, is) => {
    expect(isLoopback(request({ host }, address))).toBe(is);
  });

  it("takes a foreign name that leads to this machine for a trick", () => {
    expect(isRebound(request({ host: "evil.example:7777" }))).toBe(true);
    expect(isRebound(request({ host: "state.lan:7777" }, "10.0.0.7"))).toBe(false);
  });

  it("signs sessions with something that is not the key", () => {
    expect(sessionKey("secret")).toMatch(/^[0-9a-f]{64}$/);
    expect(sessionKey("secret")).not.toBe(sessionKey("other"));
  });
});
