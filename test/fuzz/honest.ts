import { RawClient } from "../support/raw-client.ts";
import { until } from "../support/waiting.ts";
import { type Site, subjectsOf } from "./subject.ts";
import { overviewOf } from "./targets.ts";

const CHANNELS = Array.from({ length: 20 }, (_, n) => `honest-${n}`);

/**
 * Has an honest client use the site: all that is published on twenty channels reaches it.
 *
 * @throws {Error} saying what does not work
 */
export async function honestWork(site: Site): Promise<void> {
  for (const subject of subjectsOf(site)) await subject.ready();
  await overviewOf(site);
  await until("an honest client is served", () => isServed(site.worker.port));
}

async function isServed(port: number): Promise<boolean> {
  const client = await RawClient.connect(port);
  try {
    for (const channel of CHANNELS) await client.call("#subscribe", { channel });
    for (const channel of CHANNELS) await client.call("#publish", { channel, data: "honest" });
    await until("its publications", () => client.published.length >= CHANNELS.length, 5000);
    return true;
  } finally {
    client.close();
  }
}
