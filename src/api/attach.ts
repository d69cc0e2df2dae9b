import { createServer, type Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { AGServerOptions } from "./options.ts";
import { AGServer } from "./server.ts";

/** Serves SocketCluster clients on an HTTP server, beside whatever else it does. */
export function attach(httpServer: HttpServer | HttpsServer, options: AGServerOptions = {}): AGServer {
  return new AGServer({ ...options, httpServer });
}

/** Serves SocketCluster clients on a port, where there is nothing else. @param fn called when it listens */
export function listen(port: number, fn?: () => void): AGServer;
export function listen(port: number, options?: AGServerOptions, fn?: () => void): AGServer;
export function listen(
  port: number,
  options: AGServerOptions | (() => void) = {},
  fn?: () => void,
): AGServer {
  const [given, listening] = typeof options === "function" ? [{}, options] : [options, fn];
  const httpServer = createServer((_request, response) => {
    response.writeHead(501);
    response.end("Not Implemented");
  });
  const server = attach(httpServer, given);
  httpServer.listen(port, listening);
  return server;
}
