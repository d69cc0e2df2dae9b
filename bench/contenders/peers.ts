import { fileURLToPath } from "node:url";
import { type Contender, numbers, type PeerName, type ServerProcess, type Site } from "./contender.ts";

/** What others are, in the set-up that they recommend. */
export const PEERS: readonly (Contender & { readonly name: PeerName })[] = [
  {
    name: "uws",
    about: "native uWebSockets with its own publish and subscribe, one process",
    protocol: "socketcluster",
    packages: ["@btc-vision/uwebsockets.js"],
    clusters: false,
    processes: ({ workers }, site) => [
      numbers(workers).map((number) => peer("uws.cjs", number, site, uwsEnv(site))),
    ],
  },
  {
    name: "ws",
    about: "the ws package, a send per subscriber, one process",
    protocol: "socketcluster",
    packages: ["ws"],
    clusters: false,
    processes: ({ workers }, site) => [numbers(workers).map((number) => peer("ws.cjs", number, site))],
  },
  {
    name: "socket.io",
    about: "Socket.IO with rooms, one process",
    protocol: "socketio",
    packages: ["socket.io"],
    clusters: false,
    processes: ({ workers }, site) => [numbers(workers).map((number) => peer("socketio.cjs", number, site))],
  },
  {
    name: "socketcluster-server",
    about: "the official SocketCluster server, one process",
    protocol: "socketcluster",
    packages: ["socketcluster-server", "eetase"],
    clusters: false,
    processes: ({ workers }, site) => [
      numbers(workers).map((number) => {
        const { authKey } = site;
        return peer("socketcluster.cjs", number, site, authKey === undefined ? {} : { AUTH_KEY: authKey });
      }),
    ],
  },
  {
    name: "socket.io+redis",
    about: "Socket.IO with the Redis adapter: workers and one Redis",
    protocol: "socketio",
    packages: ["socket.io", "@socket.io/redis-adapter", "redis"],
    clusters: true,
    processes: ({ workers }, site) => {
      const redis = redisServer(site.port());
      const env = { REDIS_URL: `redis://127.0.0.1:${redis.port}` };
      return [[redis], numbers(workers).map((number) => peer("socketio.cjs", number, site, env))];
    },
  },
];

function peer(
  file: string,
  number: number,
  site: Site,
  env: Readonly<Record<string, string>> = {},
): ServerProcess {
  const port = site.port();
  return {
    name: `worker ${number}`,
    role: "worker",
    command: process.execPath,
    args: [fileURLToPath(new URL(`../peers/${file}`, import.meta.url))],
    env: { NODE_ENV: "production", PEERS: site.peers, PORT: String(port), ...env },
    port,
  };
}

function uwsEnv({ uwsPreload }: Site): Readonly<Record<string, string>> {
  return uwsPreload === undefined ? {} : { LD_PRELOAD: uwsPreload };
}

/** Keeps nothing on disk, as an adapter's Redis need not. */
function redisServer(port: number): ServerProcess {
  return {
    name: "redis",
    role: "broker",
    command: "redis-server",
    args: ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
    env: {},
    port,
  };
}
