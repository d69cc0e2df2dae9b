import { Option } from "commander";
import { ConfigError } from "../../runtime/errors.ts";
import { readCa } from "../../runtime/tls/tls.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** What says where scc-state is. */
export interface StateFlags {
  readonly url?: string;
  readonly stateServerHost?: string;
  readonly stateServerPort?: string;
  readonly tlsCaFile?: string;
}

export interface StateAddress {
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
  /** Certificates to trust, PEM; undefined: the system's. */
  readonly ca: string | undefined;
  /** `SCC_AUTH_KEY` */
  readonly authKey: string | undefined;
}

const USUAL_PORT = 7777;
const SECURE = ["wss:", "https:"];
const PROTOCOLS = ["ws:", "http:", ...SECURE];

export function stateOptions(): Option[] {
  return [
    new Option("--url <url>", "scc-state, such as ws://localhost:7777 or wss://state.example.com"),
    new Option(
      "--state-server-host <host>",
      "host of scc-state (SCC_STATE_SERVER_HOST; default localhost)",
    ).conflicts("url"),
    new Option(
      "--state-server-port <port>",
      `port of scc-state (SCC_STATE_SERVER_PORT; default ${USUAL_PORT})`,
    ).conflicts("url"),
    new Option("--tls-ca-file <file>", "certificates to trust, PEM; absent: the system's (SCC_TLS_CA_FILE)"),
  ];
}

/** @throws {ConfigError} if that is no address, or a file cannot be read */
export function addressOf(flags: StateFlags, env: Env): StateAddress {
  const ca = readCa({
    tlsCaFile: flags.tlsCaFile ?? (env.SCC_TLS_CA_FILE || undefined),
  });
  const rest = { ca, authKey: env.SCC_AUTH_KEY || undefined };
  if (flags.url !== undefined) return { ...fromUrl(flags.url), ...rest };
  const host = flags.stateServerHost ?? (env.SCC_STATE_SERVER_HOST || "localhost");
  const port = portOf(flags.stateServerPort ?? (env.SCC_STATE_SERVER_PORT || String(USUAL_PORT)));
  const secure = ["1", "true"].includes((env.SCC_STATE_SERVER_SECURE ?? "").toLowerCase());
  return { hostname: bracketed(host), port, secure, ...rest };
}

function fromUrl(text: string): Pick<StateAddress, "hostname" | "port" | "secure"> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !PROTOCOLS.includes(url.protocol) || url.hostname === "")
    throw new ConfigError([`--url: expected ws://host:port or wss://host:port, got ${JSON.stringify(text)}`]);
  if (url.username !== "" || url.password !== "" || url.search !== "")
    throw new ConfigError(["--url: no key or password belongs in it; set SCC_AUTH_KEY"]);
  const secure = SECURE.includes(url.protocol);
  const usual = secure ? 443 : USUAL_PORT;
  return { hostname: url.hostname, port: url.port === "" ? usual : Number(url.port), secure };
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port;
  throw new ConfigError([`port of scc-state: expected 1 to 65535, got ${JSON.stringify(text)}`]);
}

/** An IPv6 address as URLs have it. */
function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
