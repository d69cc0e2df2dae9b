import { createRequire } from "node:module";
import { z } from "zod";

/**
 * Looks at a cluster, as an open dashboard and a Prometheus that scrapes every second do: a process of its own, started
 * with the URL of scc-state and those of all metrics as arguments. Told "look" or "rest" by its parent; answers with
 * what it saw, so that it is known to have looked.
 */
const require = createRequire(import.meta.url);
const socketClusterClient = require("socketcluster-client");
const CHANNELS = ["cluster", "events"];
const EVERY_MS = 1000;

const [stateUrl = "", ...metricsUrls] = process.argv.slice(2);
const { hostname, port } = new URL(stateUrl);
const client = socketClusterClient.create({ hostname, port: Number(port), path: "/dashboard/socket/" });
let scraping: NodeJS.Timeout | undefined;
const seen = { pictures: 0, scrapes: 0 };

async function hear(channel: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of channel) seen.pictures += 1;
}

async function scrape(url: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  await response.text();
  seen.scrapes += 1;
}

function look(): void {
  for (const channel of CHANNELS) client.subscribe(channel);
  scraping = setInterval(() => void Promise.all(metricsUrls.map(scrape)), EVERY_MS);
}

function rest(): void {
  clearInterval(scraping);
  for (const channel of CHANNELS) client.unsubscribe(channel);
}

for (const channel of CHANNELS) void hear(client.channel(channel));
process.on("message", (message) => {
  const what = z.enum(["look", "rest"]).parse(message);
  if (what === "look") look();
  else rest();
  process.send?.({ ...seen });
});
process.on("disconnect", () => process.exit(0));
