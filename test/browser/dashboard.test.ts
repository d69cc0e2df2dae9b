import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium, mustRunAll, whyNoBrowser } from "../support/chromium.ts";
import { DashboardTraffic } from "../support/dashboard-traffic.ts";
import { Cluster, type Service, until } from "../support/processes.ts";

const PICTURES = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const WITHIN = { timeout: 20_000 };
const KEY = "correct horse battery staple";

const missing = mustRunAll() ? undefined : whyNoBrowser();
if (missing !== undefined) process.stderr.write(`test/browser is skipped: ${missing}\n`);

describe.skipIf(missing !== undefined)("The dashboard", () => {
  let browser: Browser;
  const pages: Page[] = [];
  const complaints: string[] = [];
  const requested: string[] = [];
  const traffics: DashboardTraffic[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterEach(async () => {
    for (const traffic of traffics.splice(0)) traffic.stop();
    for (const page of pages.splice(0)) await page.context().close();
    complaints.length = 0;
    requested.length = 0;
  });

  afterAll(async () => {
    await browser?.close();
  });

  it("shows a broker killed and back, the ring changing, and traffic that moves", async () => {
    const { cluster, brokers, workers, state } = await start();
    traffics.push(await DashboardTraffic.start(workers.map(({ port }) => port)));
    const page = await open(state);
    await states(page, "in ring", 2);
    await states(page, "serving", 2);
    const ring = await ringOf(page);
    await page.locator("#charts .value").nth(1).filter({ hasText: /[1-9]/ }).waitFor(WITHIN);
    await page.locator("#hot .name", { hasText: "market.prices" }).waitFor(WITHIN);
    expect(await page.locator(".link.works").count()).toBeGreaterThanOrEqual(5);

    const [victim] = brokers as [Service, ...Service[]];
    await victim.stop("SIGKILL");
    await page
      .locator("#events .event.bad", { hasText: `failover: 127.0.0.1:${victim.port} out` })
      .waitFor(WITHIN);
    await states(page, "gone", 1);
    await page
      .locator(".node.changed")
      .first()
      .waitFor({ ...WITHIN, state: "attached" });

    await (await cluster.broker({ SCC_BROKER_SERVER_PORT: victim.port })).ready();
    await states(page, "in ring", 2);
    await states(page, "gone", 0);
    expect(await ringOf(page)).toBeGreaterThan(ring + 1);
    expect(await page.locator("#share li").count()).toBe(2);
    expect(complaints).toEqual([]);
  });

  it("asks for the key, and shows it to nobody", async () => {
    const { state } = await start({ SCC_AUTH_KEY: KEY });
    const page = await visit(state);
    await page.locator("#login").waitFor(WITHIN);
    expect(await page.locator("#main").isVisible()).toBe(false);

    await page.fill("#key", "wrong");
    await page.press("#key", "Enter");
    await page.locator("#login-error", { hasText: "This is not the cluster's key" }).waitFor(WITHIN);
    await page.fill("#key", KEY);
    await page.press("#key", "Enter");
    await states(page, "serving", 2);

    const kept = await page.evaluate(
      "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])",
    );
    expect(kept).not.toContain(KEY);
    expect(kept).not.toMatch(/eyJ/);
    expect(await page.inputValue("#key")).toBe("");
    expect(requested.join("\n")).not.toContain(encodeURIComponent(KEY));
    expect(state.output).toContain("dashboard login refused: wrong key");
    expect(state.output).not.toContain(KEY);
    expect(await page.context().cookies()).toEqual([]);

    await page.reload();
    await page.locator("#login").waitFor(WITHIN);
  });

  it("goes on by itself after scc-state was away, still logged in", async () => {
    const { cluster, state } = await start({ SCC_AUTH_KEY: KEY });
    const page = await visit(state);
    await page.locator("#login").waitFor(WITHIN);
    await page.fill("#key", KEY);
    await page.press("#key", "Enter");
    await states(page, "in ring", 2);

    await state.stop("SIGKILL");
    await page.locator("#banner", { hasText: "scc-state cannot be reached" }).waitFor(WITHIN);
    await cluster.state({ SCC_AUTH_KEY: KEY }).ready();
    await page.locator("#banner").waitFor({ ...WITHIN, state: "hidden" });
    await states(page, "in ring", 2);
    expect(await page.locator("#login").isVisible()).toBe(false);
  });

  it("follows one channel, and shows what comes as text", async () => {
    const { state, workers } = await start();
    const traffic = await DashboardTraffic.start(workers.map(({ port }) => port));
    traffics.push(traffic);
    const page = await open(state);
    await page.locator("#hot button.channel:enabled", { hasText: "market.prices" }).click(WITHIN);
    await page.locator("#tail code", { hasText: "price" }).first().waitFor(WITHIN);
    await page.locator("#tail-state", { hasText: "following" }).waitFor(WITHIN);

    await traffic.publish("odd", { text: "<img src=x onerror=\"document.title='stolen'\">" });
    await page.fill("#tail-channel", "odd");
    await page.press("#tail-channel", "Enter");
    await page.locator("#tail-state", { hasText: "following" }).waitFor(WITHIN);
    await until("the odd message is shown", async () => {
      await traffic.publish("odd", { text: "<img src=x onerror=\"document.title='stolen'\">" });
      return (await page.locator("#tail code", { hasText: "<img src=x" }).count()) > 0;
    });
    expect(await page.locator("#tail img").count()).toBe(0);

    await page.click("#tail-start");
    await page.locator("#tail-state", { hasText: "stopped" }).waitFor(WITHIN);
    expect(complaints).toEqual([]);
  });

  it("fits a phone, is dark or light as wished, and can be used by keyboard", async () => {
    const { state } = await start();
    const page = await open(state, { viewport: { width: 390, height: 844 }, colorScheme: "dark" });
    await states(page, "serving", 2);
    const overhang = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    const ground = (): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const dark = await ground();

    expect(overhang).toBe(0);
    await page.focus("#theme");
    await page.keyboard.press("Enter");
    expect(await ground()).not.toBe(dark);
    await page.reload();
    await states(page, "serving", 2);
    expect(await ground()).not.toBe(dark);
    expect(complaints).toEqual([]);
  });

  // Not a test that is skipped: without the wish for pictures there is nothing to check.
  if (process.env.SCC_TEST_PICTURES === "1")
    it("poses for its document", async () => {
      const { cluster, state, workers, brokers } = await start({}, 3);
      traffics.push(await DashboardTraffic.start(workers.map(({ port }) => port)));
      const looks = [
        ["light", { viewport: { width: 1280, height: 900 }, colorScheme: "light" }],
        ["dark", { viewport: { width: 1280, height: 900 }, colorScheme: "dark" }],
        ["phone", { viewport: { width: 390, height: 844 }, colorScheme: "light", deviceScaleFactor: 2 }],
      ] as const;
      const open3 = await Promise.all(looks.map(([, look]) => open(state, look)));
      for (const page of open3) {
        await states(page, "in ring", 3);
        await page.fill("#tail-channel", "market.prices");
        await page.press("#tail-channel", "Enter");
        await page.evaluate("document.activeElement.blur()");
      }
      const [light, dark] = open3 as [Page, Page, Page];
      // Something has happened by the time the pictures are taken.
      await drawn(light, 12);
      await brokers[2]?.stop("SIGKILL");
      await states(light, "gone", 1);
      await drawn(dark, 15);
      await dark.screenshot({ path: `${PICTURES}dashboard-dark.png`, fullPage: true });
      await (await cluster.broker({ SCC_BROKER_SERVER_PORT: brokers[2]?.port ?? 0 })).ready();
      await states(light, "in ring", 3);
      await drawn(light, 40);
      await open3[2]?.evaluate("scrollTo(0, 0)");
      await mkdir(PICTURES, { recursive: true });
      await light.screenshot({ path: `${PICTURES}dashboard-light.png`, fullPage: true });
      await open3[2]?.screenshot({ path: `${PICTURES}dashboard-phone.png` });
    }, 180_000);

  async function start(env: Record<string, string> = {}, count = 2) {
    const cluster = await Cluster.create(env);
    const state = await cluster.state().ready();
    const brokers = await Promise.all(Array.from({ length: count }, () => cluster.broker()));
    await Promise.all(brokers.map((broker) => broker.ready()));
    const workers = await Promise.all([cluster.worker(), cluster.worker()]);
    await Promise.all(workers.map((worker) => worker.ready()));
    return { cluster, state, brokers, workers };
  }

  async function open(state: Service, look: BrowserContextOptions = {}): Promise<Page> {
    const page = await visit(state, look);
    await page.locator("#main").waitFor(WITHIN);
    return page;
  }

  async function visit({ port }: Service, look: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await browser.newContext(look)).newPage();
    pages.push(page);
    page.on("request", (request) => requested.push(request.url()));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`http://localhost:${port}/`);
    return page;
  }
});

/** Waits until so many processes are in a state. */
async function states(page: Page, state: string, count: number): Promise<void> {
  const pills = page.locator(`#members .pill:text-is("${state}")`);
  await until(`${count} processes are ${state}`, async () => (await pills.count()) === count, 30_000);
}

async function ringOf(page: Page): Promise<number> {
  await page.locator("#ring", { hasText: "settled" }).waitFor(WITHIN);
  return Number(/ring (\d+)/.exec((await page.textContent("#ring")) ?? "")?.[1]);
}

/** Waits until the page has drawn so many pictures of the cluster: charts have to have something to show. */
async function drawn(page: Page, pictures: number): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    let seen = 0;
    const observer = new MutationObserver(() => {
      seen += 1;
      if (seen < ${pictures}) return;
      observer.disconnect();
      resolve();
    });
    observer.observe(document.getElementById("footer"), { childList: true });
  })`);
}
