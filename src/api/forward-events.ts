import type { Connection } from "../server/connection.ts";
import type { AuthenticationState, ServerEvents } from "../server/middleware/events.ts";
import { Attribution } from "./attribution.ts";
import type { AuthStateChange, ServerEventMap } from "./events.ts";
import type { AGServer } from "./server.ts";
import type { AGServerSocket } from "./server-socket.ts";
import { watchListeners } from "./streams.ts";

/** Of a WebSocket whose client has said goodbye, or has hung up. */
const CLOSING = 2;

type FaceOf = (connection: Connection) => AGServerSocket | undefined;
type WithoutSocket<E> = E extends { readonly socket: AGServerSocket } ? Omit<E, "socket"> : never;

/**
 * The server's callbacks as SocketCluster's events. A socket that nobody has asked for emits nothing, and is
 * made here only if somebody listens for its server's event about it.
 */
export function forwardEvents(server: AGServer, faceOf: FaceOf): ServerEvents {
  const attribution = new Attribution();
  watchListeners(server, attribution);
  const tell = <Name extends keyof ServerEventMap>(
    name: Name,
    connection: Connection,
    event: WithoutSocket<ServerEventMap[Name]>,
  ): void => {
    if (server.getListenerConsumerCount(name) === 0) return;
    const value = { socket: server.socketOf(connection), ...event };
    attribution.to(connection, () => server.emit(name as string, value));
  };

  return {
    connecting(connection) {
      server.startMiddleware(connection);
      tell("handshake", connection, {});
    },
    connected(connection, status) {
      faceOf(connection)?.emit("connect", status);
      tell("connection", connection, status);
      server.handshakeStreamOf(connection.request)?.close();
    },
    closed(connection, { code, reason, wasOpen }) {
      const event = { code, reason };
      const face = faceOf(connection);
      face?.emit(wasOpen ? "disconnect" : "connectAbort", event);
      tell(wasOpen ? "disconnection" : "connectionAbort", connection, event);
      face?.emit("close", event);
      tell("closure", connection, event);
      server.handshakeStreamOf(connection.request)?.close();
    },
    ended(connection) {
      const face = faceOf(connection);
      if (face !== undefined) end(server, face);
    },
    subscribed(connection, channel, subscriptionOptions) {
      faceOf(connection)?.emit("subscribe", { channel, subscriptionOptions });
      tell("subscription", connection, { channel, subscriptionOptions });
    },
    unsubscribed(connection, channel) {
      faceOf(connection)?.emit("unsubscribe", { channel });
      tell("unsubscription", connection, { channel });
    },
    ...authenticationEvents(tell, faceOf),
    error(connection, error) {
      faceOf(connection)?.emit("error", { error });
      attribution.to(connection, () => server.emitWarning(error));
    },
    warning: (warning) => server.emitWarning(warning),
  };
}

type Tell = <Name extends keyof ServerEventMap>(
  name: Name,
  connection: Connection,
  event: WithoutSocket<ServerEventMap[Name]>,
) => void;

function authenticationEvents(tell: Tell, faceOf: FaceOf): ServerEvents {
  const stateChanged = (connection: Connection, before: AuthenticationState): void => {
    const { state, token } = connection.auth;
    const change: AuthStateChange = { oldAuthState: before, newAuthState: state };
    const event = state === "authenticated" ? { ...change, authToken: token } : change;
    faceOf(connection)?.emit("authStateChange", event);
    tell("authenticationStateChange", connection, event);
  };
  return {
    authenticated(connection, before) {
      if (before !== "authenticated") stateChanged(connection, before);
      const authToken = connection.auth.token;
      faceOf(connection)?.emit("authenticate", { authToken });
      tell("authentication", connection, { authToken });
    },
    deauthenticated(connection, before, oldAuthToken) {
      if (before !== "unauthenticated") stateChanged(connection, before);
      faceOf(connection)?.emit("deauthenticate", { oldAuthToken });
      tell("deauthentication", connection, { oldAuthToken });
    },
    tokenSigned(connection, signedAuthToken) {
      faceOf(connection)?.emit("authTokenSigned", { signedAuthToken });
    },
    badToken(connection, authError, signedAuthToken) {
      faceOf(connection)?.emit("badAuthToken", { authError, signedAuthToken });
      tell("badSocketAuthToken", connection, { authError, signedAuthToken });
    },
  };
}

/**
 * Ends a socket's streams once those who listen for its end were told, and those who consume what came before it had
 * the time to: until the turn is over, and, where the client said goodbye, until its WebSocket is closed, as in the
 * original. What takes a loop longer than that is dropped by `kill`.
 */
function end(server: AGServer, face: AGServerSocket): void {
  const mode = server.options.socketStreamCleanupMode ?? "kill";
  if (mode !== "none") {
    const cleanUp = (): void => (mode === "kill" ? face.killAllStreams() : face.closeAllStreams());
    const parted = face.socket.readyState === CLOSING ? closing(face) : undefined;
    void Promise.all([face.listener("end").once(), parted])
      .then(() => server.core.turn.over())
      .then(cleanUp);
  }
  face.emit("end", undefined);
}

/** Resolves when a WebSocket that is closing is closed, which it is within its `closeTimeout`. */
function closing({ socket }: AGServerSocket): Promise<void> {
  return new Promise((resolve) => socket.on("close", () => resolve()));
}
