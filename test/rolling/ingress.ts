import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";

const SLOTS = 8;
const START_WITHIN_MS = 5000;

/**
 * HAProxy in the place of scc-ingress, and of the controller that tells it which workers are ready: it is told over its
 * own socket. Connections that are there stay when a worker is taken out.
 */
export class Ingress {
  readonly port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), "scc-rolling-"));
  readonly #socket = join(this.#directory, "admin.sock");
  readonly #slots = new Map<number, string>();
  #process: ChildProcess | undefined;

  constructor(port: number) {
    this.port = port;
  }

  /** @throws {Error} if there is no haproxy, or it does not start */
  async start(): Promise<void> {
    if (spawnSync("haproxy", ["-v"]).error)
      throw new Error("There is no haproxy: scripts/rolling.sh installs it");
    const file = join(this.#directory, "haproxy.cfg");
    writeFileSync(file, configuration(this.port, this.#socket));
    this.#process = spawn("haproxy", ["-db", "-f", file], { stdio: ["ignore", "inherit", "inherit"] });
    const until = performance.now() + START_WITHIN_MS;
    while ((await this.#tell("show info").catch(() => "")) === "") {
      if (performance.now() > until) throw new Error("haproxy did not start");
      await after(50);
    }
  }

  /** From here on a worker gets new connections. */
  async add(port: number): Promise<void> {
    const taken = new Set(this.#slots.values());
    const slot = Array.from({ length: SLOTS }, (_, n) => `w${n + 1}`).find((name) => !taken.has(name));
    if (slot === undefined) throw new Error("The ingress has no room for one more worker");
    this.#slots.set(port, slot);
    await this.#tell(`set server workers/${slot} addr 127.0.0.1 port ${port}`);
    await this.#tell(`set server workers/${slot} state ready`);
  }

  /** From here on a worker gets no new connections. */
  async remove(port: number): Promise<void> {
    const slot = this.#slots.get(port);
    if (slot === undefined) return;
    await this.#tell(`set server workers/${slot} state maint`);
    this.#slots.delete(port);
  }

  stop(): void {
    this.#process?.kill("SIGKILL");
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #tell(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = "";
      const socket = connect(this.#socket, () => socket.end(`${command}\n`));
      socket.setEncoding("utf8");
      socket.on("data", (text: string) => {
        answer += text;
      });
      socket.on("end", () => resolve(answer));
      socket.on("error", reject);
    });
  }
}

function configuration(port: number, socket: string): string {
  return `global
  maxconn 9000
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 1h
  option redispatch
  retries 2
frontend clients
  bind 127.0.0.1:${port}
  default_backend workers
backend workers
  balance leastconn
  server-template w 1-${SLOTS} 127.0.0.1:1 disabled init-addr none
`;
}
