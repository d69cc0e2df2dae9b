import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { ChaosError } from "../chaos-error.ts";
import { diallerOf } from "../faults/dialler.ts";
import type { Rule } from "../faults/fault.ts";
import { type Address, FaultProxy } from "../faults/proxy.ts";
import { Launched, type LaunchObserver } from "./launched.ts";
import { Output } from "./output.ts";
import { freePort } from "./ports.ts";
import { fill, type Places, type ProcessTemplate, type Role, type SystemTemplate } from "./template.ts";

const HOST = "127.0.0.1";
const READY_WITHIN_MS = 30_000;

export interface SystemOptions {
  readonly template: SystemTemplate;
  /** What is said here is not as it should be: a process that ended by itself. */
  readonly trouble: (what: string) => void;
  /** Where the processes' output goes, a file for each; absent: nowhere. */
  readonly logs?: string | undefined;
  readonly path: string | undefined;
}

/**
 * A running cluster whose processes and network can be treated badly. scc-state and each broker are reached through
 * a proxy, at whose address they are announced; clients reach the workers directly.
 */
export class System {
  readonly #options: SystemOptions;
  readonly #launched = new Map<string, Launched>();
  readonly #proxies = new Map<string, FaultProxy>();
  readonly #rules = new Map<string, readonly Rule[]>();
  readonly #counts = new Map<Role, number>();
  #stateProxy: FaultProxy | undefined;

  constructor(options: SystemOptions) {
    this.#options = options;
    if (options.logs !== undefined) mkdirSync(options.logs, { recursive: true });
  }

  /** Whether processes of this role can be started. */
  knows(role: Role): boolean {
    return this.#options.template.processes.some((each) => each.role === role);
  }

