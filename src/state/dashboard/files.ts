import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const HTML = "text/html; charset=utf-8";
const CSS = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";
const SVG = "image/svg+xml";

const { resolve } = createRequire(import.meta.url);

/** Modules of the page. */
const MODULES = [
  "page.js",
  "board.js",
  "charts.js",
  "connection.js",
  "events.js",
  "format.js",
  "hot.js",
  "members.js",
  "tail.js",
  "theme.js",
  "topology.js",
] as const;

/** All that is ever served: nothing is looked up by what a request says. */
const FILES: ReadonlyMap<string, { readonly type: string; readonly file: string }> = new Map([
  ["/", { type: HTML, file: page("index.html") }],
  ["/dashboard/style.css", { type: CSS, file: page("style.css") }],
  ["/dashboard/icon.svg", { type: SVG, file: page("icon.svg") }],
  ...MODULES.map((name) => [`/dashboard/${name}`, { type: SCRIPT, file: page(name) }] as const),
  ["/dashboard/uplot.js", { type: SCRIPT, file: resolve("uplot/dist/uPlot.esm.js") }],
  ["/dashboard/uplot.css", { type: CSS, file: resolve("uplot/dist/uPlot.min.css") }],
  [
    "/dashboard/socketcluster-client.js",
    { type: SCRIPT, file: resolve("socketcluster-client/socketcluster-client.min.js") },
  ],
]);

/** What a browser may do with the page: nothing that does not come from here, and nobody may frame it. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

/** The files of the dashboard, read once: a release put in their place must not be mixed with them. */
export class DashboardFiles {
  readonly #assets = new Map<string, Asset>();

  /** @throws {Error} if one is missing */
  constructor() {
    for (const [path, { type, file }] of FILES) {
      const body = readFileSync(file);
      const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
      this.#assets.set(path, { type, body, etag });
    }
  }

  /** @returns whether the request was for one of them; if not, nothing has been answered */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const asset = this.#assets.get(request.url?.split("?", 1)[0] ?? "");
    if (asset === undefined || (request.method !== "GET" && request.method !== "HEAD")) return false;
    const { type, body, etag } = asset;
    const headers = { ...SECURITY_HEADERS, etag, "cache-control": "no-cache" };
    if (request.headers["if-none-match"] === etag) response.writeHead(304, headers).end();
    else {
      response.writeHead(200, { ...headers, "content-type": type, "content-length": body.length });
      response.end(request.method === "HEAD" ? undefined : body);
    }
    return true;
  }
}

/** The same place from `src/state/dashboard` and from `dist/state/dashboard`. */
function page(name: string): string {
  return fileURLToPath(new URL(`../../../public/dashboard/${name}`, import.meta.url));
}
