import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, packets } from "./decode.ts";
import { decodePublish } from "./decode-publish.ts";
import type { Packet, PublishPacket } from "./packets.ts";

const text = (message: string, version: 1 | 2 = 2) => decode(Buffer.from(message), true, version);

/** What the official client sends for a publish. */
function publishText(channel: string, data: unknown, cid?: number): string {
  return JSON.stringify({
    event: "#publish",
    data: { channel, data },
    ...(cid === undefined ? {} : { cid }),
  });
}

function publishedBy(packet: Packet | readonly Packet[] | undefined): unknown {
  const { channel, bytes, cid } = packet as PublishPacket;
  return { channel, cid, data: bytes.length === 0 ? undefined : JSON.parse(bytes.toString()) };
}

describe("decode", () => {
  it("takes the empty message for a pong in version 2, and #2 in version 1", () => {
    expect(text("")).toEqual({ kind: "pong" });
    expect(text("#2", 1)).toEqual({ kind: "pong" });
    expect(text("#2")).toEqual({ kind: "raw" });
    expect(text("", 1)).toEqual({ kind: "raw" });
  });

  it("takes everything that is no packet for raw", () => {
    for (const message of ["hello", "{", "[1", "null", "7", '{"event":3}', "{}"]) {
      expect(text(message)).toEqual({ kind: "raw" });
    }
  });

  it("reads each packet of the protocol", () => {
    expect(text('{"event":"#handshake","data":{"authToken":"t"},"cid":1}')).toMatchObject({
      kind: "handshake",
      authToken: "t",
      cid: 1,
    });
    expect(text('{"event":"#authenticate","data":"t","cid":2}')).toEqual({
      kind: "authenticate",
      authToken: "t",
      cid: 2,
    });
    expect(text('{"event":"#removeAuthToken"}')).toEqual({ kind: "remove-auth-token", data: undefined });
    expect(text('{"event":"#subscribe","data":{"channel":"a","data":7,"waitForAuth":true},"cid":3}')).toEqual(
      {
        kind: "subscribe",
        channel: "a",
        options: { data: 7, waitForAuth: true },
        cid: 3,
      },
    );
    expect(text('{"event":"#unsubscribe","data":"a"}')).toEqual({
      kind: "unsubscribe",
      channel: "a",
      cid: undefined,
    });
    expect(text('{"event":"hi","data":[1]}')).toEqual({
      kind: "event",
      name: "hi",
      data: [1],
      cid: undefined,
    });
    expect(text('{"rid":4,"data":1}')).toEqual({ kind: "answer", rid: 4, data: 1, error: undefined });
  });

  it("reads a batch in its order, whatever stands in it", () => {
    expect(text('[{"event":"a"},7,{"rid":1}]')).toMatchObject([
      { kind: "event", name: "a" },
      { kind: "raw" },
      { kind: "answer" },
    ]);
  });

  it("says of a packet that lacks its channel what the client is to be told", () => {
    for (const data of ["null", "[null]", '{"channel":{"a":1}}', '{"channel":null}']) {
      expect(text(`{"event":"#subscribe","data":${data},"cid":1}`)).toMatchObject({
        kind: "malformed",
        cid: 1,
      });
      expect(text(`{"event":"#publish","data":${data},"cid":1}`)).toMatchObject({
        kind: "malformed",
        cid: 1,
      });
    }
    expect(text('{"event":"#unsubscribe","data":[null],"cid":1}')).toMatchObject({ kind: "malformed" });
  });

  it("does not take fields from a prototype that a client names", () => {
    expect(text('{"__proto__":{"event":"#publish"}}')).toEqual({ kind: "raw" });
    expect(
      text('{"event":"#subscribe","data":{"channel":"__proto__","__proto__":{"a":1}},"cid":1}'),
    ).toMatchObject({ kind: "subscribe", channel: "__proto__" });
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  it("refuses what is nested too deeply, and says whose call it is if that can be seen", () => {
    for (const depth of [1_000, 4_000, 200_000]) {
      const data = `${"[".repeat(depth)}${"]".repeat(depth)}`;
      for (const start of [
        '{"event":"#publish","data":{"channel":"a","data":',
        ' {"event":"e","data":{"data":',
      ]) {
        expect(text(`${start}${data}},"cid":7}`)).toMatchObject({ kind: "refused", cid: 7 });
        expect(text(`${start}${data}}}`)).toMatchObject({ kind: "refused", cid: undefined });
      }
    }
    const deepest = `${"[".repeat(998)}${"]".repeat(998)}`;
    expect(text(`{"event":"#publish","data":{"channel":"a","data":${deepest}}}`)).toMatchObject({
      kind: "publish",
    });
  });

  it("refuses what a codec nested too deeply to be written, or tied in a knot", () => {
    const knot: { self?: unknown } = {};
    knot.self = knot;
    const deep = JSON.parse(`${"[".repeat(4_000)}${"]".repeat(4_000)}`);
    for (const data of [knot, deep]) {
      expect(packets({ event: "#publish", data: { channel: "a", data }, cid: 1 })).toMatchObject({
        kind: "malformed",
        cid: 1,
      });
    }
  });

  it("refuses a batch of too many, however long it is, and takes as many as the server is told", () => {
    const batch = (size: number): Buffer => Buffer.from(`[${Array(size).fill('{"event":"a"}').join()}]`);

    expect(decode(batch(1_000), true, 2)).toHaveLength(1_000);
    expect(decode(batch(1_001), true, 2)).toMatchObject({ kind: "refused" });
    expect(decode(batch(3), true, 2, 2)).toMatchObject({ kind: "refused" });
    expect(packets(Array(1_001).fill({}))).toMatchObject({ kind: "refused" });
  });
});

describe("the fast way of a publish", () => {
  it("is taken by what the official client sends", () => {
    expect(decodePublish(Buffer.from(publishText("news", { id: 1 }, 7)))).toMatchObject({
      channel: "news",
      cid: 7,
    });
    expect(decodePublish(Buffer.from(publishText("news", "}}")))?.bytes.toString()).toBe('"}}"');
  });

  it("gives what the general way gives, for any JSON and any channel", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.jsonValue(),
        fc.option(fc.nat()),
        (channel, data, cid) => {
          const message = publishText(channel, data, cid ?? undefined);

          const fast = decodePublish(Buffer.from(message));
          // A space before the first brace keeps a message off the fast way.
          const general = text(` ${message}`);

          if (fast !== undefined) expect(publishedBy(fast)).toEqual(publishedBy(general));
          expect(publishedBy(text(message))).toEqual(publishedBy(general));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("keeps the publisher's text byte for byte", () => {
    const data = '{ "a": 1.0,\t"ü": "\\u00fc" }';

    const packet = text(
      `{"event":"#publish","data":{"channel":"a","data":${data}},"cid":1}`,
    ) as PublishPacket;

    expect(packet.bytes.toString()).toBe(data);
  });

  it("never lets through data that are not one complete JSON value, whatever a client writes there", () => {
    const hostile = [
      '1,"data":2',
      '1},"data":{"channel":"other"',
      '1}},{"event":"x"',
      '{"a":1}},"cid":1',
      '"',
      "{",
      "",
      " ",
      "1 2",
      '1,"channel":"other"',
    ];
    for (const data of hostile) {
      const message = `{"event":"#publish","data":{"channel":"a","data":${data}},"cid":9}`;
      expectHarmless(Buffer.from(message));
    }
  });

  it("holds that for anything that is mixed of the protocol's own parts", () => {
    const part = fc.constantFrom(
      '"data":',
      "{",
      "}",
      ",",
      '"',
      "\\",
      '"cid":',
      "1",
      "[",
      "]",
      ":",
      '"channel":"b"',
      " ",
      "null",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.boolean(), (parts, called) => {
        const end = called ? '},"cid":3}' : "}}";
        expectHarmless(
          Buffer.from(`{"event":"#publish","data":{"channel":"a","data":${parts.join("")}${end}`),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Whatever the packet is, its bytes are a JSON value, and it says the same as the message read as JSON. */
function expectHarmless(message: Buffer): void {
  const packet = decode(message, true, 2);
  if (Array.isArray(packet)) return;
  const { kind } = packet as Packet;
  if (kind !== "publish") return;
  const whole = JSON.parse(message.toString()) as { data: { channel: string; data: unknown }; cid?: number };
  expect(publishedBy(packet)).toEqual({ channel: whole.data.channel, cid: whole.cid, data: whole.data.data });
}
