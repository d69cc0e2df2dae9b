import { createServer } from "node:net";

/** Below the ports that systems give to outgoing connections, which a load has many of. */
const LOWEST = 23_000;
const HIGHEST = 32_000;

/**
 * So many ports of the loopback address that nobody listens on.
 *
 * @throws {Error} if there are not as many
 */
export async function freePorts(count: number): Promise<number[]> {
  const free: number[] = [];
  // Two benchmarks at a time begin to look at different places.
  for (let port = LOWEST + (process.pid % 20) * 50; port < HIGHEST && free.length < count; port++)
    if (await isFree(port)) free.push(port);
  if (free.length < count) throw new Error(`Cannot find ${count} free ports from ${LOWEST} to ${HIGHEST}`);
  return free;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
