import type { EventEmitter } from "node:events";
import { Hub } from "../pubsub/hub.ts";
import { LocalBroker } from "../pubsub/local-broker.ts";
import { PubSub } from "../pubsub/pubsub.ts";
import type { Clock } from "../runtime/clock.ts";
import { Turn } from "../runtime/turn.ts";
import type { Connection } from "../server/connection.ts";
import { ServerCore } from "../server/core.ts";
import { drain } from "../server/drain.ts";
import { resolveOptions } from "../server/options.ts";
import { Tokens } from "../server/tokens.ts";
import { WsServer } from "../server/ws-server.ts";
import type { StateService } from "./service.ts";
import type { UpstreamMember } from "./upstream-member.ts";

const CLOSE_MS = 1000;

/**
 * Serves upstream's processes at scc-state, over the SocketCluster protocol.
 *
 * @param upgrades emits "upgrade" for each request of theirs, its key checked
 * @returns a function that parts with all of them
 */
export function serveUpstreamMembers(
  upgrades: EventEmitter,
  service: StateService,
  clock: Clock,
): () => Promise<void> {
  const turn = new Turn();
  const hub = new Hub(turn);
  const core = new ServerCore({
    options: resolveOptions({ allowClientPublish: false }),
    pubsub: new PubSub(hub, new LocalBroker((publication) => hub.deliver(publication))),
    tokens: new Tokens({}),
    turn,
    clock,
  });
  const members = new WeakMap<Connection, UpstreamMember>();
  core.events = {
    connecting: (connection) => {
      const member = service.acceptUpstream(connection);
      connection.observer = member;
      members.set(connection, member);
    },
    closed: (connection, { code, reason }) => {
      const member = members.get(connection);
      if (member) service.upstreamClosed(member, reason ?? `closed with code ${code}`);
    },
  };
  new WsServer(core, upgrades);
  return () => drain(core, { perSecond: Infinity, deadlineMs: CLOSE_MS });
}
