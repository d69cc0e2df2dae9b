import { ConfigError } from "../runtime/errors.ts";
import type { Tracer } from "../server/tracer.ts";

/**
 * Makes spans with the OpenTelemetry API, which goes to whatever the application has registered.
 *
 * @throws {ConfigError} if the API is not installed
 */
export async function loadTracer(): Promise<Tracer> {
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = await loadApi();
  const tracer = trace.getTracer("sccluster");
  return {
    publishes(channel, { traceId, spanId, flags }) {
      const context = trace.setSpanContext(ROOT_CONTEXT, {
        traceId,
        spanId,
        traceFlags: flags,
        isRemote: true,
      });
      const attributes = { "messaging.system": "socketcluster", "messaging.destination.name": channel };
      const span = tracer.startSpan("publish", { kind: SpanKind.SERVER, attributes }, context);
      return (error) => {
        if (error !== undefined) {
          span.recordException(error);
          span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
        }
        span.end();
      };
    },
  };
}

async function loadApi(): Promise<typeof import("@opentelemetry/api")> {
  try {
    return await import("@opentelemetry/api");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new ConfigError([
      "SCC_OPENTELEMETRY needs the package @opentelemetry/api: npm install @opentelemetry/api",
    ]);
  }
}
