import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { answerSafely } from "../runtime/contain.ts";
import { answerProbe, type Health } from "../runtime/http/http.ts";
import { loadDemo, serveDemo, type WorkerIdentity } from "./demo.ts";

/**
 * Answers the probes before the application sees a request, the rest if the application has no listener.
 *
 * Applications add their own "request" listeners, some of them late, and each listener gets every request:
 * only in front of them all can a request be kept from being answered twice.
 *
 * @param demo what to say of this worker on the demo page; absent: there is none
 */
export function answerRequests(server: Server, health: Health, demo: WorkerIdentity | undefined): void {
  if (demo) loadDemo();
  const emit: (event: string, ...args: unknown[]) => boolean = server.emit.bind(server);
  server.emit = (event: string, ...args: unknown[]): boolean => {
    if (event !== "request") return emit(event, ...args);
    const [request, response] = args as [IncomingMessage, ServerResponse];
    if (answerSafely(response, () => answerProbe(health, request, response))) return true;
    if (emit(event, request, response)) return true;
    if (demo && answerSafely(response, () => serveDemo(request, response, demo))) return true;
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("Not found\n");
    return true;
  };
}
