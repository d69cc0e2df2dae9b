import socketClusterClient from "socketcluster-client";

/** The part of the official client that the load uses. */
export interface OfficialClient {
  readonly state: "open" | "connecting" | "closed";
  /** Read anew at each `connect`. */
  readonly options: { port: number };
  connect(): void;
  disconnect(): void;
  closeAllListeners(): void;
  subscribe(channel: string): OfficialChannel;
  unsubscribe(channel: string): void;
  invokePublish(channel: string, data: unknown): Promise<void>;
  listener(event: "connect" | "disconnect" | "connectAbort"): AsyncIterable<unknown>;
  listener(event: "subscribe" | "subscribeFail"): AsyncIterable<{ readonly channel: string }>;
}

export interface OfficialChannel extends AsyncIterable<unknown> {
  readonly state: "subscribed" | "pending" | "unsubscribed";
}

/** Longer than servers take to reject by themselves, so that their named errors are seen, ms. */
const ACK_WITHIN_MS = 15_000;
const CONNECT_WITHIN_MS = 5000;

/** One official client, unmodified, that connects when and where it is told to, and never by itself. */
export function officialClient(hostname: string, port: number): OfficialClient {
  return socketClusterClient.create({
    hostname,
    port,
    autoConnect: false,
    autoReconnect: false,
    ackTimeout: ACK_WITHIN_MS,
    connectTimeout: CONNECT_WITHIN_MS,
  }) as OfficialClient;
}
