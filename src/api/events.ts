import type { AuthenticationState, ConnectStatus } from "../server/events.ts";
import type { AuthToken } from "../server/tokens.ts";
import type { AGServerSocket } from "./server-socket.ts";

export interface Closure {
  readonly code: number;
  readonly reason: string | undefined;
}

export interface AuthStateChange {
  readonly oldAuthState: AuthenticationState;
  readonly newAuthState: AuthenticationState;
  readonly authToken?: AuthToken | null;
}

export interface BadToken {
  readonly authError: unknown;
  readonly signedAuthToken: unknown;
}

export interface Subscription {
  readonly channel: string;
  readonly subscriptionOptions: Readonly<Record<string, unknown>>;
}

/** What an `AGServerSocket` emits. */
export interface SocketEvents {
  error: { readonly error: unknown };
  message: { readonly message: string | Buffer };
  raw: { readonly message: string | Buffer };
  connect: ConnectStatus;
  connectAbort: Closure;
  disconnect: Closure;
  close: Closure;
  end: undefined;
  subscribe: Subscription;
  unsubscribe: { readonly channel: string };
  authenticate: { readonly authToken: AuthToken | null };
  deauthenticate: { readonly oldAuthToken: unknown };
  authStateChange: AuthStateChange;
  authTokenSigned: { readonly signedAuthToken: string };
  badAuthToken: BadToken;
}

interface OfSocket {
  readonly socket: AGServerSocket;
}

/** What an `AGServer` emits. */
export interface ServerEventMap {
  ready: object;
  error: { readonly error: unknown };
  warning: { readonly warning: unknown };
  handshake: OfSocket;
  connection: OfSocket & ConnectStatus;
  connectionAbort: OfSocket & Closure;
  disconnection: OfSocket & Closure;
  closure: OfSocket & Closure;
  subscription: OfSocket & Subscription;
  unsubscription: OfSocket & { readonly channel: string };
  authentication: OfSocket & { readonly authToken: AuthToken | null };
  deauthentication: OfSocket & { readonly oldAuthToken: unknown };
  authenticationStateChange: OfSocket & AuthStateChange;
  badSocketAuthToken: OfSocket & BadToken;
}
