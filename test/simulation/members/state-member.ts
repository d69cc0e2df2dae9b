import { RegistrationError } from "../../../src/cluster/peer/address.ts";
import type { Ring } from "../../../src/cluster/ring/ring.ts";
import { NO_RING } from "../../../src/cluster/ring/ring.ts";
import { TALK_PROTOCOL, Talk } from "../../../src/link/talk.ts";
import { FRAME_ROOM } from "../../../src/protocol/frames.ts";
import { NobodyThereError } from "../../../src/state/probe.ts";
import { StateService } from "../../../src/state/service.ts";
import type { VirtualSocket } from "../network/socket.ts";
import type { Process } from "../process.ts";
import type { MemberEnding } from "../truth.ts";
import { type MemberContext, promisingClock, STATE_URI } from "./context.ts";

/** By which scc-state asks a broker who it is; over HTTP where it is real. */
export const IDENTITY_PROTOCOL = "identity";
const PROBE_TIMEOUT_MS = 3000;

/** scc-state as a process of a world. */
export class StateMember {
  readonly process: Process;
  readonly service: StateService;
  readonly stateId: string;
  readonly #context: MemberContext;
  #told: Ring = NO_RING;

  constructor(context: MemberContext) {
    const { process, settings, log } = context;
    this.#context = context;
    this.process = process;
    this.stateId = process.random.uuid().slice(0, 8);
    this.service = new StateService({
      stateId: this.stateId,
      delays: settings.delays,
      upstreamPlacement: "skeletonRendezvous",
      retryDelay: settings.stateRetryDelay,
      forwardedForHeader: undefined,
      clock: promisingClock({ clock: process.clock, promised: () => process.promised() }),
      log,
      probe: (uri) => this.#probe(uri),
      ringMade: (ring, before) => {
        if (before.brokers.length > 0) context.history.ringMade(ring, before);
      },
    });
    context.network.listen(process, STATE_URI, {
      [TALK_PROTOCOL]: (socket, request) => this.service.accept(new Talk(socket, process.clock), request),
    });
  }

  /** Its process ran: notes whether it is at another ring now. */
  ran(): void {
    const { ring } = this.service;
    if (ring === this.#told) return;
    this.#told = ring;
    this.#context.history.ringHeld(this.process.name, ring);
  }

  ending(): MemberEnding {
    const { ring } = this.service;
    return {
      name: this.process.name,
      role: "state",
      instanceId: this.stateId,
      ring,
      trouble: undefined,
      pending: {},
      logs: [],
    };
  }

  #probe(uri: string): Promise<string> {
    const { process, network } = this.#context;
    return new Promise((resolve, reject) => {
      const done = (): void => {
        timer.cancel();
        process.promised();
      };
      const fail = (reason: string): void => {
        reject(new RegistrationError(`Cannot register ${uri}: nobody answers there as a broker (${reason})`));
        done();
      };
      let open: VirtualSocket | undefined;
      const timer = process.clock.after(PROBE_TIMEOUT_MS, () => {
        open?.terminate();
        fail("no answer in time");
      });
      network.dial(
        process,
        { uri, protocol: IDENTITY_PROTOCOL, timeoutMs: PROBE_TIMEOUT_MS },
        {
          failed: ({ kind, reason }) => {
            if (kind !== "refused") return fail(reason);
            reject(new NobodyThereError(uri));
            done();
          },
          opened: (socket) => {
            open = socket;
            socket.start({
              read: (answer) => {
                resolve(answer.toString());
                socket.close("thanks");
                done();
              },
              closed: () => fail("the answer was cut short"),
            });
          },
        },
      );
    });
  }
}

/** The answer to scc-state's question who a broker is. */
export function answerIdentity(socket: VirtualSocket, instanceId: string): void {
  const room = Buffer.alloc(FRAME_ROOM + instanceId.length);
  room.write(instanceId, FRAME_ROOM);
  socket.start({ read: () => {}, closed: () => {} });
  socket.send(room);
}
