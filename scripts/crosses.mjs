// Publishes on one worker what a subscriber on another must receive, and back, with the official client.
//
//   node scripts/crosses.mjs 8000 8001
import { create } from "socketcluster-client";

const DEADLINE_MS = 15_000;
const ports = process.argv.slice(2).map(Number);

const clients = ports.map((port) => create({ hostname: "127.0.0.1", port }));
await Promise.all(clients.map((client) => client.listener("connect").once(DEADLINE_MS)));
for (const publisher of clients) {
  for (const subscriber of clients) {
    if (publisher !== subscriber) await crosses(publisher, subscriber);
  }
}
for (const client of clients) client.disconnect();

async function crosses(publisher, subscriber) {
  const name = `crosses-${performance.now()}`;
  const channel = subscriber.subscribe(name);
  const first = channel.once(DEADLINE_MS);
  await channel.listener("subscribe").once(DEADLINE_MS);
  const since = performance.now();
  await publisher.invokePublish(name, "hello");
  const received = await first;
  if (received !== "hello") throw new Error(`Received ${JSON.stringify(received)}`);
  process.stdout.write(`  a message crossed in ${(performance.now() - since).toFixed(1)} ms\n`);
}
