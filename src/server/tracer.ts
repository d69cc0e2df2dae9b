import type { TraceContext } from "../protocol/trace-context.ts";

/** Who wants to know of publishes that belong to a trace. Must not throw. */
export interface Tracer {
  /**
   * A client publishes.
   *
   * @returns is told once how it ended; without an error it is acknowledged
   */
  publishes(channel: string, parent: TraceContext): (error?: Error) => void;
}
