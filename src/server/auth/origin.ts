/** What `origins` may be: a list of `host:port`, `host:*`, `*:port` or `*:*`, as one text or as several. */
export type Origins = string | readonly string[];

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * Whether a page of this origin may connect. `allowed` lists `host:port`, `host:*` and `*:port`; `*:*` lets in
 * everybody. Clients other than browsers send no origin: they count as unknown hosts on port 80.
 */
export function originAllowed(origin: string | undefined, allowed: Origins): boolean {
  if (allowed === "*:*") return true;
  const entries = new Set(entriesOf(allowed).map(normalized));
  if (entries.has("*:*")) return true;
  if (origin === undefined || origin === "null") return entries.has("*:80");
  if (!URL.canParse(origin)) return false;
  const { hostname, port, protocol } = new URL(origin);
  const number = port || (protocol === "https:" ? "443" : "80");
  return entries.has(`${hostname}:${number}`) || entries.has(`${hostname}:*`) || entries.has(`*:${number}`);
}

/** What is wrong with a list of origins, one sentence each: entries that would let in nobody. */
export function originProblems(allowed: unknown): string[] {
  const given: unknown[] = typeof allowed === "string" ? [allowed] : Array.isArray(allowed) ? allowed : [];
  if (given.length === 0 && !Array.isArray(allowed)) return ["origins: expected a text or a list of texts"];
  if (!given.every((entry) => typeof entry === "string")) return ["origins: expected texts in the list"];
  return entriesOf(given).flatMap((entry) => {
    if (normalized(entry) !== undefined) return [];
    return [`origins: expected host:port, host:* or *:port, got ${JSON.stringify(entry)}${advice(entry)}`];
  });
}

function entriesOf(allowed: Origins): string[] {
  return [allowed].flat().flatMap((text) => text.split(/[\s,]+/).filter((entry) => entry !== ""));
}

/** An entry as origins are compared with it; `undefined` for one that no origin can be like. */
function normalized(entry: string): string | undefined {
  const [, host = "", port = ""] = /^(.+):(\*|\d+)$/.exec(entry) ?? [];
  const name = host === "*" ? host : hostname(host);
  return name === undefined ? undefined : `${name}:${port}`;
}

/** As `URL` has it: in lower case, an IPv6 address in brackets, whether it was written in them or not. */
function hostname(host: string): string | undefined {
  if (/[*/@?#]/.test(host)) return undefined;
  const url = `http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}`;
  if (host === "" || !URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  return parsed.port === "" ? parsed.hostname : undefined;
}

function advice(entry: string): string {
  if (SCHEME.test(entry) && URL.canParse(entry)) {
    const { hostname, port, protocol } = new URL(entry);
    return `: without the scheme it is "${hostname}:${port || (protocol === "https:" ? 443 : 80)}"`;
  }
  if (entry.includes("*") && !entry.startsWith("*:"))
    return ": a star stands for all hosts, or for all ports";
  return hostname(entry) === undefined ? "" : `: with all ports it is "${entry}:*"`;
}
