import { execFile } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ENTRY = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

// The program as built, in a process of its own: exit codes and streams are what is promised here.
describe("scc", () => {
  it("says its version", async () => {
    expect(await scc("--version")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it.each(["up", "state", "broker", "worker", "health", "top", "status", "chaos"])(
    "lists %s, and teaches it with examples",
    async (command) => {
      const [all, one, asked] = await Promise.all([
        scc("--help"),
        scc(command, "--help"),
        scc("help", command),
      ]);

      expect(all.stdout).toMatch(new RegExp(`^ {2}${command} {2,}\\w`, "m"));
      expect(one.stdout).toContain("Examples:");
      expect(asked.stdout).toBe(one.stdout);
      expect([all.code, one.code, asked.code]).toEqual([0, 0, 0]);
    },
  );

  it.each([["nonsense"], ["up", "--nonsense"], ["up", "--workers", "0"], ["worker", "a.js", "b.js"]])(
    "refuses a wrong call with exit code 2: scc %s %s",
    async (...args) => {
      const { code, stderr } = await scc(...args);

      expect(code).toBe(2);
      expect(stderr).toMatch(/^error: /);
    },
  );

  it("tells all that is wrong with the configuration, without a stack, with exit code 2", async () => {
    const { code, stderr } = await scc("worker", "--port", "0", "--drain-ms", "soon");

    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^Cannot start with this configuration:\n {2}- --port="0"[^\n]+\n {2}- --drain-ms="soon"/,
    );
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it("tells any other expected failure in a sentence, with exit code 1", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;

    const { code, stderr } = await scc(
      "worker",
      "--host",
      "127.0.0.1",
      "--metrics-port",
      "0",
      "--port",
      `${port}`,
    );

    server.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^Cannot listen on port \d+: it is already taken; set SOCKETCLUSTER_PORT[^\n]+\n$/,
    );
  });
});

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function scc(...args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [ENTRY, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}
