import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, it } from "node:test";
import { attach } from "sccluster";
import socketClusterClient from "socketcluster-client";
import app from "../app.js";

const DEADLINE_MS = 5000;

/** @type {import("node:http").Server} */
let http;
/** @type {import("sccluster").AGServer<import("../types.js").App>} */
let server;
/** @type {import("socketcluster-client").AGClientSocket[]} */
let clients;

beforeEach(async () => {
  clients = [];
  http = createServer();
  server = attach(http);
  app({ server, http, exchange: server.exchange });
  await once(http.listen(0, "127.0.0.1"), "listening");
});

afterEach(async () => {
  for (const client of clients) client.disconnect();
  await server.close();
  http.close();
  http.closeAllConnections();
});

function port() {
  return /** @type {import("node:net").AddressInfo} */ (http.address()).port;
}

function connect() {
  const client = socketClusterClient.create({ hostname: "127.0.0.1", port: port() });
  clients.push(client);
  return client;
}

/** @param {string} channelName */
async function subscribed(channelName) {
  const channel = connect().subscribe(channelName);
  await channel.listener("subscribe").once(DEADLINE_MS);
  return channel;
}

describe("The chat", () => {
  it("brings a message from one client to the other, with the time", async () => {
    const green = await subscribed("chat");
    const message = green.once(DEADLINE_MS);

    await connect().invokePublish("chat", { from: "blue", text: "Hello" });

    const { at, ...rest } = await message;
    assert.deepEqual(rest, { from: "blue", text: "Hello" });
    assert.ok(Math.abs(Date.now() - at) < DEADLINE_MS);
  });

  it("tells who comes later what was said", async () => {
    const green = await subscribed("chat");
    const message = green.once(DEADLINE_MS);
    await connect().invokePublish("chat", { from: "blue", text: "Hello" });
    await message;

    const recent = await connect().invoke("recent", undefined);

    assert.deepEqual(recent, [await message]);
  });

  it("refuses what is not a message", async () => {
    const client = connect();

    await assert.rejects(client.invokePublish("chat", { from: "blue" }), { name: "BadMessageError" });
    await assert.rejects(client.invokePublish("chat", null), { name: "BadMessageError" });
  });

  it("has no other channel", async () => {
    const client = connect();
    const failed = client.subscribe("secrets").listener("subscribeFail").once(DEADLINE_MS);

    const { error } = await failed;

    assert.equal(error.name, "UnknownChannelError");
    await assert.rejects(client.invokePublish("secrets", "x"), { name: "UnknownChannelError" });
  });

  it("serves its page, and nothing else", async () => {
    const page = await fetch(`http://127.0.0.1:${port()}/`);
    const other = await fetch(`http://127.0.0.1:${port()}/package.json`);

    assert.match(await page.text(), /<title>/);
    assert.equal(other.status, 404);
  });
});
