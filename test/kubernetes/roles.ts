import type { Command } from "commander";
import { brokerSettings } from "../../src/broker/config.ts";
import { brokerCommand } from "../../src/cli/broker/command.ts";
import { stateCommand } from "../../src/cli/state/command.ts";
import { workerCommand } from "../../src/cli/worker/command.ts";
import { readConfig, type Settings } from "../../src/runtime/config/config.ts";
import { metricsPortOf } from "../../src/runtime/http/http.ts";
import { stateSettings } from "../../src/state/config.ts";
import { workerSettings } from "../../src/worker/config.ts";
import { read } from "./objects.ts";

export type Env = Readonly<Record<string, string>>;

/** What a process makes of its environment, as far as whoever deploys it has to know. */
interface Effective {
  readonly port: number;
  readonly metricsPort: number;
  /** Within which time it ends after SIGTERM, ms. */
  readonly stopMs: number;
  readonly stateServer?: { readonly host: string | undefined; readonly port: number };
  /** Whether it speaks TLS where it is probed. */
  readonly secure: boolean;
}

/** One of the services, as the code has it. */
export interface Role {
  readonly name: "state" | "broker" | "worker";
  readonly settings: Settings;
  readonly command: Command;
  /** @throws {ConfigError} if the service would refuse to start */
  effective(env: Env): Effective;
}

/** scc-state has no setting for it. */
const STATE_STOP_MS = Number(/STOP_MS = (\d+)/.exec(read("src/state/main.ts"))?.[1]);

export const ROLES: readonly Role[] = [
  {
    name: "state",
    settings: stateSettings,
    command: stateCommand({}),
    effective: (env) => {
      const { port, metricsPort, lameDuckMs, stateServerSecure } = readConfig(stateSettings, env);
      return {
        ...{ port, metricsPort: metricsPortOf({ port, metricsPort }) },
        ...{ stopMs: lameDuckMs + STATE_STOP_MS, secure: stateServerSecure },
      };
    },
  },
  {
    name: "broker",
    settings: brokerSettings,
    command: brokerCommand({}),
    effective: (env) => {
      const { port, metricsPort, lameDuckMs, drainMs, secure, ...config } = readConfig(brokerSettings, env);
      const stateServer = { host: config.stateServerHost, port: config.stateServerPort };
      return {
        port,
        metricsPort: metricsPortOf({ port, metricsPort }),
        stopMs: lameDuckMs + drainMs,
        secure,
        stateServer,
      };
    },
  },
  {
    name: "worker",
    settings: workerSettings,
    command: workerCommand({}),
    effective: (env) => {
      const { port, metricsPort, lameDuckMs, drainMs, ...config } = readConfig(workerSettings, env);
      const stateServer = { host: config.stateServerHost, port: config.stateServerPort };
      return {
        port,
        metricsPort: metricsPortOf({ port, metricsPort }),
        stopMs: lameDuckMs + drainMs,
        secure: false,
        stateServer,
      };
    },
  },
];

export function roleCalled(name: string): Role {
  const role = ROLES.find((one) => `scc-${one.name}` === name);
  if (role === undefined) throw new Error(`There is no service ${name}`);
  return role;
}

/** What is wrong with the arguments of `scc`, for this role. */
export function problemsOfArguments({ name, command }: Role, args: readonly string[]): string[] {
  if (args[0] !== name) return [`${args[0]} is not ${name}`];
  const { operands, unknown } = command.parseOptions(args.slice(1));
  const excess = operands.slice(command.registeredArguments.length);
  return [...unknown, ...excess].map((argument) => `scc ${name} does not know ${argument}`);
}
