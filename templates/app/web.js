import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const HTML = "text/html; charset=utf-8";
const CSS = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";

const CLIENT = import.meta.resolve("socketcluster-client/socketcluster-client.min.js");

/** Everything that is served, so that no request can ask for anything else. */
const FILES = new Map([
  ["/", file(HTML, new URL("public/index.html", import.meta.url))],
  ["/page.js", file(SCRIPT, new URL("public/page.js", import.meta.url))],
  ["/style.css", file(CSS, new URL("public/style.css", import.meta.url))],
  ["/socketcluster-client.js", file(SCRIPT, new URL(CLIENT))],
]);

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
export function serveFiles(request, response) {
  const found = FILES.get(request.url?.split("?", 1)[0] ?? "");
  if (found === undefined) {
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("Not found\n");
    return;
  }
  const { type, body } = found;
  response.writeHead(200, {
    "content-type": type,
    "content-length": body.length,
    "content-security-policy": "default-src 'self'; img-src 'self' data:",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/**
 * @param {string} type
 * @param {URL} url
 */
function file(type, url) {
  return { type, body: readFileSync(fileURLToPath(url)) };
}
