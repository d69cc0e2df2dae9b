import { describe, expect, it } from "vitest";
import { Publications } from "../client/publications.ts";
import { Payload } from "../measure/payload.ts";
import { STAMP_LENGTH, Stamp } from "../measure/stamp.ts";
import { FIRST_CALL } from "./calls.ts";
import type { Dialect } from "./dialect.ts";
import { dialectOf } from "./dialects.ts";

const socketCluster = dialectOf("socketcluster");
const socketIo = dialectOf("socketio");

/** The text of a publication, without its frame's header. */
function publication(dialect: Dialect, bytes: number, number: number): string {
  const stamp = Object.assign(new Stamp(), { channel: 7, number });
  const publications = new Publications(dialect, new Payload(bytes), (channel) => `"ü${channel}`);
  const frame = publications.frame(stamp);
  const length = (frame[1] ?? 0) & 127;
  return frame.toString("utf8", length < 126 ? 6 : length === 126 ? 8 : 14);
}

describe.each([
  ["socketcluster", socketCluster],
  ["socketio", socketIo],
])("A publication in %s", (_, dialect) => {
  it.each([43, 44, 128, 70_000])("has data of %i bytes, and a frame as long as it says", (bytes) => {
    const text = publication(dialect, bytes, 3);
    const json = dialect === socketIo ? JSON.parse(text.slice(2 + 10)) : JSON.parse(text);
    const [channel, data] = dialect === socketIo ? json.slice(1) : [json.data.channel, json.data.data];

    expect(channel).toBe('"ü7');
    expect(JSON.stringify(data).length).toBe(bytes);
    expect(data.s.length).toBe(STAMP_LENGTH);
  });

  it("carries the number of its call, and knows its acknowledgement by it", () => {
    const call = FIRST_CALL + 123_456;
    expect(publication(dialect, 128, 123_456)).toContain(String(call));
    const message = Buffer.from(`..${dialect === socketIo ? `43${call}[]` : `{"rid":${call}}`}`);

    expect(dialect.acknowledged(message, 2, message.length)).toBe(call);
  });
});

describe("The SocketCluster protocol", () => {
  it.each([
    '{"rid":5,"data":{}}',
    '{"rid":5,"error":{"name":"E","message":"m"}}',
    '[{"rid":5}]',
    '{"event":"x"}',
    "",
  ])("does not take another message for a plain acknowledgement: %s", (text) => {
    const bytes = Buffer.from(text);

    expect(socketCluster.acknowledged(bytes, 0, bytes.length)).toBe(-1);
  });

  it("tells what a server says, also in batches", () => {
    const text =
      '[{"rid":5},{"rid":6,"error":{"name":"Bad","message":"no"}},{"event":"#publish","data":{"channel":"a","data":1}},{"event":"other"}]';

    expect(socketCluster.read(text, undefined)).toEqual([
      { kind: "answer", call: 5, error: undefined },
      { kind: "answer", call: 6, error: "Bad: no" },
      { kind: "delivery", channel: "a", data: 1 },
    ]);
  });

  it("complains when a token was shown and not accepted", () => {
    const refused = '{"rid":1,"data":{"isAuthenticated":false,"authError":{"name":"E","message":"old"}}}';
    const welcome = { kind: "welcome", complaint: undefined };

    expect(socketCluster.read(refused, "token")).toEqual([
      { kind: "welcome", complaint: "token refused: E: old" },
    ]);
    expect(socketCluster.read(refused, undefined)).toEqual([welcome]);
    expect(socketCluster.read('{"rid":1,"data":{"isAuthenticated":true}}', "token")).toEqual([welcome]);
  });
});

describe("Socket.IO", () => {
  it("opens, shakes hands, answers and delivers", () => {
    expect(socketIo.read('0{"sid":"a"}', undefined)).toEqual([{ kind: "asked", answer: "40" }]);
    expect(socketIo.read('0{"sid":"a"}', "t")).toEqual([{ kind: "asked", answer: '40{"token":"t"}' }]);
    expect(socketIo.read('40{"sid":"b"}', undefined)).toEqual([{ kind: "welcome", complaint: undefined }]);
    expect(socketIo.read("4312[]", undefined)).toEqual([{ kind: "answer", call: 12, error: undefined }]);
    expect(socketIo.read('42["publish",{"channel":"a","data":1}]', undefined)).toEqual([
      { kind: "delivery", channel: "a", data: 1 },
    ]);
    expect(socketIo.read('44{"message":"no"}', undefined)).toEqual([
      { kind: "rejected", reason: "connection refused: no" },
    ]);
    expect(() => socketIo.read("nonsense", undefined)).toThrow(SyntaxError);
  });

  it("knows a ping", () => {
    expect(socketIo.isPing(Buffer.from("2"), 0, 1)).toBe(true);
    expect(socketIo.isPing(Buffer.from("42"), 0, 2)).toBe(false);
  });
});
