import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach } from "vitest";
import type { Service } from "./processes.ts";

/**
 * What stands in front of workers in production: takes connections on one port, and hands each to the first worker
 * that says it is ready.
 */
export class Balancer {
  readonly port: number;
  /** When each connection came, by `performance.now()`. */
  readonly came: number[] = [];

  private constructor(port: number, came: number[]) {
    this.port = port;
    this.came = came;
  }

  static async start(workers: readonly Service[]): Promise<Balancer> {
    const came: number[] = [];
    const server = createServer((client) => {
      came.push(performance.now());
      void forward(client, workers);
    });
    started.add(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Balancer((server.address() as { port: number }).port, came);
  }
}

const started = new Set<Server>();
const open = new Set<Socket>();

async function forward(client: Socket, workers: readonly Service[]): Promise<void> {
  keep(client);
  client.pause();
  for (const worker of workers) {
    if ((await worker.probe()).status !== 200) continue;
    const server = connect(worker.port, "127.0.0.1");
    keep(server);
    server.pipe(client).pipe(server);
    server.on("close", () => client.destroy());
    client.on("close", () => server.destroy());
    return;
  }
  client.destroy();
}

function keep(socket: Socket): void {
  open.add(socket);
  socket.on("close", () => open.delete(socket));
  // What it means is told by the close that follows, which reaches the other side.
  socket.on("error", () => {});
}

afterEach(() => {
  for (const server of started) server.close();
  started.clear();
  for (const socket of open) socket.destroy();
});
