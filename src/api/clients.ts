import type { Connection } from "../server/connection.ts";
import type { AppTypes } from "./app-types.ts";
import type { AGServerSocket } from "./server-socket.ts";

/** Sockets by id, as applications look them up and go through them. */
export type SocketRecord<App extends AppTypes = AppTypes> = Readonly<Record<string, AGServerSocket<App>>>;

/**
 * A view of connections as a record of sockets. Nothing is kept for it: a socket is made when it is looked at.
 */
export function socketRecord<App extends AppTypes>(
  connections: ReadonlyMap<string, Connection>,
  socketOf: (connection: Connection) => AGServerSocket<App>,
): SocketRecord<App> {
  const find = (key: string | symbol): AGServerSocket<App> | undefined => {
    const connection = typeof key === "string" ? connections.get(key) : undefined;
    return connection && socketOf(connection);
  };
  return new Proxy<Record<string, AGServerSocket<App>>>(Object.create(null), {
    get: (_, key) => find(key),
    has: (_, key) => typeof key === "string" && connections.has(key),
    ownKeys: () => [...connections.keys()],
    getOwnPropertyDescriptor: (_, key) => {
      const value = find(key);
      return value && { value, enumerable: true, configurable: true, writable: false };
    },
    set: () => false,
    deleteProperty: () => false,
  });
}
