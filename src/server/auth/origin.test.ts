import { describe, expect, it } from "vitest";
import { originAllowed, originProblems } from "./origin.ts";

describe("originAllowed", () => {
  it("lets in everybody with *:*", () => {
    expect(originAllowed("https://any.example", "*:*")).toBe(true);
    expect(originAllowed(undefined, "*:*")).toBe(true);
    expect(originAllowed("https://any.example", ["a.example:1", "*:*"])).toBe(true);
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

  it("takes several texts, and none", () => {
    expect(originAllowed("https://a.example", ["b.example:443", "a.example:443"])).toBe(true);
    expect(originAllowed("https://a.example", ["b.example:443"])).toBe(false);
    expect(originAllowed("https://a.example", [])).toBe(false);
    expect(originAllowed("https://a.example", "")).toBe(false);
  });

  it.each(["[::1]:8000", "::1:8000", "0:0:0:0:0:0:0:1:8000", "[0:0::1]:*", "::1:*"])(
    "knows an IPv6 address in brackets and without: %s",
    (allowed) => {
      expect(originAllowed("http://[::1]:8000", allowed)).toBe(true);
      expect(originAllowed("http://[::2]:8000", allowed)).toBe(false);
    },
  );

  it("compares names as browsers send them", () => {
    expect(originAllowed("https://a.example", "A.Example:443")).toBe(true);
    expect(originAllowed("https://xn--mnchen-3ya.example", "münchen.example:443")).toBe(true);
  });
});

describe("originProblems", () => {
  it("finds none in what may be listed", () => {
    expect(originProblems("*:*")).toEqual([]);
    expect(originProblems("a.example:443, b.example:* *:8000")).toEqual([]);
    expect(originProblems(["[::1]:80", "::1:80", "127.0.0.1:*"])).toEqual([]);
    expect(originProblems("")).toEqual([]);
    expect(originProblems([])).toEqual([]);
  });

  it.each([
    ["https://a.example", 'without the scheme it is "a.example:443"'],
    ["http://a.example:8000/", 'without the scheme it is "a.example:8000"'],
    ["a.example", 'with all ports it is "a.example:*"'],
    ["*.a.example:443", "a star stands for all hosts, or for all ports"],
    ["*", "a star stands for all hosts, or for all ports"],
    ["::1", "expected host:port"],
    ["a.example:https", "expected host:port"],
  ])("says what is wrong with %s", (entry, advice) => {
    expect(originProblems(["b.example:1", entry])).toEqual([expect.stringContaining(advice)]);
    expect(originProblems(`b.example:1,${entry}`)[0]).toContain(JSON.stringify(entry));
  });

  it.each([5, {}, [5], true])("wants texts, and not %j", (given) => {
    expect(originProblems(given)).toHaveLength(1);
  });
});
