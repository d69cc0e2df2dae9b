import { describe, expect, it } from "vitest";
import { decode } from "./decode.ts";
import { readTraceparent } from "./trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const GOOD = `00-${TRACE}-${SPAN}-01`;

describe("A traceparent", () => {
  it("says trace, span and flags, in versions to come too", () => {
    expect(readTraceparent(GOOD)).toEqual({ traceId: TRACE, spanId: SPAN, flags: 1 });
    expect(readTraceparent(`cc-${TRACE}-${SPAN}-ff`)).toEqual({ traceId: TRACE, spanId: SPAN, flags: 255 });
  });

  it.each([
    undefined,
    7,
    "",
    `ff-${TRACE}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    GOOD.toUpperCase(),
    `${GOOD}-more`,
    `${GOOD}\n`,
    ` ${GOOD}`,
  ])("is none if it is %j", (value) => {
    expect(readTraceparent(value)).toBeUndefined();
  });

  const publish = (fields: object): unknown => {
    const packet = { event: "#publish", data: { channel: "news", data: 1, ...fields } };
    return decode(Buffer.from(JSON.stringify(packet)), true, 2);
  };

  it("stands beside channel and data of a publish, and is not part of what is published", () => {
    expect(publish({ traceparent: GOOD })).toEqual({
      kind: "publish",
      channel: "news",
      bytes: Buffer.from("1"),
      cid: undefined,
      traceparent: GOOD,
    });
  });

  it.each([{}, { traceparent: "nonsense" }, { traceparent: [GOOD] }])(
    "is left out of a publish where it is none: %j",
    (fields) => {
      expect(publish(fields)).not.toHaveProperty("traceparent");
    },
  );
});
