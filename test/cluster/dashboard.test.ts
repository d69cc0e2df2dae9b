import { execFile } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { connect, subscribe } from "../support/client.ts";
import { Cluster, type Service, until } from "../support/processes.ts";

const ENTRY = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const KEY = "correct horse battery staple";
const SOCKET = { path: "/dashboard/socket/", autoReconnect: false };

interface Status {
  readonly healthy: boolean;
  readonly ring: { readonly counter: number };
  readonly totals: Readonly<Record<string, number>>;
  readonly members: readonly { readonly role: string; readonly state: string; readonly cpu?: number }[];
}

describe("Looking at a cluster", () => {
  it("by scc status --json is understood by programs, and says by exit code whether all is well", async () => {
    const { cluster, broker, worker } = await start();
    const client = await connect(worker.port);
    const received = await subscribe(client, "news");
    const timer = setInterval(() => void client.transmitPublish("news", 1), 20);
    await until("messages flow", () => received.length > 10);

    const well = await scc(["status", "--json"], { SCC_STATE_SERVER_PORT: String(cluster.statePort) });
    clearInterval(timer);
    const status = JSON.parse(well.stdout) as Status;
    expect(well).toMatchObject({ code: 0, stderr: "" });
    expect(status.healthy).toBe(true);
    expect(status.ring.counter).toBeGreaterThan(0);
    expect(status.totals).toMatchObject({ connections: 1, subscriptions: 1 });
    expect(status.totals.publishes).toBeGreaterThan(0);
    expect(status.members.map(({ role, state }) => `${role} ${state}`)).toEqual([
      "broker in ring",
      "worker serving",
    ]);
    expect(status.members.every(({ cpu }) => typeof cpu === "number")).toBe(true);

    await broker.stop("SIGKILL");
    await until("the worker misses its broker", async () => (await worker.probe()).status === 503);
    const ill = await scc(["status", "--url", `ws://localhost:${cluster.statePort}`]);
    expect(ill.code).toBe(3);
    expect(ill.stdout).toMatch(/away/);
  });

  it("by scc top and scc status is plain text where it is piped", async () => {
    const { cluster } = await start();
    for (const command of ["top", "status"]) {
      const { code, stdout } = await scc([command, "--state-server-port", String(cluster.statePort)]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/broker +in ring/);
      expect(stripVTControlCharacters(stdout)).toBe(stdout);
    }
  });

  it("takes the cluster's key, and refuses whoever has none or another", async () => {
    const { cluster, state } = await start({ SCC_AUTH_KEY: KEY });
    const args = ["status", "--state-server-port", String(cluster.statePort)];
    const [right, wrong, none] = [
      await scc(args, { SCC_AUTH_KEY: KEY }),
      await scc(args, { SCC_AUTH_KEY: "wrong" }),
      await scc(args),
    ];

    expect([right.code, wrong.code, none.code]).toEqual([0, 77, 77]);
    expect(wrong.stderr).toContain("This is not the cluster's key");
    expect(none.stderr).toContain("set SCC_AUTH_KEY");
    expect(state.output).not.toContain(KEY);
  });

  it("says so where there is no scc-state", async () => {
    const { statePort } = await Cluster.create();
    const { code, stderr } = await scc(["top", "--state-server-port", String(statePort)]);

    expect(code).toBe(1);
    expect(stderr).toContain(`localhost:${statePort}`);
  });

  it("is not possible before the login, nor is anything else", async () => {
    const { cluster } = await start({ SCC_AUTH_KEY: KEY });
    const stranger = await connect(cluster.statePort, SOCKET);
    for (const channel of ["cluster", "events", "tail:news"]) {
      stranger.subscribe(channel);
      const failed = await stranger.listener("subscribeFail").once(5000);
      expect(String(failed.error)).toMatch(/Log in first|SCC_AUTH_KEY/);
    }
    await expect(stranger.invokePublish("cluster", {})).rejects.toThrow();
    await expect(stranger.invoke("nonsense")).rejects.toThrow();
    expect(await stranger.invoke("access")).toEqual({ isLocked: true, mayRead: false, mayTail: false });
  });

  it("ends guessing after some tries", async () => {
    const { cluster } = await start({ SCC_AUTH_KEY: KEY });
    const guesser = await connect(cluster.statePort, SOCKET);
    for (const key of ["a", "b", "c", { not: "a text" }, undefined])
      await expect(guesser.invoke("login", { key })).rejects.toThrow("not the cluster's key");

    await expect(guesser.invoke("login", { key: KEY })).rejects.toThrow("Too many tries");
    const another = await connect(cluster.statePort, SOCKET);
    await expect(another.invoke("login", { key: KEY })).rejects.toThrow("Too many tries");
  });

  it("is for pages of scc-state alone, and for its own name", async () => {
    const { cluster } = await start();
    const port = cluster.statePort;
    expect(await upgrade(port, { origin: "http://evil.example" })).toBe(403);
    expect(await upgrade(port, { origin: `http://localhost:${port + 1}` })).toBe(403);
    expect(await upgrade(port, { origin: `http://localhost:${port}` })).toBe(101);

    const rebound = { ...SOCKET, wsOptions: { headers: { host: "evil.example" } } };
    const tricked = await connect(port, rebound);
    expect(await tricked.invoke("access")).toMatchObject({ isLocked: false, mayRead: false, mayTail: false });
  });

  it("has strict headers on each file, and serves nothing else", async () => {
    const { cluster } = await start();
    const base = `http://localhost:${cluster.statePort}`;
    for (const path of ["/", "/dashboard/page.js", "/dashboard/style.css", "/dashboard/uplot.js"]) {
      const response = await fetch(base + path);
      const policy = response.headers.get("content-security-policy");
      expect(response.status).toBe(200);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    }
    const page = await (await fetch(base)).text();
    expect(page).not.toMatch(/<script(?![^>]*src=)|\sstyle=|\son\w+=|https?:\/\//);
    for (const path of ["/dashboard/", "/dashboard/../../package.json", "/dashboard/%2e%2e/demo/page.js"])
      expect((await fetch(base + path)).status).toBe(404);
  });

  it("can be turned off", async () => {
    const cluster = await Cluster.create();
    const state = await cluster.state({ SCC_STATE_DASHBOARD: "0" }).ready();

    expect((await state.probe("/")).status).toBe(404);
    expect(await upgrade(cluster.statePort, {})).toBe(404);
  });
});

async function start(env: Record<string, string> = {}) {
  const cluster = await Cluster.create(env);
  const state = await cluster.state().ready();
  const broker: Service = await (await cluster.broker()).ready();
  const worker: Service = await (await cluster.worker()).ready();
  return { cluster, state, broker, worker };
}

/** The status that a request to open the dashboard's socket is answered with. */
async function upgrade(port: number, headers: Record<string, string>): Promise<number> {
  const call = request({
    port,
    host: "localhost",
    path: "/dashboard/socket/",
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    },
  });
  call.end();
  const answered = once(call, "response").then(
    ([response]) => (response as { statusCode: number }).statusCode,
  );
  const upgraded = once(call, "upgrade").then(([, socket]) => {
    (socket as { destroy(): void }).destroy();
    return 101;
  });
  return await Promise.race([answered, upgraded]);
}

function scc(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env.PATH, ...env }, timeout: 20_000 };
    execFile(process.execPath, [ENTRY, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}
