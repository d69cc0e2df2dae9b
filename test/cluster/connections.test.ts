import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { freePort, until } from "../support/processes.ts";

const SCC = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const OPEN_FILES = 256;
const UPGRADE = [
  ...["GET /socketcluster/ HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: websocket"],
  ...["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "", ""],
].join("\r\n");

describe("A worker that strangers connect to, with few files", { timeout: 60_000 }, () => {
  const processes: ChildProcess[] = [];
  const sockets: Socket[] = [];

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const child of processes.splice(0)) child.kill("SIGKILL");
  });

  /** @returns the ports of the worker, and of its metrics */
  async function worker(): Promise<{ port: number; metrics: number; child: ChildProcess }> {
    const [port, metrics] = [await freePort(), await freePort()];
    const command = `ulimit -n ${OPEN_FILES}; exec "$0" "$@"`;
    const child = spawn("bash", ["-c", command, process.execPath, SCC, "worker"], {
      env: { PATH: process.env.PATH, SOCKETCLUSTER_PORT: String(port), SCC_METRICS_PORT: String(metrics) },
      stdio: "ignore",
    });
    processes.push(child);
    await until("it is ready", async () => (await statusOf(port, "/readyz")) === 200);
    return { port, metrics, child };
  }

  async function statusOf(port: number, path: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { connection: "close" },
    }).catch(() => undefined);
    await response?.text();
    return response?.status ?? 0;
  }

  /** Many connections, each of which says this. */
  async function dial(port: number, count: number, says: string): Promise<string[]> {
    const heard: string[] = [];
    const dialled = Array.from({ length: count }, async (_, index) => {
      const socket = connect(port, "127.0.0.1");
      sockets.push(socket);
      heard[index] = "";
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        heard[index] = `${heard[index]}${chunk}`;
      });
      await Promise.race([once(socket, "connect"), once(socket, "close")]);
      socket.write(says);
    });
    await Promise.all(dialled);
    return heard;
  }

  it("answers probes and metrics whatever they are: WebSockets, or silent", async () => {
    const { port, metrics, child } = await worker();
    const heard = await dial(port, 2 * OPEN_FILES, UPGRADE);
    const count = (status: number): number =>
      heard.filter((text) => text.startsWith(`HTTP/1.1 ${status} `)).length;
    await until("all are answered, or cut", () => {
      return heard.every((text, index) => text !== "" || sockets[index]?.destroyed);
    });
    expect(count(101)).toBe(OPEN_FILES - 64 - 32);
    expect([await statusOf(port, "/livez"), await statusOf(metrics, "/metrics")]).toEqual([200, 200]);

    await dial(port, 2 * OPEN_FILES, "");
    expect([await statusOf(port, "/livez"), await statusOf(metrics, "/metrics")]).toEqual([200, 200]);
    expect(child.exitCode).toBe(null);
  });

  it("closes who is silent, who is slow with headers, and who never shakes hands, after some ten seconds", async () => {
    const { port } = await worker();
    const began = performance.now();
    await dial(port, 1, "");
    await dial(port, 1, "GET / HTTP/1.1\r\nHost:");
    await dial(port, 1, UPGRADE);
    await Promise.all(sockets.map((socket) => once(socket, "close")));

    // What is late by more than this is looked at by nobody: 40 and 90 s it was.
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
