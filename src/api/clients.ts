import type { Connection } from "../server/connection.ts";
import type { AppTypes } from "./app-types.ts";
import type { AGServerSocket } from "./server-socket.ts";

/** Sockets by id, as applications look them up and go through them. */
export type SocketRecord<App extends AppTypes = AppTypes> = Record<string, AGServerSocket<App>>;

/**
 * A view of connections as a record of sockets. Nothing is kept for it: a socket is made when it is looked at.
 * What applications assign stands in it beside them, what they delete is not seen in it any more; connections go on
 * all the same.
 */
export function socketRecord<App extends AppTypes>(
  connections: ReadonlyMap<string, Connection>,
  socketOf: (connection: Connection) => AGServerSocket<App>,
): SocketRecord<App> {
  const deleted = new WeakSet<Connection>();
  const find = (key: string | symbol): Connection | undefined => {
    const connection = typeof key === "string" ? connections.get(key) : undefined;
    return connection === undefined || deleted.has(connection) ? undefined : connection;
  };
  const look = (key: string | symbol): AGServerSocket<App> | undefined => {
    const connection = find(key);
    return connection && socketOf(connection);
  };
  return new Proxy<Record<string, AGServerSocket<App>>>(Object.create(null), {
    get: (assigned, key) => (key in assigned ? assigned[key as string] : look(key)),
    has: (assigned, key) => key in assigned || find(key) !== undefined,
    ownKeys: (assigned) => [
      ...new Set([...[...connections.keys()].filter(find), ...Reflect.ownKeys(assigned)]),
    ],
    getOwnPropertyDescriptor: (assigned, key) => {
      if (key in assigned) return Reflect.getOwnPropertyDescriptor(assigned, key);
      const value = look(key);
      return value && { value, enumerable: true, configurable: true, writable: true };
    },
    set: (assigned, key, value) => Reflect.set(assigned, key, value),
    deleteProperty: (assigned, key) => {
      const connection = find(key);
      if (connection !== undefined) deleted.add(connection);
      return Reflect.deleteProperty(assigned, key);
    },
  });
}
