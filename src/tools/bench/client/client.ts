import type { Dialect, Heard } from "../dialect/dialect.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { frame } from "./frames.ts";
import type { Target } from "./target.ts";

/** What all clients of a generator have in common. */
export interface ClientWorld {
  readonly dialect: Dialect;
  /** What a dialect's pings are answered. */
  readonly pong: Buffer;
  nameOf(channel: number): string;
  /** Connected, and subscribed to everything. */
  ready(client: Client): void;
  /** A message to a client that is ready, pings apart. */
  message(client: Client, bytes: Buffer, start: number, end: number): void;
  /** Its connection is over. @param reason absent if this side ended it */
  ended(client: Client, reason: string | undefined): void;
  /** Something is wrong that does not end it. */
  complain(reason: string): void;
}

/** One client of the load, before it connects. */
export interface ClientPlan {
  /** Number within the generator: subscribers, then publishers. */
  readonly number: number;
  /** Number over all generators. */
  readonly globalNumber: number;
  readonly target: Target;
  readonly token: string | undefined;
  /** To be subscribed to. */
  readonly channels: Uint32Array;
}

/** Calls below this are of the handshake. */
const FIRST_SUBSCRIPTION = 2;

/** One client: connects, shakes hands, subscribes, and is ready. */
export class Client implements ConnectionOwner {
  readonly plan: ClientPlan;
  /** When its connection was begun, µs on the generator's clock. */
  readonly startedAt: number;
  isReady = false;
  readonly #world: ClientWorld;
  readonly #connection: Connection;
  /** Subscriptions that are not acknowledged yet. */
  #awaited: number;

  constructor(plan: ClientPlan, world: ClientWorld, startedAt: number) {
    this.plan = plan;
    this.startedAt = startedAt;
    this.#world = world;
    this.#awaited = plan.channels.length;
    this.#connection = new Connection(plan.target, plan.globalNumber, this);
  }

  get connection(): Connection {
    return this.#connection;
  }

  opened(): void {
    const hello = this.#world.dialect.hello(this.plan.token);
    if (hello !== undefined) this.#connection.send(frame(hello));
  }

  message(bytes: Buffer, start: number, end: number): void {
    const { dialect, pong } = this.#world;
    if (dialect.isPing(bytes, start, end)) this.#connection.send(pong);
    else if (this.isReady) this.#world.message(this, bytes, start, end);
    else this.hear(bytes.toString("utf8", start, end));
  }

  /** Reads a message the slow way. @returns what of it concerns neither connecting nor the connection's end */
  hear(text: string): readonly Heard[] {
    let heard: readonly Heard[];
    try {
      heard = this.#world.dialect.read(text, this.plan.token);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#connection.destroy(`a message that is no packet: ${text.slice(0, 40)}`);
      return [];
    }
    return heard.filter((each) => !this.#handle(each));
  }

  closed(reason: string | undefined): void {
    this.#world.ended(this, reason);
  }

  #handle(heard: Heard): boolean {
    switch (heard.kind) {
      case "asked":
        this.#connection.send(frame(heard.answer));
        return true;
      case "welcome":
        if (heard.complaint !== undefined) this.#world.complain(heard.complaint);
        this.#subscribe();
        return true;
      case "rejected":
        this.#connection.destroy(heard.reason);
        return true;
      case "answer":
        if (this.isReady) return false;
        this.#subscribed(heard.error);
        return true;
      case "delivery":
        return !this.isReady;
    }
  }

  #subscribe(): void {
    const { channels } = this.plan;
    const { dialect } = this.#world;
    const frames = Array.from(channels, (channel, index) =>
      frame(dialect.subscribe(this.#world.nameOf(channel), FIRST_SUBSCRIPTION + index)),
    );
    if (frames.length > 0) this.#connection.send(Buffer.concat(frames));
    else this.#becomeReady();
  }

  #subscribed(error: string | undefined): void {
    if (error !== undefined) return this.#connection.destroy(`subscribe refused: ${error}`);
    this.#awaited--;
    if (this.#awaited === 0) this.#becomeReady();
  }

  #becomeReady(): void {
    this.isReady = true;
    this.#world.ready(this);
  }
}