  /**
   * Starts a whole cluster: scc-state, the brokers, then all others. Resolves when all are ready and have been left
   * alone for a while.
   *
   * @throws {ChaosError} if one is not ready in time
   */
  async start(roles: readonly Role[], signal: AbortSignal): Promise<void> {
    for (const wave of [["state"], ["broker"], ["worker", "upstream-worker"]] as const) {
      const wanted = roles.filter((role) => (wave as readonly Role[]).includes(role));
      const names: string[] = [];
      for (const role of wanted) names.push(await this.add(role));
      await Promise.all(names.map((name) => this.becomesReady(name, signal)));
    }
    await after(this.#options.template.settle, undefined, { signal });
  }

  /** Starts one process more. Does not wait until it can be used. @returns its name */
  async add(role: Role): Promise<string> {
    const template = this.#template(role);
    const count = (this.#counts.get(role) ?? 0) + 1;
    this.#counts.set(role, count);
    const name = `${role}-${count}`;
    const address = { host: HOST, port: await this.#portOf(template, count) };
    const announced = await this.#announce(role, name, address);
    const plan = planOf(
      template,
      name,
      address,
      this.#placesOf(name, address, announced),
      this.#options.path,
    );
    const { logs } = this.#options;
    const output = new Output(logs === undefined ? undefined : join(logs, `${name}.log`));
    const launched = new Launched(plan, output, this.#observerOf(name, address));
    this.#launched.set(name, launched);
    await launched.start();
    return name;
  }

  process(name: string): Launched {
    const found = this.#launched.get(name);
    if (found === undefined) throw new ChaosError(`There is no process ${name}`);
    return found;
  }

  /** Names of all processes of a role that run, in the order of their starts. */
  running(role: Role): string[] {
    const all = [...this.#launched.values()].filter(
      ({ plan, pid }) => plan.role === role && pid !== undefined,
    );
    return all.map(({ name }) => name);
  }

  /** Process ids by name, of those that run. */
  get pids(): ReadonlyMap<string, number> {
    return new Map([...this.#launched.values()].flatMap(({ name, pid }) => (pid ? [[name, pid]] : [])));
  }

  async becomesReady(name: string, signal?: AbortSignal): Promise<void> {
    await this.process(name).becomesReady(READY_WITHIN_MS, signal);
  }

  /** Faults, added to those there are, on all that passes to and from a process behind a proxy. */
  addRule(name: string, rule: Rule): void {
    this.#setRules(name, [...(this.#rules.get(name) ?? []), rule]);
  }

  /** Ends all faults on a process's connections. */
  heal(name: string): void {
    this.#setRules(name, []);
  }

  /** Resets the connections to a process. @param dialler only those of this one */
  reset(name: string, dialler?: string): void {
    this.#proxy(name).reset(dialler);
  }

  /** New connections to scc-state go to this one of several. */
  aimStateAt(name: string): void {
    this.#stateProxy?.aimAt(this.process(name).plan.address);
  }

  /** Ends everything at once. */
  async close(): Promise<void> {
    await Promise.all([...this.#launched.values()].map((launched) => launched.destroy()));
    await Promise.all([...new Set(this.#proxies.values())].map((proxy) => proxy.close()));
  }

  /** Without waiting: this process is about to end. */
  closeNow(): void {
    for (const launched of this.#launched.values()) launched.destroyNow();
  }

  /** Whoever dials a process that is gone is refused, as without a proxy. */
  #observerOf(name: string, address: Address): LaunchObserver {
    const proxy = (): FaultProxy | undefined => {
      const found = this.#proxies.get(name);
      return found?.target.port === address.port ? found : undefined;
    };
    return {
      starts: async () => await proxy()?.open(),
      gone: () => proxy()?.shut(),
      trouble: this.#options.trouble,
    };
  }

  #setRules(name: string, rules: readonly Rule[]): void {
    this.#rules.set(name, rules);
    this.#proxy(name).setRules(rules);
  }

  #proxy(name: string): FaultProxy {
    const proxy = this.#proxies.get(name);
    if (proxy === undefined) throw new ChaosError(`Nothing stands between ${name} and the others`);
    return proxy;
  }

  #template(role: Role): ProcessTemplate {
    const found = this.#options.template.processes.find((each) => each.role === role);
    if (found === undefined) throw new ChaosError(`${this.#options.template.name} has no process ${role}`);
    return found;
  }

  async #portOf({ port }: ProcessTemplate, count: number): Promise<number> {
    return port === undefined ? await freePort(HOST) : port + count - 1;
  }

  /** Puts a proxy in front of scc-state and of each broker. All scc-states share one. */
  async #announce(role: Role, name: string, target: Address): Promise<Address> {
    if (role !== "state" && role !== "broker") return target;
    const shared = role === "state" ? this.#stateProxy : undefined;
    const proxy = shared ?? (await this.#listen(target));
    if (role === "state") this.#stateProxy = proxy;
    this.#proxies.set(name, proxy);
    return proxy.address;
  }

  async #listen(target: Address): Promise<FaultProxy> {
    const identify = async (socket: Parameters<typeof diallerOf>[0]): Promise<string | undefined> =>
      diallerOf(socket, new Map([...this.pids].map(([name, pid]) => [pid, name])));
    return await FaultProxy.listen({ target, host: HOST, port: await freePort(HOST), identify });
  }

  #placesOf(name: string, { host, port }: Address, announced: Address): Places {
    const state = this.#stateProxy?.address ?? { host: HOST, port: 0 };
    return {
      name,
      host,
      port: String(port),
      announcedHost: announced.host,
      announcedPort: String(announced.port),
      stateHost: state.host,
      statePort: String(state.port),
    };
  }
}

function planOf(
  template: ProcessTemplate,
  name: string,
  address: Address,
  places: Places,
  path: string | undefined,
): Launched["plan"] {
  const { role, argv, env, cwd, ready } = template;
  const filled = Object.entries(env).map(([key, text]) => [key, fill(text, places)]);
  return {
    name,
    role,
    address,
    ready,
    cwd,
    argv: argv.map((text) => fill(text, places)),
    env: { ...(path === undefined ? {} : { PATH: path }), ...(Object.fromEntries(filled) as object) },
  };
}
