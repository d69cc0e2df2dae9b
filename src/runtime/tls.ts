import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { ConfigError } from "./errors.ts";

export interface TlsFiles {
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly tlsCaFile: string | undefined;
}

/**
 * A server for HTTP and WebSockets, with TLS if `secure`.
 *
 * @throws {ConfigError} if certificate or key are missing or cannot be read
 */
export function createHttpServer(secure: boolean, files: TlsFiles): Server {
  if (!secure) return createServer();
  const { tlsCertFile, tlsKeyFile } = files;
  if (tlsCertFile === undefined || tlsKeyFile === undefined) {
    throw new ConfigError(["SCC_TLS_CERT_FILE and SCC_TLS_KEY_FILE are required where TLS is spoken"]);
  }
  try {
    return createTlsServer({ cert: readFileSync(tlsCertFile), key: readFileSync(tlsKeyFile) });
  } catch (error) {
    throw new ConfigError([`SCC_TLS_CERT_FILE, SCC_TLS_KEY_FILE: ${(error as Error).message}`]);
  }
}

/**
 * The certificates to trust, or undefined for the system's.
 *
 * @throws {ConfigError} if the file cannot be read
 */
export function readCa({ tlsCaFile }: TlsFiles): string | undefined {
  if (tlsCaFile === undefined) return undefined;
  try {
    return readFileSync(tlsCaFile, "utf8");
  } catch (error) {
    throw new ConfigError([`SCC_TLS_CA_FILE: ${(error as Error).message}`]);
  }
}
