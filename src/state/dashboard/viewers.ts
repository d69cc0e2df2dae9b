import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { InvalidActionError } from "../../protocol/wire-errors.ts";
import { Hub } from "../../pubsub/hub.ts";
import { LocalBroker } from "../../pubsub/local-broker.ts";
import { Publication } from "../../pubsub/publication.ts";
import { PubSub } from "../../pubsub/pubsub.ts";
import type { Clock } from "../../runtime/clock.ts";
import { attempt, faults } from "../../runtime/contain.ts";
import { givesWay } from "../../runtime/gives-way.ts";
import type { Logger } from "../../runtime/log.ts";
import { networkOf } from "../../runtime/network.ts";
import { secretMatches } from "../../runtime/secret.ts";
import { Turn } from "../../runtime/turn.ts";
import { isExpired, setAuthToken } from "../../server/auth/authentication.ts";
import { Tokens } from "../../server/auth/tokens.ts";
import type { VerifyClient } from "../../server/auth/verify.ts";
import type { Connection } from "../../server/connection.ts";
import { ServerCore } from "../../server/core.ts";
import { drain } from "../../server/drain/drain.ts";
import type { Allowed, InboundAction } from "../../server/middleware/middleware.ts";
import type { CallRequest } from "../../server/middleware/request.ts";
import { resolveOptions } from "../../server/options.ts";
import { WsServer } from "../../server/websocket/ws-server.ts";
import { isLoopback, isRebound, isSameOrigin, sessionKey } from "./access.ts";
import { LoginLimit } from "./login-limit.ts";

export interface ViewersOptions {
  /** The cluster's keys; the first one that is there signs sessions. */
  readonly authKeys: readonly (string | undefined)[];
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ViewersEvents {
  /** A channel has its first viewer, or its last one has gone. */
  wanted(channel: string, isWanted: boolean): void;
  /** What a new viewer of a channel is told first; undefined: nothing. */
  greeting(channel: string): unknown;
  /** Whether a channel may be subscribed to, besides `cluster` and `events`. */
  mayFollow(channel: string): boolean;
}

const PATH = "/dashboard/socket/";
/** Viewers at a time, pages at their login form among them. */
const MOST_VIEWERS = 96;
/** Bytes of the largest thing a viewer has to say. */
const MAX_MESSAGE = 8192;
const MAX_BUFFERED = 4 * 2 ** 20;
/** A page makes its handshake at once. */
const HANDSHAKE_MS = 5000;
const SESSION_S = 12 * 3600;
const CLOSE_MS = 1000;
const SESSION_OVER = 4401;

/** Everybody who may see the cluster, and nobody else, may follow these; the live messages of channels need more. */
const OPEN_CHANNELS: readonly string[] = ["cluster", "events"];

/**
 * Serves those who look at the dashboard (pages, `scc top`) over the SocketCluster protocol: they log in with the
 * cluster's key where there is one, and follow channels that scc-state publishes on. They can publish nothing.
 */
export class Viewers {
  readonly #options: ViewersOptions;
  readonly #events: ViewersEvents;
  readonly #core: ServerCore;
  readonly #hub: Hub;
  readonly #upgrades = new EventEmitter();
  readonly #limit = new LoginLimit();
  readonly #key: string | undefined;

  constructor(options: ViewersOptions, events: ViewersEvents) {
    this.#options = options;
    this.#events = events;
    this.#key = options.authKeys.find((key) => key !== undefined);
    const turn = new Turn();
    this.#hub = new Hub(turn);
    const pubsub = new PubSub(this.#hub, new LocalBroker((publication) => this.#hub.deliver(publication)));
    pubsub.events = {
      subscribed: (channel) => void attempt("dashboard", () => events.wanted(channel, true)),
      unsubscribed: (channel) => void attempt("dashboard", () => events.wanted(channel, false)),
      published: () => {},
    };
    this.#core = new ServerCore({
      options: resolveOptions({
        path: PATH,
        allowClientPublish: false,
        maxPayload: MAX_MESSAGE,
        handshakeTimeout: HANDSHAKE_MS,
        maxBufferedBytes: MAX_BUFFERED,
        socketChannelLimit: OPEN_CHANNELS.length + 1,
        maxQueuedPackets: 20,
      }),
      pubsub,
      tokens: new Tokens(
        this.#key === undefined ? {} : { authKey: sessionKey(this.#key), authAlgorithm: "HS256" },
      ),
      turn,
      clock: options.clock,
      events: {
        connecting: (connection) => this.#connecting(connection),
        subscribed: (connection, channel) => this.#greet(connection, channel),
      },
    });
    this.#core.middleware.inbound = (action) => this.#decide(action);
    new WsServer(this.#core, this.#upgrades, this.#verify);
  }

  /** @returns whether the request was for this */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (request.url?.split("?", 1)[0] !== PATH) return false;
    this.#upgrades.emit("upgrade", request, socket, head);
    return true;
  }

  /** Tells the viewers of a channel something that can be written as JSON. */
  publish(channel: string, data: unknown): void {
    this.#hub.deliver(Publication.of(channel, data));
  }

