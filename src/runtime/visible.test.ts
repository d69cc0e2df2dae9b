import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spelledOutJson, visible, visibleJson, visibleLines } from "./visible.ts";

/** One of each kind: C0, DEL, C1 (CSI), marks of direction, overrides, isolates, line ends, halves of pairs, BOM. */
const STEERING =
  "\u0000\u001b\u007f\u0080\u009b\u009f\u061c\u200e\u200f\u202a\u202e\u2066\u2069\u2028\u2029\ud800\udfff\ufeff";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STEERS = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/u;

describe("What others say", () => {
  it("is shown with all that would steer a terminal spelled out, and the rest as it is", () => {
    expect(visible("a\u009b31m\u202eb\ud800")).toBe("a\\u009b31m\\u202eb\\ud800");
    expect(visible("one\r\ntwo")).toBe("one\\r\\ntwo");
    expect(visible("Grüße, 日本 🎉\t!")).toBe("Grüße, 日本 🎉\t!");
    expect(visible(STEERING)).not.toMatch(STEERS);
    expect(visibleLines("a\u001b\nb")).toBe("a\\u001b\nb");
  });

  it("is the same JSON as before", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()), (value) => {
        const json = JSON.stringify({ [STEERING]: value, STEERING });
        expect(JSON.parse(visibleJson(json))).toEqual(JSON.parse(json));
        expect(visibleJson(json)).not.toMatch(STEERS);
      }),
    );
  });

  it("is JSON of texts without anything that steers, where they are printed as they are", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const spelled = JSON.parse(spelledOutJson(JSON.stringify({ text: text + STEERING })));
        expect(spelled.text).not.toMatch(STEERS);
      }),
    );
    expect(JSON.parse(spelledOutJson(JSON.stringify('a "b" \\n \n /')))).toBe('a "b" \\n \\n /');
  });
});
