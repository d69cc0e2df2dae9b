import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";

export interface HaproxyOptions {
  readonly host: string;
  readonly port: number;
  /** How connections are spread: "leastconn", "roundrobin". */
  readonly balance: string;
  /** For its configuration, its socket and its log. */
  readonly directory: string;
}

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

const SLOTS = 12;
const STARTED_WITHIN_MS = 5000;
const ASK_EVERY_MS = 50;
/** What it says when all is well; anything else is a refusal. */
const WELL = /^$|changed|no need to change/;

/**
 * The ingress: a real HAProxy with places for servers, which are filled and emptied over its socket while it runs, as
 * ingress controllers do when endpoints come and go. A server that is taken out keeps the connections that it has.
 */
export class Haproxy {
  readonly #options: HaproxyOptions;
  readonly #child: ChildProcess;
  readonly #slots = new Map<string, string>();
  #isClosing = false;

  private constructor(options: HaproxyOptions, child: ChildProcess) {
    this.#options = options;
    this.#child = child;
  }

  /** @throws {Error} if it is not installed, or does not listen */
  static async start(options: HaproxyOptions, trouble: (what: string) => void): Promise<Haproxy> {
    const file = join(options.directory, "haproxy.cfg");
    writeFileSync(file, configurationOf(options));
    const child = spawn("haproxy", ["-f", file], { stdio: ["ignore", "pipe", "pipe"], detached: true });
    const failed = new Promise<never>((_resolve, reject) => {
      child.once("error", (error) => reject(new Error(`Cannot start HAProxy: ${error.message}`)));
    });
    // Also where nobody waits for it any more.
    failed.catch(() => {});
    const log = createWriteStream(join(options.directory, "haproxy.log"));
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    const haproxy = new Haproxy(options, child);
    child.once("exit", (code) => {
      if (!haproxy.#isClosing) trouble(`HAProxy ended with ${code}: see ${options.directory}/haproxy.log`);
    });
    await Promise.race([haproxy.#listens(), failed]);
    return haproxy;
  }

  /** New connections go to it, too. */
  async add(name: string, { ip, port }: Endpoint): Promise<void> {
    const slot = this.#slots.get(name) ?? this.#freeSlot();
    this.#slots.set(name, slot);
    await this.#tell(`set server workers/${slot} addr ${ip} port ${port}`);
    await this.#tell(`set server workers/${slot} state ready`);
  }

  /** New connections go elsewhere; those that it has stay. */
  async takeOut(name: string): Promise<void> {
    const slot = this.#slots.get(name);
    if (slot !== undefined) await this.#tell(`set server workers/${slot} state drain`);
  }

  /** It is gone: its place is free. */
  async remove(name: string): Promise<void> {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    await this.#tell(`set server workers/${slot} state maint`);
    this.#slots.delete(name);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#child.exitCode !== null || this.#child.pid === undefined) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  #freeSlot(): string {
    const taken = new Set(this.#slots.values());
    for (let number = 1; number <= SLOTS; number++)
      if (!taken.has(`worker${number}`)) return `worker${number}`;
    throw new Error(`HAProxy has places for ${SLOTS} workers, and all are taken`);
  }

  async #listens(): Promise<void> {
    const end = performance.now() + STARTED_WITHIN_MS;
    for (;;) {
      try {
        return void (await this.#ask("show info"));
      } catch (error) {
        // Its socket is not there yet.
        if (performance.now() > end) throw new Error(`HAProxy does not start: ${String(error)}`);
        await after(ASK_EVERY_MS);
      }
    }
  }

  async #tell(command: string): Promise<void> {
    const said = (await this.#ask(command)).trim();
    if (!WELL.test(said)) throw new Error(`HAProxy refuses "${command}": ${said}`);
  }

  #ask(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(socketOf(this.#options));
      let said = "";
      socket.setEncoding("utf8");
      socket.on("data", (text: string) => {
        said += text;
      });
      socket.once("error", reject);
      socket.once("end", () => resolve(said));
      socket.write(`${command}\n`);
    });
  }
}

function socketOf({ directory }: HaproxyOptions): string {
  return join(directory, "haproxy.sock");
}

function configurationOf(options: HaproxyOptions): string {
  const { host, port, balance } = options;
  return `global
  maxconn 8000
  nbthread 1
  log stdout format raw local0
  stats socket ${socketOf(options)} mode 600 level admin

defaults
  mode http
  log global
  option httplog
  option dontlognull
  timeout connect 5s
  timeout http-request 10s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  retries 3
  option redispatch

frontend ingress
  bind ${host}:${port}
  default_backend workers

backend workers
  balance ${balance}
  server-template worker 1-${SLOTS} ${host}:9 disabled
`;
}
