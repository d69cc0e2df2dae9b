import { type DialOptions, dial } from "./dial.ts";
import type { DialFailure } from "./dial-failure.ts";
import type { MemberSocket } from "./member-socket.ts";
import { failureFor, sendText } from "./prove.ts";

/** Asks a broker which instance it is: it says its id in one message, and nothing else is said. */
export const IDENTITY_PROTOCOL = "scc-identity.1";

const MAX_ID = 100;
/** How long whoever was told may take to hang up, ms. */
const GOODBYE_MS = 1000;

/** Answers whoever asks which instance this is, once both have proved that they hold the key. */
export function sayIdentity(socket: MemberSocket, instanceId: string): void {
  socket.start({ read: () => socket.terminate(), closed: () => {} });
  sendText(socket, instanceId);
  socket.close("that is who this is");
  setTimeout(() => socket.terminate(), GOODBYE_MS).unref();
}

/**
 * Asks the broker at a URI which instance it is. Exactly one of the events is called, once.
 *
 * @param options `connectTimeoutMs` bounds connecting, proving and the answer, each
 */
export function askIdentity(
  options: Omit<DialOptions, "protocol" | "maxPayload">,
  events: { identified(instanceId: string): void; failed(failure: DialFailure): void },
): void {
  dial(
    { ...options, protocol: IDENTITY_PROTOCOL, maxPayload: MAX_ID },
    {
      failed: (failure) => events.failed(failure),
      opened: (socket) => {
        let isOver = false;
        const end = (tell: () => void): void => {
          if (isOver) return;
          isOver = true;
          clearTimeout(timer);
          tell();
          socket.terminate();
        };
        const fail = (reason: string): void => end(() => events.failed(failureFor(reason)));
        const timer = setTimeout(() => fail("no answer in time"), options.connectTimeoutMs).unref();
        socket.start({
          read: (message) => end(() => events.identified(message.toString())),
          closed: (reason) => fail(`it does not say who it is: ${reason}`),
        });
      },
    },
  );
}