  /** Parts with those whose session is over. To be called now and then. */
  review(): void {
    if (this.#key === undefined) return;
    for (const connection of this.#core.open.values()) {
      const follows = (connection.channels?.size ?? 0) > 0;
      if (follows && !this.#mayRead(connection)) connection.close(SESSION_OVER, "The session is over");
    }
  }

  close(): Promise<void> {
    return drain(this.#core, { perSecond: Infinity, deadlineMs: CLOSE_MS });
  }

  // --- who may come in, and what they may do ---

  readonly #verify: VerifyClient = ({ req }, answer) => {
    if (!isSameOrigin(req)) answer(false, 403, "Pages of other sites may not connect");
    else if (!this.#hasRoom()) answer(false, 503, "Too many look at the dashboard already");
    else answer(true);
  };

  /** Somebody who has not logged in gives way, of those whose network has most of them. */
  #hasRoom(): boolean {
    if (this.#core.socketCount < MOST_VIEWERS) return true;
    const strangers = [...this.#core.pending.values(), ...this.#core.open.values()];
    // Those who have not even made their handshake go first.
    const notLoggedIn = this.#key === undefined ? [] : strangers.filter((one) => !this.#mayRead(one));
    const stranger = givesWay(notLoggedIn, ({ request }) => networkOf(request.socket.remoteAddress ?? ""));
    stranger?.terminate();
    return stranger !== undefined;
  }

  #mayRead({ auth, request }: Connection): boolean {
    if (this.#key === undefined) return !isRebound(request);
    return auth.state === "authenticated" && !isExpired(auth.token);
  }

  /** Messages are more than numbers: without a key they are for this machine alone. */
  #mayTail(connection: Connection): boolean {
    return this.#mayRead(connection) && (this.#key !== undefined || isLoopback(connection.request));
  }

  async #decide(action: InboundAction): Promise<Allowed | undefined> {
    if (action.type === "authenticate" || action.type === "invoke") return undefined;
    if (action.type !== "subscribe") throw new InvalidActionError("Viewers can only look");
    const { connection, channel } = action;
    const isOpen = OPEN_CHANNELS.includes(channel);
    const may = isOpen ? this.#mayRead(connection) : this.#mayTail(connection);
    if (!may) throw new InvalidActionError(isOpen ? this.#refusal() : TAIL_REFUSAL);
    if (!isOpen && !this.#events.mayFollow(channel))
      throw new InvalidActionError(`Cannot follow "${channel.slice(0, 100)}" now`);
    return undefined;
  }

  #refusal(): string {
    if (this.#key !== undefined) return "Log in first";
    return "Without SCC_AUTH_KEY the dashboard answers on this machine only by the name localhost";
  }

  #greet(connection: Connection, channel: string): void {
    const data = this.#events.greeting(channel);
    if (data !== undefined) connection.sendPublication(Publication.of(channel, data));
  }

  // --- what they ask ---

  #connecting(connection: Connection): void {
    connection.observer = {
      message() {},
      raw() {},
      receives: () => false,
      transmitted() {},
      answers: () => true,
      invoked: (request) => this.#invoked(request),
    };
  }

  #invoked({ connection, id, procedure, data, answered }: CallRequest): void {
    if (answered) return;
    if (procedure === "access") connection.answer(id, this.#accessOf(connection));
    else if (procedure === "login")
      this.#login(connection, id, data).catch((error: unknown) => {
        faults.contain("dashboard", error);
        connection.terminate();
      });
    else connection.answerError(id, new InvalidActionError("There is no such procedure"));
  }

  #accessOf(connection: Connection): object {
    const mayRead = this.#mayRead(connection);
    const isLocked = this.#key !== undefined;
    const reason = mayRead || isLocked ? {} : { reason: this.#refusal() };
    return { isLocked, mayRead, mayTail: this.#mayTail(connection), ...reason };
  }

  async #login(connection: Connection, id: number, data: unknown): Promise<void> {
    const from = connection.request.socket.remoteAddress ?? "";
    const { clock, log, authKeys } = this.#options;
    const waitMs = this.#limit.take(from, clock.now());
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      connection.answerError(id, new InvalidActionError(`Too many tries: wait for ${seconds} s`));
      return;
    }
    const key = (data as { key?: unknown } | null)?.key;
    const isRight = typeof key === "string" && secretMatches(key, authKeys);
    if (!isRight) {
      log.warn("dashboard login refused: wrong key", { from });
      connection.answerError(id, new InvalidActionError("This is not the cluster's key"));
      return;
    }
    this.#limit.succeeded(from);
    log.info("dashboard login", { from });
    try {
      if (this.#key !== undefined)
        await setAuthToken(connection, { dashboard: true }, { expiresIn: SESSION_S });
      connection.answer(id, this.#accessOf(connection));
    } catch (error) {
      // The connection has ended meanwhile.
      log.warn("dashboard login failed", { from, error });
    }
  }
}

const TAIL_REFUSAL =
  "Messages are shown to those with SCC_AUTH_KEY; without one only on scc-state's own machine";
