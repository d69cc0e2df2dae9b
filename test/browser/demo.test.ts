import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium, mustRunAll, whyNoBrowser } from "../support/chromium.ts";
import { gone, SccUp } from "../support/scc-up.ts";

const PICTURE = fileURLToPath(new URL("../../docs/images/demo.png", import.meta.url));
const WITHIN = { timeout: 10_000 };

const missing = mustRunAll() ? undefined : whyNoBrowser();
if (missing !== undefined) process.stderr.write(`test/browser is skipped: ${missing}\n`);

describe.skipIf(missing !== undefined)("the demo page", () => {
  let up: SccUp;
  let browser: Browser;
  const pages: Page[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
    up = await SccUp.start();
    await up.ready();
  }, 60_000);

  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    complaints.length = 0;
  });

  afterAll(async () => {
    await browser?.close();
    await up?.stop();
    await gone(up?.pids() ?? []);
  });

  it("shows on one worker at once what was said on the other, without an error", async () => {
    const [blue, green] = [await open(up.ports.workers, "blue"), await open(up.ports.workers + 1, "green")];

    await say(blue, "Hello from the first worker");
    await shows(green, "Hello from the first worker");
    await say(green, "And hello from the second");
    await shows(blue, "And hello from the second");

    expect(await texts(blue)).toEqual(await texts(green));
    expect(complaints).toEqual([]);
  });

  it("says which worker it is on, and that it is connected", async () => {
    const page = await open(up.ports.workers + 1, "blue");

    expect(await page.textContent("#worker")).toBe(String(up.ports.workers + 1));
    expect(await page.textContent("#place")).toContain("in a cluster");
    expect(await page.textContent("#connection")).toBe("connected");
    expect(await page.title()).toContain(String(up.ports.workers + 1));
  });

  it("numbers a burst from two workers in one and the same order, and shows rate and latency", async () => {
    const [blue, green] = [await open(up.ports.workers, "blue"), await open(up.ports.workers + 1, "green")];

    await Promise.all([blue.click("#burst"), green.click("#burst")]);
    for (const page of [blue, green]) await count(page, "#received", 200);

    expect(await texts(blue)).toHaveLength(200);
    expect(await texts(blue)).toEqual(await texts(green));
    expect(await blue.textContent("#received-note")).toBe("100 of them yours");
    expect(await blue.textContent("#latency")).toMatch(/^\d+(\.\d)? ms$/);
    expect(await blue.getAttribute("#spark polyline", "points")).toMatch(/,1\.0( |$)/);
    expect(complaints).toEqual([]);
  });

  it("keeps the newest 200 messages", async () => {
    const page = await open(up.ports.workers, "blue");

    for (let burst = 0; burst < 3; burst++) await page.click("#burst");
    await count(page, "#received", 300);

    const numbers = await page.locator(".messages .number").allTextContents();
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => String(index + 101)));
  });

  it("shows what others say as text, whatever it is", async () => {
    const [blue, green] = [
      await open(up.ports.workers, "<i>blue</i>"),
      await open(up.ports.workers + 1, "green"),
    ];
    const markup = "<img src=x onerror=\"document.title='stolen'\">";

    await say(blue, markup);
    await shows(green, markup);

    expect(await green.locator(".messages .author").last().textContent()).toBe("<i>blue</i>");
    expect(await green.locator(".messages img, .messages i").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("hears only the channel that is chosen", async () => {
    const [blue, green] = [await open(up.ports.workers, "blue"), await open(up.ports.workers + 1, "green")];

    await blue.fill("#channel", "elsewhere");
    await blue.press("#channel", "Tab");
    await subscribed(blue);
    await say(blue, "not for green");
    await shows(blue, "not for green");
    await blue.fill("#channel", "chat");
    await say(blue, "for both");
    await shows(green, "for both");

    expect(await texts(green)).toEqual(["for both"]);
  });

  it("says that the connection is lost, and is back when the worker is", async () => {
    const page = await open(up.ports.workers, "blue");
    const worker = `scc-worker ${up.ports.workers}`;
    const before = up.lines.length;

    process.kill(up.pidOf(worker), "SIGKILL");

    await page.waitForSelector('#connection:not([data-state="connected"])', WITHIN);
    await up.line(new RegExp(`^${worker} ready`), before);
    await connected(page);
    await subscribed(page);
    expect(await page.textContent("#events")).toContain("connection lost");
    expect(await page.textContent("#events")).toContain("this worker was started anew");
    await say(page, "back again");
    await shows(page, "back again");
  });

  // Not a test that is skipped: without the wish for a picture there is nothing to check.
  if (process.env.SCC_TEST_PICTURES === "1")
    it("poses for the README", async () => {
      const look = { viewport: { width: 1200, height: 760 }, colorScheme: "light" } as const;
      const usual = await SccUp.start([], { SOCKETCLUSTER_PORT: "8000" });
      await usual.ready();
      const [blue, green] = [await open(8000, "blue", look), await open(8001, "green", look)];

      for (const [page, text] of [
        [blue, "Hello from this worker. Who is on the other one?"],
        [green, "Me! Two workers, two brokers, one channel."],
        [blue, "Do you see my messages in the same order?"],
        [green, "The same, number by number. The channel's broker decides."],
        [blue, "Which way did that go?"],
        [green, "From your worker to the broker, and on to mine."],
        [blue, "In a few milliseconds. Nice."],
        [green, "Try the burst next."],
      ] as const) {
        await say(page, text);
        await shows(blue, text);
        await shows(green, text);
      }
      // The numbers are brought up to date once a second.
      await count(blue, "#received", 8);
      await mkdir(dirname(PICTURE), { recursive: true });
      await blue.screenshot({ path: PICTURE });
      await usual.stop();
    });

  async function open(port: number, author: string, look: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext(look);
    const page = await context.newPage();
    pages.push(page);
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`http://localhost:${port}/`);
    await connected(page);
    await subscribed(page);
    await page.waitForFunction("document.title.includes('worker')", undefined, WITHIN);
    await page.fill("#author", author);
    return page;
  }
});

async function say(page: Page, text: string): Promise<void> {
  await page.fill("#message", text);
  await page.press("#message", "Enter");
}

async function shows(page: Page, text: string): Promise<void> {
  await page.locator(".messages .text").getByText(text, { exact: true }).last().waitFor(WITHIN);
}

async function texts(page: Page): Promise<string[]> {
  return await page.locator(".messages .text").allTextContents();
}

/** Waits until a number on the page has reached a value. */
async function count(page: Page, selector: string, value: number): Promise<void> {
  await page.locator(`${selector}:text-is("${value}")`).waitFor(WITHIN);
}

async function connected(page: Page): Promise<void> {
  await page.waitForSelector('#connection[data-state="connected"]', WITHIN);
}

async function subscribed(page: Page): Promise<void> {
  await page.locator('#channel-state:text-is("subscribed")').waitFor(WITHIN);
}
