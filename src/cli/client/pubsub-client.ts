import { describe } from "../../runtime/log.ts";
import { ClientError } from "./client-error.ts";
import type { Target } from "./flags.ts";
import { type ChannelEvents, type Closed, type OfficialClient, officialClient } from "./official-client.ts";

/** From this close code on a server says that coming back is of no use. */
const FOR_GOOD = 4500;

export interface PubSubEvents {
  published(channel: string, data: unknown): void;
  /** The connection ended, or could not be made again; another one is tried. */
  interrupted(reason: string): void;
  /** All channels are subscribed to, at first and after each new connection. */
  subscribed(): void;
}

export interface PubSubOptions {
  readonly target: Target;
  /** Subscribed to on each connection. */
  readonly channels: readonly string[];
  /** Whether a connection that ends is made again; the first one never is. */
  readonly isLasting: boolean;
  readonly events: PubSubEvents;
}

/** A connection to a worker as a command needs it: made once or again and again, with everything that went wrong told. */
export class PubSubClient {
  /** Rejects when it is over without `close()`: the server cannot be reached, refuses, or ended what does not last. */
  readonly failed: Promise<never>;
  readonly #options: PubSubOptions;
  readonly #official: OfficialClient;
  #fail: (error: ClientError) => void = () => {};
  #opened: () => void = () => {};
  #wasOpen = false;
  #isClosed = false;

  constructor(options: PubSubOptions) {
    this.#options = options;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever waits for something else hears of it there.
    this.failed.catch(() => {});
    const events: ChannelEvents = {
      published: (channel, data) => options.events.published(channel, data),
      kickedOut: (channel, message) =>
        this.#over(
          `The server ended the subscription to ${JSON.stringify(channel)}: ${message ?? "without a reason"}`,
        ),
    };
    this.#official = officialClient(options.target, options.isLasting, events);
  }

  /**
   * Resolves when connected, and subscribed to the channels.
   *
   * @throws {ClientError} if that cannot be done
   */
  async connect(): Promise<void> {
    const opened = new Promise<void>((resolve) => {
      this.#opened = resolve;
    });
    void this.#watchConnects();
    void this.#watchAborts();
    void this.#watchDisconnects();
    this.#official.connect();
    await Promise.race([opened, this.failed]);
  }

  /** Resolves when the server has acknowledged it; rejects with its error. */
  async publish(channel: string, data: unknown): Promise<void> {
    await this.#official.invokePublish(channel, data);
  }

  close(): void {
    this.#isClosed = true;
    this.#official.disconnect();
  }

  async #watchConnects(): Promise<void> {
    for await (const { authError } of this.#official.listener("connect")) {
      if (authError) this.#over(`The server refuses the token: ${authError.name}: ${authError.message}`);
      else await this.#subscribe();
    }
  }

  async #watchAborts(): Promise<void> {
    for await (const closed of this.#official.listener("connectAbort"))
      this.#ended(closed, `Cannot connect to ${this.#url}`);
  }

  async #watchDisconnects(): Promise<void> {
    for await (const closed of this.#official.listener("disconnect"))
      this.#ended(closed, `The connection to ${this.#url} ended`);
  }

  /** A channel after the other: what is refused is then told by its name. */
  async #subscribe(): Promise<void> {
    for (const channel of this.#options.channels) {
      try {
        await this.#official.invoke("#subscribe", { channel });
      } catch (error) {
        // The end of the connection is told by itself.
        if ((error as Error).name !== "BadConnectionError")
          this.#over(`The server refuses the subscription to ${JSON.stringify(channel)}: ${describe(error)}`);
        return;
      }
    }
    this.#wasOpen = true;
    this.#options.events.subscribed();
    this.#opened();
  }

  #ended({ code, reason }: Closed, what: string): void {
    if (this.#isClosed) return;
    const text = `${what}: ${reasonOf(code, reason)}`;
    if (this.#wasOpen && this.#options.isLasting && code !== 1000 && code < FOR_GOOD)
      this.#options.events.interrupted(text);
    else this.#over(text);
  }

  #over(text: string): void {
    this.close();
    this.#fail(new ClientError(text));
  }

  get #url(): string {
    const { origin, pathname } = new URL(this.#options.target.url);
    return `${origin}${pathname}`;
  }
}

function reasonOf(code: number, reason: string | undefined): string {
  // Why is known to the client's WebSocket, which it tells nobody.
  if (code === 1006) return "nobody answers there, or nobody who speaks SocketCluster (close code 1006)";
  return `${reason || "without a reason"} (close code ${code})`;
}
