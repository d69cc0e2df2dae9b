import { createServer } from "node:net";

/** Below the ports that the system gives to outgoing connections, which could take one before it is used. */
const FIRST_PORT = 11_000;
/** Ports of one of the processes that run tests side by side: each has its own, whatever its process id. */
const PORTS_EACH = 2_500;
const PORTS_FROM = FIRST_PORT + (Number(process.env.VITEST_POOL_ID ?? 1) % 4) * PORTS_EACH;
/** Each file begins elsewhere: what the last one left behind on its ports is given time. */
let portsTried = (process.pid * 37) % PORTS_EACH;

/** A port that nobody listens on now, and that no other test is given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS_FROM + (portsTried++ % PORTS_EACH);
    if (await isFree(port)) return port;
  }
}

/** The first of `count` free ports in a row, which no other test is given. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    if ((portsTried % PORTS_EACH) + count > PORTS_EACH) portsTried += PORTS_EACH - (portsTried % PORTS_EACH);
    const first = PORTS_FROM + (portsTried % PORTS_EACH);
    portsTried += count;
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
