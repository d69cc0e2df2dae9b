import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Upgrade } from "./upgrade.ts";

/** An upgrade, and what a server answers that plays by the rules. */
function upgrade(): { readonly upgrade: Upgrade; readonly request: string; readonly answer: string } {
  const upgrade = new Upgrade();
  const request = upgrade.request("example.com:8000", "/x/?y=1");
  const key = /Sec-WebSocket-Key: (.*)\r\n/.exec(request)?.[1] ?? "";
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const answer = `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
  return { upgrade, request, answer };
}

describe("An upgrade", () => {
  it("asks for a path, with another key each time, and offers no compression", () => {
    const { request } = upgrade();

    expect(request).toMatch(/^GET \/x\/\?y=1 HTTP\/1\.1\r\nHost: example\.com:8000\r\n/);
    expect(request).not.toContain("Extensions");
    expect(request).not.toBe(upgrade().request);
  });

  it("is done when the answer is whole, and hands on what came behind it", () => {
    const { upgrade: one, answer } = upgrade();
    for (const byte of Buffer.from(answer.slice(0, -1)))
      expect(one.read(Buffer.from([byte]))).toBeUndefined();

    expect(one.read(Buffer.from("\nabc"))?.toString()).toBe("abc");
  });

  it.each([
    ["the upgrade was refused: HTTP/1.1 503", (answer: string) => answer.replace("101", "503")],
    ["Sec-WebSocket-Accept is wrong", (answer: string) => answer.replace(/Accept: ./, "Accept: !")],
    ["Sec-WebSocket-Accept is wrong", (answer: string) => answer.replace(/Sec-WebSocket-Accept.*\r\n/, "")],
    [
      "an extension nobody asked for",
      (answer: string) =>
        answer.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
    ],
    ["too long", () => `HTTP/1.1 101 ${"x".repeat(20_000)}`],
  ])("is refused: %s", (reason, change) => {
    const { upgrade: one, answer } = upgrade();

    expect(() => one.read(Buffer.from(change(answer)))).toThrow(reason);
  });
});
