import type { DialLink } from "../../../src/cluster/peer/owner-link.ts";
import { StateLink } from "../../../src/cluster/registration/state-link.ts";
import type { CurrentRing } from "../../../src/cluster/ring/current-ring.ts";
import { LINK_PROTOCOL } from "../../../src/link/entries.ts";
import { Link } from "../../../src/link/link.ts";
import { TALK_PROTOCOL, Talk } from "../../../src/link/talk.ts";
import type { WireSocket } from "../../../src/link/wire.ts";
import type { Clock } from "../../../src/runtime/clock.ts";
import type { Logger } from "../../../src/runtime/log.ts";
import type { History } from "../history.ts";
import type { Network } from "../network/network.ts";
import type { Settings } from "../plan.ts";
import type { Process } from "../process.ts";

/** What every member is given: its process, and the world around it. */
export interface MemberContext {
  readonly process: Process;
  /** Where it is reached. */
  readonly uri: string;
  readonly network: Network;
  readonly history: History;
  readonly settings: Settings;
  readonly log: Logger;
}

/** Where scc-state is reached, whichever process that is. */
export const STATE_URI = "ws://state:7777";

export function linkOver(socket: WireSocket, { process, settings }: MemberContext): Link {
  const { turn, clock } = process;
  return new Link(socket, { turn, clock, maxBufferedBytes: settings.linkBufferBytes });
}

/** Links to other members. */
export function linkDialer(context: MemberContext): DialLink {
  const { network, process, settings } = context;
  return (uri, events) =>
    network.dial(
      process,
      { uri, protocol: LINK_PROTOCOL, timeoutMs: settings.connectTimeout },
      { ...events, opened: (socket) => events.opened(linkOver(socket, context)) },
    );
}

/** A clock whose timers may resolve promises: what waits for them runs before time goes on. */
export function promisingClock({ clock, promised }: { clock: Clock; promised: () => void }): Clock {
  return {
    now: () => clock.now(),
    after: (ms, task) =>
      clock.after(ms, () => {
        task();
        promised();
      }),
    every: (ms, task) => clock.every(ms, task),
  };
}

/** A member's talk with scc-state. */
export function stateLinkOf(
  context: MemberContext,
  ring: CurrentRing,
  instanceType: "scc-broker" | "scc-worker",
  instanceId: () => string,
): StateLink {
  const { process, network, settings, log, uri } = context;
  const query = { instanceType, instancePort: new URL(uri).port };
  ring.onAdopted(() => process.promised());
  return new StateLink({
    dial: (events) =>
      network.dial(
        process,
        { uri: STATE_URI, protocol: TALK_PROTOCOL, query, timeoutMs: settings.connectTimeout },
        { ...events, opened: (socket) => events.opened(new Talk(socket, process.clock)) },
      ),
    ring,
    clock: promisingClock({ clock: process.clock, promised: () => process.promised() }),
    random: () => process.random.unit(),
    log,
    identity: () => ({
      instanceId: instanceId(),
      instanceIp: undefined,
      instanceIpFamily: undefined,
      instanceSecure: false,
    }),
    retryDelay: settings.memberRetryDelay,
    ackTimeout: settings.ackTimeout,
    authFailed: () => {},
  });
}

/** What resolves a promise of `StateLink.leave`, so that the world knows: what waits for it runs before time goes on. */
export function promising(
  process: Process,
  released: (done: () => void) => void,
  limitMs: number,
): (done: () => void) => void {
  return (done) => {
    released(() => {
      done();
      process.promised();
    });
    process.clock.after(limitMs + 1, () => process.promised());
  };
}
