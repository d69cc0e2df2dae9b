import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** Which worker a page is on, as `/worker.json` tells it. */
export interface WorkerIdentity {
  readonly port: number;
  readonly instanceId: string;
  readonly pid: number;
  /** Whether it shares its channels with other workers. */
  readonly mode: "cluster" | "alone";
}

const HTML = "text/html; charset=utf-8";
const CSS = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";

/** All that is ever served: nothing is looked up by what a request says. */
const FILES: Readonly<Record<string, { readonly type: string; readonly file: string }>> = {
  "/": { type: HTML, file: page("index.html") },
  "/style.css": { type: CSS, file: page("style.css") },
  "/page.js": { type: SCRIPT, file: page("page.js") },
  "/feed.js": { type: SCRIPT, file: page("feed.js") },
  "/meter.js": { type: SCRIPT, file: page("meter.js") },
  "/icon.svg": { type: "image/svg+xml", file: page("icon.svg") },
  "/socketcluster-client.js": {
    type: SCRIPT,
    file: createRequire(import.meta.url).resolve("socketcluster-client/socketcluster-client.min.js"),
  },
};

const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

// Read once and kept: they belong to the release, and a release put in its place must not be mixed with them.
const assets = new Map<string, Asset>();

/**
 * Serves the demo page, the official client that it uses, and `/worker.json`.
 *
 * @returns whether the request was for one of them; if not, nothing has been answered
 */
export function serveDemo(
  request: IncomingMessage,
  response: ServerResponse,
  worker: WorkerIdentity,
): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  const path = request.url?.split("?", 1)[0] ?? "";
  if (path === "/worker.json") {
    const { port, instanceId, pid, mode } = worker;
    const body = Buffer.from(JSON.stringify({ port, instanceId, pid, mode }));
    send(request, response, { type: "application/json", body }, { "cache-control": "no-store" });
    return true;
  }
  if (!Object.hasOwn(FILES, path)) return false;
  const asset = assetAt(path);
  const headers = { etag: asset.etag, "cache-control": "no-cache" };
  if (request.headers["if-none-match"] === asset.etag) response.writeHead(304, headers).end();
  else send(request, response, asset, headers);
  return true;
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { type, body }: Pick<Asset, "type" | "body">,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(200, {
    ...SECURITY_HEADERS,
    ...headers,
    "content-type": type,
    "content-length": body.length,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** Reads all that will be served. To be called at start: a file that is missing must not be found out by a request. */
export function loadDemo(): void {
  for (const path of Object.keys(FILES)) assetAt(path);
}

function assetAt(path: string): Asset {
  const known = assets.get(path);
  if (known !== undefined) return known;
  const { type = "", file = "" } = FILES[path] ?? {};
  const body = readFileSync(file);
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const asset = { type, body, etag };
  assets.set(path, asset);
  return asset;
}

/** The same place from `src/worker` and from `dist/worker`. */
function page(name: string): string {
  return fileURLToPath(new URL(`../../public/demo/${name}`, import.meta.url));
}
