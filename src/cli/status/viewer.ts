import type { ClientRequest } from "node:http";
import socketClusterClient from "socketcluster-client";
import { z } from "zod";
import { ClusterAuthError } from "../../runtime/errors.ts";
import { tlsAdvice } from "../../runtime/tls/tls-advice.ts";
import type { StateAddress } from "./flags.ts";
import { type Picture, pictureSchema } from "./picture.ts";

/** The part of the official client that is used here. */
interface Client {
  invoke(procedure: string, data?: unknown): Promise<unknown>;
  subscribe(channel: string): AsyncIterable<unknown>;
  listener(event: "connect" | "disconnect" | "connectAbort" | "error"): AsyncIterable<unknown>;
  disconnect(): void;
  closeAllListeners(): void;
  closeAllChannels(): void;
}

/** scc-state could not be looked at. */
export class NoViewError extends Error {
  override readonly name = "NoViewError";
}

export interface ViewerEvents {
  picture(picture: Picture): void;
  /** The connection ended, or could not be made; it is tried again. */
  lost(reason: string): void;
  /** It makes no sense to go on. */
  failed(error: NoViewError | ClusterAuthError): void;
}

const ACK_WITHIN_MS = 5000;
const CONNECT_WITHIN_MS = 5000;
const RETRY = { initialDelay: 300, randomness: 300, multiplier: 1.5, maxDelay: 3000 };

const accessSchema = z.object({
  isLocked: z.boolean(),
  mayRead: z.boolean(),
  reason: z.string().optional(),
});

/** Keeps the session as long as this process lives, and nowhere else. */
class SessionInMemory {
  #token: unknown = null;

  async saveToken(_name: string, token: unknown): Promise<unknown> {
    this.#token = token;
    return token;
  }

  async removeToken(): Promise<unknown> {
    const token = this.#token;
    this.#token = null;
    return token;
  }

  async loadToken(): Promise<unknown> {
    return this.#token;
  }
}

/** Looks at the cluster through scc-state, with the official client, until it is closed. */
export class Viewer {
  readonly #address: StateAddress;
  readonly #events: ViewerEvents;
  readonly #client: Client;
  #isClosed = false;
  #isFollowing = false;
  /** Why the latest connection could not be made. */
  #failure: NodeJS.ErrnoException | undefined;

  constructor(address: StateAddress, events: ViewerEvents) {
    this.#address = address;
    this.#events = events;
    const { hostname, port, secure, ca } = address;
    this.#client = socketClusterClient.create({
      hostname,
      port,
      secure,
      path: "/dashboard/socket/",
      authEngine: new SessionInMemory(),
      ackTimeout: ACK_WITHIN_MS,
      connectTimeout: CONNECT_WITHIN_MS,
      autoReconnectOptions: RETRY,
      wsOptions: {
        ...(ca !== undefined && { ca }),
        // The client itself tells only that a connection has ended, and not why there was none.
        finishRequest: (request: ClientRequest) => {
          request.once("error", (error) => {
            this.#failure = error;
          });
          request.end();
        },
      },
    }) as Client;
    this.#listen("connect", () => void this.#connected());
    this.#listen("disconnect", (event) => this.#lost(event));
    this.#listen("connectAbort", (event) => this.#lost(event));
    // What is wrong comes with the end of the connection, or to whoever asked.
    this.#listen("error", () => {});
  }

  close(): void {
    this.#isClosed = true;
    this.#client.disconnect();
    this.#client.closeAllListeners();
    this.#client.closeAllChannels();
  }

  #listen(event: Parameters<Client["listener"]>[0], act: (event: unknown) => void): void {
    void (async () => {
      for await (const one of this.#client.listener(event)) if (!this.#isClosed) act(one);
    })();
  }

  async #connected(): Promise<void> {
    try {
      const access = accessSchema.parse(await this.#client.invoke("access"));
      if (!access.mayRead && access.isLocked) await this.#login();
      else if (!access.mayRead) throw new NoViewError(access.reason ?? "scc-state lets nobody look");
      this.#follow();
    } catch (error) {
      if (this.#isClosed) return;
      if (error instanceof ClusterAuthError || error instanceof NoViewError) this.#events.failed(error);
      else if (error instanceof z.ZodError)
        this.#events.failed(
          new NoViewError("What scc-state says is not understood: is it of another release?"),
        );
      else this.#events.lost((error as Error).message);
    }
  }

  async #login(): Promise<void> {
    const { authKey } = this.#address;
    if (authKey === undefined) throw new ClusterAuthError("The cluster has a key: set SCC_AUTH_KEY");
    try {
      await this.#client.invoke("login", { key: authKey });
    } catch (error) {
      const { name, message } = error as Error;
      if (name === "InvalidActionError")
        throw new ClusterAuthError(`scc-state refused SCC_AUTH_KEY: ${message}`);
      throw error;
    }
  }

  #follow(): void {
    // Where it was followed before, and the client has asked for it again by itself, this changes nothing.
    const pictures = this.#client.subscribe("cluster");
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    void (async () => {
      for await (const data of pictures) if (!this.#isClosed) this.#show(data);
    })();
  }

  #show(data: unknown): void {
    const picture = pictureSchema.safeParse(data);
    if (picture.success) this.#events.picture(picture.data);
    else
      this.#events.failed(
        new NoViewError("What scc-state shows is not understood: is it of another release?"),
      );
  }

  #lost(event: unknown): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) return this.#events.lost(reasonOf(failure, this.#address.secure));
    const { code, reason } = event as { code?: number; reason?: unknown };
    this.#events.lost(typeof reason === "string" && reason !== "" ? reason : `closed with code ${code}`);
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException, isSecure: boolean): string {
  const advice = tlsAdvice(code, isSecure);
  // Where a name has several addresses the message is empty: each of them has failed.
  const what = message || (code ?? "no connection");
  return advice === undefined ? what : `${what}: ${advice}`;
}
