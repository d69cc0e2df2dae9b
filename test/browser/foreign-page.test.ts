import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium, mustRunAll, whyNoBrowser } from "../support/chromium.ts";
import { Cluster } from "../support/processes.ts";

const missing = mustRunAll() ? undefined : whyNoBrowser();

describe.runIf(missing === undefined)("A web page of another site", () => {
  let browser: Browser;
  let site: Server;

  beforeAll(async () => {
    browser = await launchChromium();
    site = createServer((_request, response) => {
      response.setHeader("content-type", "text/html").end("<title>Not the cluster's</title>");
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  });

  afterAll(async () => {
    await browser?.close();
    site?.close();
  });

  it("is no member of a cluster without a key, whatever protocol it speaks", async () => {
    const cluster = await Cluster.create();
    const state = cluster.state();
    const broker = await (await cluster.broker()).ready();
    const urls = [state, broker].map(({ port }) => `ws://localhost:${port}/socketcluster/`);
    const page = await browser.newPage();
    await page.goto(`http://localhost:${(site.address() as AddressInfo).port}/`);
    const tries = urls.flatMap((url) =>
      [[], ["scc-link.1"], ["scc-state.1"], ["scc-identity.1"]].map((protocols) => ({ url, protocols })),
    );

    const opened = await page.evaluate(
      (all) =>
        Promise.all(
          all.map(
            ({ url, protocols }) =>
              new Promise<boolean>((resolve) => {
                const socket = new WebSocket(url, protocols);
                socket.onopen = () => resolve(true);
                socket.onerror = () => resolve(false);
              }),
          ),
        ),
      tries,
    );

    expect(opened).toEqual(tries.map(() => false));
    expect((await broker.probe()).status).toBe(200);
  });
});
