import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Authority, hasOpenssl } from "../support/authority.ts";
import { launchChromium, mustRunAll, whyNoBrowser } from "../support/chromium.ts";
import { Cluster, type Service, until } from "../support/processes.ts";
import { scc } from "../support/scc.ts";

const WITHIN = { timeout: 20_000 };
const KEY = "correct horse battery staple";

const missing = mustRunAll() ? undefined : whyNoBrowser();

describe.runIf(missing === undefined && hasOpenssl())("The dashboard over TLS", () => {
  const directory = mkdtempSync(join(tmpdir(), "scc-dashboard-tls-"));
  const files = {
    SCC_TLS_CERT_FILE: join(directory, "cert.pem"),
    SCC_TLS_KEY_FILE: join(directory, "key.pem"),
    SCC_TLS_CA_FILE: join(directory, "ca.pem"),
  };
  const tls = { ...files, SCC_STATE_SERVER_SECURE: 1, SCC_BROKER_SERVER_SECURE: 1, SCC_AUTH_KEY: KEY };
  let browser: Browser;

  beforeAll(async () => {
    const authority = new Authority();
    const { cert, key } = authority.issue();
    writeFileSync(files.SCC_TLS_CERT_FILE, cert);
    writeFileSync(files.SCC_TLS_KEY_FILE, key);
    writeFileSync(files.SCC_TLS_CA_FILE, authority.ca);
    authority.close();
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true });
  });

  it("is served as https, gets its data as wss after a login, and goes on when scc-state was away", async () => {
    const { cluster, state } = await start();
    const { page, sockets, requested, complaints } = await visit(state);
    await page.locator("#login").waitFor(WITHIN);
    await page.fill("#key", "wrong");
    await page.press("#key", "Enter");
    await page.locator("#login-error", { hasText: "This is not the cluster's key" }).waitFor(WITHIN);
    expect(await page.locator("#main").isVisible()).toBe(false);

    await page.fill("#key", KEY);
    await page.press("#key", "Enter");
    await states(page, "in ring", 1);
    await states(page, "serving", 1);
    await page
      .locator(".link.works")
      .first()
      .waitFor({ ...WITHIN, state: "attached" });
    const origin = `localhost:${state.port}/`;
    expect(sockets).toEqual([`wss://${origin}dashboard/socket/`]);
    expect(requested.filter((url) => !url.startsWith(`https://${origin}`))).toEqual([]);
    expect(complaints).toEqual([]);

    await state.stop("SIGKILL");
    await page.locator("#banner", { hasText: "scc-state cannot be reached" }).waitFor(WITHIN);
    await cluster.state().printed("scc-state listens");
    await page.locator("#banner").waitFor({ ...WITHIN, state: "hidden" });
    await states(page, "serving", 1);
    expect(new Set(sockets)).toEqual(new Set([`wss://${origin}dashboard/socket/`]));
  });

  it("asks browsers for no certificate where members have to show one, but still for the key", async () => {
    const { state } = await start({ SCC_TLS_CLIENT_AUTH: 1 });
    const { page } = await visit(state);
    await page.locator("#login").waitFor(WITHIN);
    expect(await page.locator("#main").isVisible()).toBe(false);

    await page.fill("#key", KEY);
    await page.press("#key", "Enter");
    await states(page, "in ring", 1);
    await states(page, "serving", 1);
  });

  it("is looked at by scc status, too, which trusts whom it is told to trust and nobody else", async () => {
    const { state } = await start();
    const args = ["status", "--json", "--url", `https://localhost:${state.port}`];
    const env = { SCC_AUTH_KEY: KEY };
    await until("all is well", async () => {
      const trusting = scc([...args, "--tls-ca-file", files.SCC_TLS_CA_FILE], env);
      return (await trusting.code) === 0;
    });

    const distrustful = scc(args, env);
    expect(await distrustful.code).toBe(1);
    expect(distrustful.stderr).toContain("nobody whom this process trusts has signed its certificate");
  });

  async function start(env: Readonly<Record<string, number>> = {}) {
    const cluster = await Cluster.create({ ...tls, ...env });
    const state = cluster.state();
    await cluster.broker();
    await (await cluster.worker()).ready();
    return { cluster, state };
  }

  async function visit({ port }: Service) {
    // A browser trusts the authorities of its system; what it does with others is not what is looked at here.
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    const [sockets, requested, complaints]: [string[], string[], string[]] = [[], [], []];
    page.on("websocket", (socket) => sockets.push(socket.url()));
    page.on("request", (request) => requested.push(request.url()));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`https://localhost:${port}/`);
    return { page, sockets, requested, complaints };
  }
});

/** Waits until so many processes are in a state. */
async function states(page: Page, state: string, count: number): Promise<void> {
  const pills = page.locator(`#members .pill:text-is("${state}")`);
  await until(`${count} processes are ${state}`, async () => (await pills.count()) === count, 30_000);
}
