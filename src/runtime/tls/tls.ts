import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { TLSSocket } from "node:tls";
import { ConfigError } from "../errors.ts";
import type { HttpConnections } from "../http/http-connections.ts";
import type { Certificates } from "./certificates.ts";

export interface ServerTls {
  readonly isSecure: boolean;
  readonly certificates: Certificates;
  /** Whether members have to show a certificate that the own authorities have signed; see `certificateTrouble`. */
  readonly clientAuth: boolean;
  readonly connections: HttpConnections;
}

/**
 * A server for HTTP and WebSockets, with TLS where that is wished for. New certificates are shown as they come, and its
 * connections are looked after.
 *
 * @throws {ConfigError} if what it takes is not configured
 */
export function createHttpServer(options: ServerTls): Server {
  return options.connections.watch(create(options));
}

function create({ isSecure, certificates, clientAuth, connections }: ServerTls): Server {
  if (!isSecure) {
    if (clientAuth) throw new ConfigError(["SCC_TLS_CLIENT_AUTH needs a service that speaks TLS (SECURE)"]);
    return createServer(connections.serverOptions);
  }
  if (!certificates.hasOwn)
    throw new ConfigError(["SCC_TLS_CERT_FILE and SCC_TLS_KEY_FILE are required where TLS is spoken"]);
  if (clientAuth && certificates.current.ca === undefined)
    throw new ConfigError([
      "SCC_TLS_CLIENT_AUTH needs SCC_TLS_CA_FILE: who has signed members' certificates",
    ]);
  const server = createTlsServer({
    ...connections.serverOptions,
    ...certificates.current,
    requestCert: clientAuth,
    // Probes have none, and must be answered; whoever wants more is looked at when it does.
    rejectUnauthorized: false,
  });
  certificates.keepCurrent(server);
  return server;
}

/**
 * Why a request does not come from a member, as far as certificates tell; undefined if it may. To be asked before
 * anything is answered that is not for everybody.
 */
export function certificateTrouble({ socket }: Pick<IncomingMessage, "socket">): string | undefined {
  if (socket instanceof TLSSocket && socket.authorized) return undefined;
  const shown = socket instanceof TLSSocket ? Object.keys(socket.getPeerCertificate()).length > 0 : false;
  if (!shown) return "no certificate is shown: set SCC_TLS_CERT_FILE and SCC_TLS_KEY_FILE";
  const reason = String((socket as TLSSocket).authorizationError);
  return `the certificate that is shown (SCC_TLS_CERT_FILE) is not accepted: ${reason}`;
}

/**
 * The certificates to trust, or undefined for the system's.
 *
 * @throws {ConfigError} if the file cannot be read
 */
export function readCa({ tlsCaFile }: { readonly tlsCaFile: string | undefined }): string | undefined {
  if (tlsCaFile === undefined) return undefined;
  try {
    return readFileSync(tlsCaFile, "utf8");
  } catch (error) {
    throw new ConfigError([`SCC_TLS_CA_FILE: ${(error as Error).message}`]);
  }
}
