import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Server as NetServer } from "node:net";
import { onRequest } from "./contain.ts";
import { ConfigError, ListenError, PortTakenError } from "./errors.ts";

/** `undefined` when all is well, else why not, in a few words for an operator. */
export type Trouble = string | undefined;

export interface Health {
  /** Why the process should not be sent work now. */
  readiness(): Trouble;
  /** Why the process should be started again. No dependency on other processes belongs here. */
  liveness?(): Trouble;
}

/**
 * Answers the probes: `/health-check` (upstream's: always 200 OK), `/livez` and `/readyz` (200 OK, or 503
 * and the reason).
 *
 * @returns whether the request was one of them
 */
export function answerProbe(health: Health, request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  const path = request.url?.split("?", 1)[0];
  if (path === "/health-check") reply(response, undefined);
  else if (path === "/livez") reply(response, health.liveness?.());
  else if (path === "/readyz") reply(response, health.readiness());
  else return false;
  return true;
}

function reply(response: ServerResponse, trouble: Trouble): void {
  response.writeHead(trouble === undefined ? 200 : 503, {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
  });
  response.end(trouble === undefined ? "OK" : `${trouble}\n`);
}

/**
 * Starts listening.
 *
 * @param host address to bind; absent: all of them, IPv6 and IPv4
 * @param variable the environment variable that sets the port, for the message
 * @throws {PortTakenError} if another process listens there
 */
export function listen(
  server: NetServer,
  port: number,
  host: string | undefined,
  variable: string,
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      if (error.code === "EADDRINUSE") reject(new PortTakenError(port, variable));
      else reject(new ListenError(host, port, variable, error.message));
    };
    server.once("error", failed);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off("error", failed);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Closes a server and the connections that idle in it. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/**
 * The port of `/metrics`: as configured, or the service's port + 1000.
 *
 * @throws {ConfigError} if that is no port
 */
export function metricsPortOf(port: number, configured: number | undefined): number {
  const metricsPort = configured ?? port + 1000;
  if (metricsPort <= 65_535) return metricsPort;
  throw new ConfigError([
    `SCC_METRICS_PORT is required where the service's port (${port}) + 1000 is no port`,
  ]);
}

/** What `/metrics` shows, made anew for each request. */
export interface MetricsPage {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/**
 * Serves `/metrics`, on a port of its own so that it is never reachable where clients are.
 *
 * @param port 0 turns it off
 * @returns undefined when turned off
 */
export async function serveMetrics(
  { registry: page }: { readonly registry: MetricsPage },
  port: number,
  host: string | undefined,
): Promise<Server | undefined> {
  if (port === 0) return undefined;
  const server = createServer();
  onRequest(server, (request, response) => {
    if (request.url?.split("?", 1)[0] !== "/metrics") {
      response.writeHead(404).end("Metrics are at /metrics\n");
      return;
    }
    page.metrics().then(
      (text) => response.writeHead(200, { "content-type": page.contentType }).end(text),
      (error: Error) => response.writeHead(500).end(`${error.message}\n`),
    );
  });
  await listen(server, port, host, "SCC_METRICS_PORT");
  return server;
}
