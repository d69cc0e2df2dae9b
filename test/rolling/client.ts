import socketClusterClient from "socketcluster-client";

/** Who hears what becomes of a client's connection and of its one subscription. */
export interface ClientObserver {
  connected(): void;
  /** The server acknowledged the subscription: at first, and after each new connection. */
  subscribed(): void;
  delivered(data: unknown): void;
  /** The connection ended. @param code of the WebSocket's close */
  disconnected(code: number): void;
  /** A try to connect failed: the official client's next one is 10 to 20 s later. */
  aborted(code: number): void;
  refused(): void;
}

interface Official {
  readonly state: "open" | "connecting" | "closed";
  disconnect(): void;
  closeAllListeners(): void;
  subscribe(channel: string): AsyncIterable<unknown> & { readonly state: string };
  invokePublish(channel: string, data: unknown): Promise<void>;
  listener(event: string): AsyncIterable<{ readonly code?: number }>;
}

/** The official client with its default options: where the server is, and nothing else, is said to it. */
export class Client {
  readonly #official: Official;
  readonly #channel: { readonly state: string };
  #isOver = false;

  constructor(hostname: string, port: number, channel: string, observer: ClientObserver) {
    this.#official = socketClusterClient.create({ hostname, port }) as Official;
    const subscription = this.#official.subscribe(channel);
    this.#channel = subscription;
    void this.#each(subscription, (data) => observer.delivered(data));
    this.#on("connect", () => observer.connected());
    this.#on("subscribe", () => observer.subscribed());
    this.#on("subscribeFail", () => observer.refused());
    this.#on("disconnect", (code) => observer.disconnected(code));
    this.#on("connectAbort", (code) => observer.aborted(code));
  }

  get isConnected(): boolean {
    return this.#official.state === "open";
  }

  get isSubscribed(): boolean {
    return this.isConnected && this.#channel.state === "subscribed";
  }

  /** Resolves when the server has acknowledged it; rejects with its error, or the client's own. */
  publish(channel: string, data: unknown): Promise<void> {
    return this.#official.invokePublish(channel, data);
  }

  /** Ends it, without a word to the observer. */
  close(): void {
    this.#isOver = true;
    this.#official.disconnect();
    this.#official.closeAllListeners();
  }

  #on(event: string, heard: (code: number) => void): void {
    void this.#each(this.#official.listener(event), ({ code }) => heard(code ?? 0));
  }

  async #each<T>(stream: AsyncIterable<T>, heard: (value: T) => void): Promise<void> {
    for await (const value of stream) {
      if (this.#isOver) return;
      heard(value);
    }
  }
}
