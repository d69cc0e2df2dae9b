/**
 * Whether a page of this origin may connect. `allowed` lists `host:port`, `host:*` and `*:port`; `*:*` lets in
 * everybody. Clients other than browsers send no origin: they count as unknown hosts on port 80.
 */
export function originAllowed(origin: string | undefined, allowed: string): boolean {
  const entries = new Set(allowed.split(/[\s,]+/));
  if (entries.has("*:*")) return true;
  if (origin === undefined || origin === "null") return entries.has("*:80");
  if (!URL.canParse(origin)) return false;
  const { hostname, port, protocol } = new URL(origin);
  const number = port || (protocol === "https:" ? "443" : "80");
  return entries.has(`${hostname}:${number}`) || entries.has(`${hostname}:*`) || entries.has(`*:${number}`);
}
