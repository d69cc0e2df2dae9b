import type { EventEmitter } from "node:events";
import { Hub } from "../../pubsub/hub.ts";
import { PubSub } from "../../pubsub/pubsub.ts";
import type { Clock } from "../../runtime/clock.ts";
import { attempt } from "../../runtime/contain.ts";
import type { Turn } from "../../runtime/turn.ts";
import { Tokens } from "../../server/auth/tokens.ts";
import { ServerCore } from "../../server/core.ts";
import { drain } from "../../server/drain/drain.ts";
import { resolveOptions } from "../../server/options.ts";
import { WsServer } from "../../server/websocket/ws-server.ts";
import type { BrokerService } from "../service.ts";
import { UpstreamGateway } from "./upstream-gateway.ts";

const CLOSE_MS = 1000;
/** Largest message of an upstream worker unless it is told otherwise, bytes: as much is parsed in 0.1 s at worst. */
const MAX_PAYLOAD = 2 ** 20;

export interface UpstreamOptions {
  /** Unsent bytes from which on a worker is cut off. */
  readonly maxBufferedBytes: number;
  /** Bytes of its largest message; default 1 MiB. */
  readonly maxPayload?: number | undefined;
}

/**
 * Serves upstream's workers at scc-broker, over the SocketCluster protocol.
 *
 * @param upgrades emits "upgrade" for each request of theirs, its key checked
 * @returns a function that parts with all of them
 */
export function serveUpstreamWorkers(
  upgrades: EventEmitter,
  service: BrokerService,
  { clock, turn }: { readonly clock: Clock; readonly turn: Turn },
  { maxBufferedBytes, maxPayload = MAX_PAYLOAD }: UpstreamOptions,
): () => Promise<void> {
  const hub = new Hub(turn);
  const gateway = new UpstreamGateway({
    service,
    deliver: (publication) => hub.deliver(publication),
    clock,
    turnOver: () => turn.over(),
  });
  const core = new ServerCore({
    // One of upstream's workers is a client here, and asks for the channels of all of its own.
    options: resolveOptions({ maxBufferedBytes, maxPayload, newChannelsPerMinute: 0 }),
    pubsub: new PubSub(hub, gateway),
    tokens: new Tokens({}),
    turn,
    clock,
  });
  const tell = (): void => void attempt("upstream", () => service.upstreamHere(core.open.size));
  core.events = { connected: tell, ended: tell };
  new WsServer(core, upgrades);
  tell();
  return () => drain(core, { perSecond: Infinity, deadlineMs: CLOSE_MS });
}
