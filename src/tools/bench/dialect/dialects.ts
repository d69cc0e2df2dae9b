import type { Protocol } from "../plan.ts";
import type { Dialect } from "./dialect.ts";
import { socketCluster } from "./socketcluster.ts";
import { socketIo } from "./socketio.ts";

export function dialectOf(protocol: Protocol): Dialect {
  return protocol === "socketcluster" ? socketCluster : socketIo;
}
