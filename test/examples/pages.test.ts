import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium, mustRunAll, whyNoBrowser } from "../support/chromium.ts";
import { Cluster, type Service } from "../support/processes.ts";

const WITHIN = { timeout: 10_000 };

const missing = mustRunAll() ? undefined : whyNoBrowser();
if (missing !== undefined) process.stderr.write(`test/examples/pages is skipped: ${missing}\n`);

describe.skipIf(missing !== undefined)("A page, in a browser", () => {
  let browser: Browser;
  let pages: Page[] = [];
  let complaints: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);

  afterEach(async () => {
    for (const page of pages) await page.context().close();
    pages = [];
    complaints = [];
  });

  afterAll(() => browser?.close());

  /** Two workers of one cluster that run an application. */
  async function twoWorkers(app: string): Promise<[Service, Service]> {
    const cluster = await Cluster.create();
    await cluster.state().ready();
    await (await cluster.broker()).ready();
    const env = { AUTH_KEY: "a long secret" };
    const workers = [await cluster.worker(env, [app]), await cluster.worker(env, [app])] as const;
    return [await workers[0].ready(), await workers[1].ready()];
  }

  async function open({ port }: Service): Promise<Page> {
    const context = await browser.newContext();
    const page = await context.newPage();
    pages.push(page);
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.goto(`http://127.0.0.1:${port}/`);
    return page;
  }

  async function shows(page: Page, text: string): Promise<void> {
    await page.getByText(text).first().waitFor(WITHIN);
  }

  it("of the created application chats across workers, and shows what was said before", async () => {
    const [one, other] = await twoWorkers("templates/app/app.js");
    const [blue, green] = [await open(one), await open(other)];
    await Promise.all([shows(blue, "connected"), shows(green, "connected")]);

    await blue.fill("#from", "blue");
    await blue.fill("#text", "Hello from one worker");
    await blue.press("#text", "Enter");

    await shows(green, "Hello from one worker");
    await shows(await open(other), "Hello from one worker");
    expect(await green.locator("#messages li").count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  it("of the chat lets in who logs in, and nobody else", async () => {
    const [one, other] = await twoWorkers("examples/chat/app.js");
    const [blue, green] = [await open(one), await open(other)];
    await logIn(green, "green", "wrong");
    await shows(green, "Wrong name or password");

    await logIn(green, "green", "green's password");
    await logIn(blue, "blue", "blue's password");
    await shows(green, "logged in as green");
    await shows(blue, "logged in as blue");
    await blue.selectOption("#room", "lobby");
    await blue.fill("#text", "Hello, green");
    await blue.press("#text", "Enter");

    await shows(green, "lobby · blue: Hello, green");
    await green.reload();
    await shows(green, "logged in as green");
    await green.click("#logout");
    await shows(green, "logged out");
    expect(complaints).toEqual([]);
  });

  it("of the dashboard has a row for each worker, and asks its own for another pace", async () => {
    const [one] = await twoWorkers("examples/dashboard/app.js");
    const page = await open(one);

    await page.locator("#workers tr").nth(1).waitFor(WITHIN);
    await page.selectOption("#pace", "100");

    await page.getByRole("cell", { name: "100", exact: true }).waitFor(WITHIN);
    await shows(page, "connected to");
    expect(complaints).toEqual([]);
  });

  async function logIn(page: Page, name: string, password: string): Promise<void> {
    await page.fill("#name", name);
    await page.fill("#password", password);
    await page.press("#password", "Enter");
  }
});
