import type { AuthenticationState, ConnectStatus } from "../server/middleware/events.ts";
import type { AppTypes, TokenOf } from "./app-types.ts";
import type { AGServerSocket } from "./server-socket.ts";

export interface Closure {
  readonly code: number;
  readonly reason: string | undefined;
}

export interface AuthStateChange<App extends AppTypes = AppTypes> {
  readonly oldAuthState: AuthenticationState;
  readonly newAuthState: AuthenticationState;
  readonly authToken?: TokenOf<App> | null;
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
export interface SocketEvents<App extends AppTypes = AppTypes> {
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
  authenticate: { readonly authToken: TokenOf<App> | null };
  deauthenticate: { readonly oldAuthToken: unknown };
  authStateChange: AuthStateChange<App>;
  authTokenSigned: { readonly signedAuthToken: string };
  badAuthToken: BadToken;
}

interface OfSocket<App extends AppTypes> {
  readonly socket: AGServerSocket<App>;
}

/** What an `AGServer` emits. */
export interface ServerEventMap<App extends AppTypes = AppTypes> {
  ready: object;
  error: { readonly error: unknown };
  warning: { readonly warning: unknown };
  handshake: OfSocket<App>;
  connection: OfSocket<App> & ConnectStatus;
  connectionAbort: OfSocket<App> & Closure;
  disconnection: OfSocket<App> & Closure;
  closure: OfSocket<App> & Closure;
  subscription: OfSocket<App> & Subscription;
  unsubscription: OfSocket<App> & { readonly channel: string };
  authentication: OfSocket<App> & { readonly authToken: TokenOf<App> | null };
  deauthentication: OfSocket<App> & { readonly oldAuthToken: unknown };
  authenticationStateChange: OfSocket<App> & AuthStateChange<App>;
  badSocketAuthToken: OfSocket<App> & BadToken;
}
