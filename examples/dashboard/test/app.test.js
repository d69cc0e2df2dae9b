import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, it } from "node:test";
import { attach } from "sccluster";
import socketClusterClient from "socketcluster-client";
import app from "../app.js";

const DEADLINE_MS = 5000;

let http;
let server;
let close;
let clients;

beforeEach(async () => {
  clients = [];
  http = createServer();
  server = attach(http);
  close = app({ server, http, exchange: server.exchange });
  await once(http.listen(0, "127.0.0.1"), "listening");
});

afterEach(async () => {
  close();
  for (const client of clients) client.disconnect();
  await server.close();
  http.close();
  http.closeAllConnections();
});

function connect() {
  const client = socketClusterClient.create({ hostname: "127.0.0.1", port: http.address().port });
  clients.push(client);
  return client;
}

async function watch() {
  const channel = connect().subscribe("metrics");
  await channel.listener("subscribe").once(DEADLINE_MS);
  return channel;
}

describe("The dashboard", () => {
  it("shows everybody who watches the same numbers", async () => {
    const [one, other] = [await watch(), await watch()];

    const [sample, same] = await Promise.all([one.once(DEADLINE_MS), other.once(DEADLINE_MS)]);

    assert.deepEqual(sample, same);
    assert.equal(sample.clients, 2);
    assert.ok(sample.memoryMiB > 0);
  });

  it("publishes at the pace that a client asks for", async () => {
    const metrics = await watch();
    const consumer = metrics.createConsumer(DEADLINE_MS);

    assert.equal(await connect().invoke("pace", 50), 50);

    const samples = [];
    while (samples.length < 3) {
      const { value } = await consumer.next();
      if (value.paceMs === 50) samples.push(value);
    }
    assert.ok(samples[2].at - samples[0].at < 1000, "three of the old pace would have taken two seconds");
  });

  it("answers a pace that makes no sense with an error", async () => {
    const client = connect();

    for (const pace of [0, 1e9, "fast", null]) {
      await assert.rejects(client.invoke("pace", pace), { name: "BadPaceError" });
    }
  });

  it("says which worker a client is on", async () => {
    const { worker, node } = await connect().invoke("facts");

    assert.match(worker, new RegExp(`-${process.pid}$`));
    assert.equal(node, process.version);
  });

  it("lets clients watch, and nothing else", async () => {
    const client = connect();
    const failed = client.subscribe("other").listener("subscribeFail").once(DEADLINE_MS);

    await assert.rejects(client.invokePublish("metrics", {}), { name: "ReadOnlyError" });
    assert.equal((await failed).error.name, "UnknownChannelError");
  });
});
