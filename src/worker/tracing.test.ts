import { type Context, type Span, type SpanOptions, trace } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { startServer, type TestServer } from "../server/test-server.ts";
import { loadTracer } from "./tracing.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

/** What an application that records spans would register. */
class Recorder {
  readonly spans: { name: string; options: SpanOptions; parent: unknown; said: unknown[] }[] = [];

  register(): void {
    trace.setGlobalTracerProvider({
      getTracer: () => ({ startSpan: this.#start, startActiveSpan: () => {} }),
    } as never);
  }

  readonly #start = (name: string, options: SpanOptions, context: Context): Span => {
    const said: unknown[] = [];
    this.spans.push({ name, options, parent: trace.getSpanContext(context), said });
    return {
      recordException: (error: Error) => said.push(error.message),
      setStatus: ({ code }: { code: number }) => said.push(code),
      end: () => said.push("ended"),
    } as unknown as Span;
  };
}

let server: TestServer;
afterEach(() => {
  trace.disable();
  server.close();
});

const publish = (channel: string, more = "") =>
  `{"event":"#publish","data":{"channel":"${channel}","data":{"id":1}${more}},"cid":2}`;
const PARENT = `,"traceparent":"00-${TRACE}-${SPAN}-01"`;

describe("OpenTelemetry", () => {
  it("gets a span for a publish that belongs to a trace, with its end, and none for others", async () => {
    server = await startServer({ options: { allowClientPublish: true } });
    const recorder = new Recorder();
    recorder.register();
    server.core.tracer = await loadTracer();
    const client = await server.join();

    for (const message of [publish("news"), publish("news", PARENT), publish("news", ',"traceparent":"x"')]) {
      client.say(message);
      expect(await client.hearJson()).toEqual({ rid: 2 });
    }

    expect(recorder.spans).toMatchObject([
      {
        name: "publish",
        options: { attributes: { "messaging.destination.name": "news" } },
        parent: { traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true },
        said: ["ended"],
      },
    ]);
  });

  it("is told why a publish was refused", async () => {
    server = await startServer({
      broker: () => ({
        publish: (_publication, settle) => settle(new Error("no room")),
        subscribe: (_channel, settle) => settle(),
        unsubscribe: () => {},
      }),
    });
    const recorder = new Recorder();
    recorder.register();
    server.core.tracer = await loadTracer();
    const client = await server.join();

    client.say(publish("news", PARENT));
    await client.hear();

    expect(recorder.spans[0]?.said).toEqual(["no room", 2, "ended"]);
  });
});

describe("A trace context", () => {
  it("is shown to inbound middleware, and changes nothing of what subscribers get", async () => {
    server = await startServer();
    const seen: unknown[] = [];
    const [subscriber, publisher] = [await server.join(), await server.join()];
    subscriber.say('{"event":"#subscribe","data":{"channel":"news"},"cid":3}');
    await subscriber.hear();

    publisher.say(publish("news", PARENT));
    const direct = await subscriber.hear();
    server.core.middleware.inbound = async (action) => {
      seen.push("traceparent" in action ? action.traceparent : "none");
      return undefined;
    };
    publisher.say(publish("news", PARENT));
    const decided = await subscriber.hear();
    publisher.say(publish("news"));
    const plain = await subscriber.hear();

    expect(seen).toEqual([`00-${TRACE}-${SPAN}-01`, "none"]);
    expect([direct, decided]).toEqual([plain, plain]);
    expect(plain).toBe('{"event":"#publish","data":{"channel":"news","data":{"id":1}}}');
  });
});
