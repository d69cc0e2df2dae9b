import { createServer, type Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { HttpConnections } from "../runtime/http/http-connections.ts";
import type { AppTypes } from "./app-types.ts";
import type { AGServerOptions } from "./options.ts";
import { AGServer } from "./server.ts";

/** Serves SocketCluster clients on an HTTP server, beside whatever else it does. */
export function attach<App extends AppTypes = AppTypes>(
  httpServer: HttpServer | HttpsServer,
  options?: AGServerOptions<App> | null,
): AGServer<App> {
  return new AGServer<App>({ ...options, httpServer });
}

/** Serves SocketCluster clients on a port, where there is nothing else. @param fn called when it listens */
export function listen<App extends AppTypes = AppTypes>(port: number, fn?: () => void): AGServer<App>;
export function listen<App extends AppTypes = AppTypes>(
  port: number,
  options?: AGServerOptions<App> | null,
  fn?: () => void,
): AGServer<App>;
export function listen(
  port: number,
  options?: AGServerOptions | (() => void) | null,
  fn?: () => void,
): AGServer {
  const [given, listening] = typeof options === "function" ? [{}, options] : [options, fn];
  const connections = new HttpConnections();
  const httpServer = createServer(connections.serverOptions, (_request, response) => {
    response.writeHead(501);
    response.end("Not Implemented");
  });
  const server = attach(httpServer, given);
  httpServer.listen(port, listening);
  return server;
}
