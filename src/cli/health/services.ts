import { brokerSettings } from "../../broker/config.ts";
import { readConfig } from "../../runtime/config/config.ts";
import { stateSettings } from "../../state/config.ts";
import { workerSettings } from "../../worker/config.ts";
import { hostInUrl } from "../ask.ts";

/** Addresses that mean all: what listens there is also at localhost. */
const ALL = ["0.0.0.0", "::"];

/**
 * Where the services of a cluster would listen in this environment, each with `/livez`: scc-state, scc-broker, scc-worker.
 * Which of them runs here is not known; in a container it is one.
 *
 * @throws {ConfigError} if a port, host or switch cannot be one
 */
export function servicesHere(env: NodeJS.ProcessEnv): URL[] {
  const state = readConfig(
    { port: stateSettings.port, host: stateSettings.host, secure: stateSettings.stateServerSecure },
    env,
  );
  const { port, host, secure } = brokerSettings;
  const broker = readConfig({ port, host, secure }, env);
  const worker = readConfig({ port: workerSettings.port, host: workerSettings.host }, env);
  return [state, broker, { ...worker, secure: false }].map((service) => {
    const { host = "localhost", port, secure } = service;
    const address = ALL.includes(host) ? "localhost" : host;
    return new URL(`${secure ? "https" : "http"}://${hostInUrl(address)}:${port}/livez`);
  });
}
