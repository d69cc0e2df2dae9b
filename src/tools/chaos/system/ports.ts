import { createServer } from "node:net";
import { ChaosError } from "../chaos-error.ts";

/** Above those of other commands of ours that may run beside this one. */
const LOWEST = 24_000;
/** From here on ports may be given to outgoing connections, which could take one before it is used. */
const HIGHEST = 32_000;
/** Runs of several processes at a time begin at different places. */
const APART = 50;

let next = LOWEST + (process.pid % 160) * APART;

/** A port of this machine that nobody listens on, and that this process has not handed out lately. */
export async function freePort(host: string): Promise<number> {
  for (let tried = LOWEST; tried < HIGHEST; tried++) {
    const port = next;
    next = next + 1 < HIGHEST ? next + 1 : LOWEST;
    if (await isFree(host, port)) return port;
  }
  throw new ChaosError(`Cannot start a process: no port from ${LOWEST} to ${HIGHEST} is free`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
