import { once } from "node:events";
import { connect, isIP } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import { LoadError } from "../load-error.ts";

/** A server, as connections need to know it. */
export interface Target {
  readonly url: string;
  /** Where to connect to: an address, so that no connection has to look it up. */
  readonly address: string;
  readonly port: number;
  /** The `Host` header. */
  readonly host: string;
  readonly path: string;
  /** Present where TLS is spoken. */
  readonly tls: { readonly servername: string; readonly context: SecureContext } | undefined;
}

/** Connections from one local address; a system has some 28,000 ports to give for each. */
export const PER_LOCAL_ADDRESS = 20_000;
const MOST_LOCAL_ADDRESSES = 250;
const ANSWER_WITHIN_MS = 5000;

/**
 * Finds out where a URL leads.
 *
 * @param path where the URL has none
 * @throws {LoadError} if nobody answers there
 */
export async function resolveTarget(url: string, path: string, ca: string | undefined): Promise<Target> {
  const parsed = new URL(url);
  const secure = parsed.protocol === "wss:";
  const port = Number(parsed.port) || (secure ? 443 : 80);
  const name = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const servername = isIP(name) === 0 ? name : "";
  return {
    url,
    address: isIP(name) === 0 ? await addressOf(url, name, port) : name,
    port,
    host: parsed.host,
    path: `${parsed.pathname === "/" ? path : parsed.pathname}${parsed.search || queryOf(parsed, path)}`,
    tls: secure ? { servername, context: createSecureContext(ca === undefined ? {} : { ca }) } : undefined,
  };
}

function queryOf(parsed: URL, path: string): string {
  return parsed.pathname === "/" ? "" : (/\?.*/.exec(path)?.[0] ?? "");
}

/** The address of a name at which somebody listens: a name may have several, not all of them in use. */
async function addressOf(url: string, name: string, port: number): Promise<string> {
  const socket = connect({ host: name, port, autoSelectFamily: true });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return socket.remoteAddress ?? name;
  } catch (error) {
    const { message } = error as Error;
    const cause = error instanceof AggregateError ? (error.errors[0] as Error).message : message;
    throw new LoadError(`Cannot connect to ${url}: ${cause}`);
  } finally {
    socket.destroy();
  }
}

/**
 * The local address that a connection is to come from; undefined where the system decides. All of 127.0.0.0/8 is
 * this machine on Linux, which allows for more connections to one port than an address has ports.
 *
 * @param connection number of the connection over all generators
 */
export function localAddress({ address }: Target, connection: number): string | undefined {
  const more = Math.floor(connection / PER_LOCAL_ADDRESS) % MOST_LOCAL_ADDRESSES;
  if (more === 0 || process.platform !== "linux" || !address.startsWith("127.")) return undefined;
  return `127.0.0.${1 + more}`;
}
