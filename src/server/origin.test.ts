import { describe, expect, it } from "vitest";
import { originAllowed } from "./origin.ts";

describe("originAllowed", () => {
  it("lets in everybody with *:*", () => {
    expect(originAllowed("https://any.example", "*:*")).toBe(true);
    expect(originAllowed(undefined, "*:*")).toBe(true);
  });

  it("compares host and port, where the scheme gives a port that is not written", () => {
    expect(originAllowed("https://a.example", "a.example:443")).toBe(true);
    expect(originAllowed("http://a.example", "a.example:443")).toBe(false);
    expect(originAllowed("http://a.example:8000", "b.example:80, a.example:8000")).toBe(true);
  });

  it("knows a star for the host or for the port", () => {
    expect(originAllowed("http://a.example:1", "a.example:*")).toBe(true);
    expect(originAllowed("http://b.example:8000", "*:8000")).toBe(true);
  });

  it("refuses a host that only contains an allowed one, or none", () => {
    expect(originAllowed("http://evil-a.example", "a.example:*")).toBe(false);
    expect(originAllowed("not a url", "a.example:*")).toBe(false);
    expect(originAllowed("null", "a.example:*")).toBe(false);
  });
});
