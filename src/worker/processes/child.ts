import cluster from "node:cluster";
import { systemClock } from "../../runtime/clock.ts";
import { parsePrimaryMessage } from "./messages.ts";
import { PrimaryLink, type PrimaryLinkOptions } from "./primary-link.ts";

/** Begins to talk with the primary, in one of its processes. */
export function joinPrimary(
  options: Pick<PrimaryLinkOptions, "readiness" | "metrics" | "stop">,
): PrimaryLink {
  const { worker } = cluster;
  worker?.on("disconnect", () => {
    // Else Node.js would end this process at once when the primary dies; it is to part with its clients first.
    worker.exitedAfterDisconnect = true;
  });
  const link = new PrimaryLink({
    ...options,
    clock: systemClock,
    // A primary that cannot be told is gone, and "disconnect" says so.
    send: (message) => void (process.connected && process.send?.(message, undefined, undefined, () => {})),
  });
  process.on("message", (message) => {
    const parsed = parsePrimaryMessage(message);
    if (parsed) link.heard(parsed);
  });
  return link;
}

/**
 * The port is open. From here on the channel is only a life line, and must not keep a process alive that has nothing
 * else to do; until then it is what the answer to "may I listen?" comes by.
 */
export function hasStarted(): void {
  process.channel?.unref();
}
