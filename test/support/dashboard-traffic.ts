import { type Client, connect } from "./client.ts";

const TICK_MS = 20;
const SUBSCRIBERS = 40;
const PUBLISHES_PER_TICK = 6;
/** Ticks of one rise and fall of the traffic. */
const WAVE = 1500;
/** Those that stand here more than once are busier. */
const CHANNELS = [
  "market.prices",
  "market.prices",
  "market.prices",
  "market.prices",
  "chat/lobby",
  "chat/lobby",
  "game/17",
  "game/23",
  "orders",
  "sensors/berlin/temperature",
  "sensors/oslo/temperature",
];

/** Official clients that make a cluster worth looking at: some are subscribed, all publish. */
export class DashboardTraffic {
  readonly #clients: readonly Client[];
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;

  /** @param ports those of the workers */
  static async start(ports: readonly number[]): Promise<DashboardTraffic> {
    const clients = await Promise.all(
      Array.from({ length: SUBSCRIBERS }, (_, n) => connect(ports[n % ports.length] ?? 0)),
    );
    for (const [n, client] of clients.entries()) {
      for (let more = 0; more < 3; more++) client.subscribe(CHANNELS[(n + more * 4) % CHANNELS.length] ?? "");
    }
    return new DashboardTraffic(clients);
  }

  private constructor(clients: readonly Client[]) {
    this.#clients = clients;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  publish(channel: string, data: unknown): Promise<void> {
    const [client] = this.#clients as [Client];
    return client.invokePublish(channel, data);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#ticks += 1;
    const level = 0.7 + 0.3 * Math.sin((2 * Math.PI * this.#ticks) / WAVE);
    for (let n = 0; n < PUBLISHES_PER_TICK * level; n++) {
      const turn = this.#ticks * 7 + n * 5;
      const client = this.#clients[turn % this.#clients.length];
      const price = Number((100 + 9 * Math.abs(Math.sin(turn))).toFixed(2));
      // A broker that is killed may cost some: this is about looking on.
      client?.invokePublish(CHANNELS[turn % CHANNELS.length] ?? "", { price, turn }).catch(() => {});
    }
  }
}
