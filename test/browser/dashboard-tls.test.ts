import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Authority, hasOpenssl } from "../support/authority.ts";
import { launchChromium, mustRunAll, whyNoBrowser } from "../support/chromium.ts";
import { Cluster } from "../support/processes.ts";

const WITHIN = { timeout: 20_000 };
const KEY = "correct horse battery staple";

const missing = mustRunAll() ? undefined : (whyNoBrowser() ?? (hasOpenssl() ? undefined : "no openssl"));
if (missing !== undefined) process.stderr.write(`test/browser/dashboard-tls is skipped: ${missing}\n`);

describe.skipIf(missing !== undefined)("The dashboard of a scc-state that speaks TLS", () => {
  let browser: Browser;
  let authority: Authority;
  let directory: string;

  beforeAll(async () => {
    browser = await launchChromium();
    authority = new Authority();
    directory = mkdtempSync(join(tmpdir(), "scc-dashboard-tls-"));
  });

  afterAll(async () => {
    await browser?.close();
    authority?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("is served over HTTPS, takes the key, and gets its data over the same", async () => {
    const { cert, key } = authority.issue();
    const [certFile, keyFile, caFile] = ["tls.crt", "tls.key", "ca.crt"].map((name) =>
      join(directory, name),
    ) as [string, string, string];
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
    writeFileSync(caFile, authority.ca);
    const cluster = await Cluster.create({
      SCC_AUTH_KEY: KEY,
      SCC_STATE_SERVER_SECURE: 1,
      SCC_TLS_CERT_FILE: certFile,
      SCC_TLS_KEY_FILE: keyFile,
      SCC_TLS_CA_FILE: caFile,
    });
    const state = cluster.state();
    await cluster.broker();
    await (await cluster.worker()).ready();

    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    const sockets: string[] = [];
    const complaints: string[] = [];
    page.on("websocket", (socket) => sockets.push(socket.url()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`https://127.0.0.1:${state.port}/`);
    await page.locator("#login").waitFor(WITHIN);
    await page.fill("#key", KEY);
    await page.press("#key", "Enter");
    await page.locator("#members", { hasText: "serving" }).waitFor(WITHIN);

    expect(sockets.length).toBeGreaterThan(0);
    expect(sockets.filter((url) => !url.startsWith(`wss://127.0.0.1:${state.port}/`))).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
