import { createServer } from "node:net";
import { ConfigError } from "../../runtime/errors.ts";
import type { PortNeed } from "./plan.ts";

/**
 * Makes sure that every port is free, before anything is started.
 *
 * @throws {ConfigError} naming every port that cannot be had, and the variable that changes it
 */
export async function checkPorts(needs: readonly PortNeed[]): Promise<void> {
  const problems = await Promise.all(needs.map(whyNot));
  const found = [...new Set(problems.filter((problem) => problem !== undefined))];
  if (found.length > 0) throw new ConfigError(found);
}

/** Whoever can listen on a port can have it: nothing else tells as surely. */
function whyNot(need: PortNeed): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(explain(need, error)));
    server.listen({ port: need.port, host: need.host, exclusive: true }, () => {
      server.close(() => resolve(undefined));
    });
  });
}

function explain({ port, host, purpose, variable }: PortNeed, error: NodeJS.ErrnoException): string {
  const off = variable === "SCC_METRICS_PORT" ? " (0 turns metrics off)" : "";
  switch (error.code) {
    case "EADDRINUSE":
      return `port ${port} (${purpose}) is already taken: set ${variable} to choose another${off}`;
    case "EACCES":
      return `port ${port} (${purpose}) may not be opened by this user: set ${variable} to one above 1023`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is not an address of this machine: set --host or SCC_HOST to one that is`;
    default:
      return `port ${port} (${purpose}) cannot be opened: ${error.message}`;
  }
}
