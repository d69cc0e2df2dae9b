import type { EventEmitter } from "node:events";
import { Hub } from "../pubsub/hub.ts";
import { LocalBroker } from "../pubsub/local-broker.ts";
import { PubSub } from "../pubsub/pubsub.ts";
import type { Clock } from "../runtime/clock.ts";
import { attempt } from "../runtime/contain.ts";
import { Turn } from "../runtime/turn.ts";
import { Tokens } from "../server/auth/tokens.ts";
import type { Connection } from "../server/connection.ts";
import { ServerCore } from "../server/core.ts";
import { drain } from "../server/drain/drain.ts";
import { resolveOptions } from "../server/options.ts";
import { WsServer } from "../server/websocket/ws-server.ts";
import type { StateService } from "./service.ts";
import type { UpstreamMember } from "./upstream-member.ts";

const CLOSE_MS = 1000;
/** Bytes of the largest thing that an upstream process has to say to scc-state; */
const MAX_PAYLOAD = 65_536;
/** and of what it may leave unread: a few lists of all brokers and workers. */
const MAX_BUFFERED = 2 ** 20;
/** Packets of one of them that may wait to be looked at. */
const MAX_QUEUED = 20;

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
    options: resolveOptions({
      allowClientPublish: false,
      maxPayload: MAX_PAYLOAD,
      maxBufferedBytes: MAX_BUFFERED,
      maxQueuedPackets: MAX_QUEUED,
      socketChannelLimit: 0,
    }),
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
      attempt("upstream", () => {
        if (member) service.upstreamClosed(member, reason ?? `closed with code ${code}`);
      });
    },
  };
  new WsServer(core, upgrades);
  return () => drain(core, { perSecond: Infinity, deadlineMs: CLOSE_MS });
}
