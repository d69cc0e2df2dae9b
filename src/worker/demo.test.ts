import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveDemo } from "./demo.ts";

const worker = { port: 8000, instanceId: "a-worker", pid: 71, mode: "cluster" } as const;

describe("serveDemo", () => {
  let server: Server;
  let origin: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (!serveDemo(request, response, worker)) response.writeHead(404).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it.each([
    ["/", "text/html; charset=utf-8"],
    ["/?channel=chat", "text/html; charset=utf-8"],
    ["/style.css", "text/css; charset=utf-8"],
    ["/page.js", "text/javascript; charset=utf-8"],
    ["/feed.js", "text/javascript; charset=utf-8"],
    ["/meter.js", "text/javascript; charset=utf-8"],
    ["/icon.svg", "image/svg+xml"],
    ["/socketcluster-client.js", "text/javascript; charset=utf-8"],
    ["/worker.json", "application/json"],
  ])("serves %s as %s, to be taken as nothing else", async (path, type) => {
    const response = await fetch(`${origin}${path}`);

    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe(type);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect((await response.text()).length).toBeGreaterThan(0);
  });

  it("lets the page run only its own scripts, and none that stand in the page", async () => {
    const response = await fetch(origin);

    const policy = response.headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect(await response.text()).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/);
  });

  it("says which worker this is", async () => {
    const response = await fetch(`${origin}/worker.json`);

    expect(await response.json()).toEqual(worker);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it("sends a file that the browser has already only once", async () => {
    const first = await fetch(`${origin}/page.js`);
    const etag = first.headers.get("etag") ?? "";

    const second = await fetch(`${origin}/page.js`, { headers: { "if-none-match": etag } });

    expect(second.status).toBe(304);
    expect(await second.text()).toBe("");
  });

  it("answers HEAD with the headers alone", async () => {
    const response = await fetch(origin, { method: "HEAD" });

    expect(response.status).toBe(200);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(0);
    expect(await response.text()).toBe("");
  });

  it.each([
    "/nothing",
    "/../package.json",
    "/%2e%2e/package.json",
    "/__proto__",
    "/constructor",
    "/style.css/",
  ])("leaves %s to others", async (path) => {
    expect((await fetch(`${origin}${path}`)).status).toBe(404);
  });

  it("leaves every other method to others", async () => {
    expect((await fetch(origin, { method: "POST" })).status).toBe(404);
  });
});
