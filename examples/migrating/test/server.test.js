import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import socketClusterClient from "socketcluster-client";

const DEADLINE_MS = 10_000;
// The same tests for each: whoever uses the server does not see which it is.
const VARIANTS = (process.env.VARIANTS ?? "before,after,alias").split(",");

for (const variant of VARIANTS) {
  describe(`server.js (${variant})`, () => {
    let port;
    let server;
    let client;

    before(async () => {
      port = await freePort();
      server = spawn(process.execPath, ["server.js"], {
        cwd: fileURLToPath(new URL(`../${variant}/`, import.meta.url)),
        env: { PATH: process.env.PATH, SOCKETCLUSTER_PORT: String(port) },
        stdio: ["ignore", "pipe", "inherit"],
      });
      const started = once(server.stdout, "data", { signal: AbortSignal.timeout(DEADLINE_MS) });
      const failed = once(server, "exit").then(() => assert.fail("server.js ended before it listened"));
      await Promise.race([started, failed]);
      client = socketClusterClient.create({ hostname: "127.0.0.1", port });
    });

    after(async () => {
      client?.disconnect();
      if (server.exitCode !== null) return;
      server.kill("SIGKILL");
      await once(server, "exit");
    });

    it("answers calls", async () => {
      assert.deepEqual(await client.invoke("echo", { text: "Hello" }), { text: "Hello" });
    });

    it("brings messages from one client to the other", async () => {
      const other = socketClusterClient.create({ hostname: "127.0.0.1", port });
      const channel = other.subscribe("news");
      await channel.listener("subscribe").once(DEADLINE_MS);
      const message = channel.once(DEADLINE_MS);

      await client.invokePublish("news", { text: "Hello" });

      assert.deepEqual(await message, { text: "Hello" });
      other.disconnect();
    });

    it("publishes for a client, which may not do it itself", async () => {
      const channel = client.subscribe("announcements");
      await channel.listener("subscribe").once(DEADLINE_MS);
      const message = channel.once(DEADLINE_MS);

      await assert.rejects(client.invokePublish("announcements", "Hello"), { name: "ReadOnlyError" });
      client.transmit("announce", "Hello");

      assert.deepEqual(await message, { text: "Hello", id: client.id });
    });

    it("keeps serving the application's HTTP routes", async () => {
      const response = await fetch(`http://127.0.0.1:${port}/health-check`);

      assert.equal(await response.text(), "OK");
    });
  });
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
