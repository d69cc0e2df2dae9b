import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { hostInUri } from "../../cluster/peer/address.ts";
import { MAX_TALK_FRAME } from "../../cluster/registration/state-dialer.ts";
import { type Overview, parseStateMessage } from "../../cluster/registration/state-messages.ts";
import { dial } from "../../link/dial.ts";
import type { DialFailure } from "../../link/dial-failure.ts";
import { TALK_PROTOCOL, Talk } from "../../link/talk.ts";
import { systemClock } from "../../runtime/clock.ts";
import { RELEASE } from "../../runtime/release.ts";
import type { Credentials } from "../../runtime/tls/certificates.ts";
import { type Finding, failure, ok } from "./finding.ts";
import type { DoctorConfig } from "./settings.ts";

/** Where scc-state is, as members would dial it. */
export function stateUri({ stateServerHost, stateServerPort, stateServerSecure }: DoctorConfig): string {
  return `${stateServerSecure ? "wss" : "ws"}://${hostInUri(stateServerHost)}:${stateServerPort}`;
}

/** Whether a host has an address, as this machine sees it. */
export async function examineName(host: string): Promise<Finding> {
  const subject = `name ${host}`;
  if (isIP(host) !== 0) return ok(subject, "is an address");
  try {
    const addresses = await lookup(host, { all: true });
    return ok(subject, `is ${addresses.map(({ address }) => address).join(", ")}`);
  } catch (error) {
    return failure(
      subject,
      `has no address: ${(error as Error).message}`,
      "see that SCC_STATE_SERVER_HOST is right, and what this machine asks for names (/etc/resolv.conf)",
    );
  }
}

/** What scc-state tells of its cluster, or why it does not. Nobody joins by this. */
export function observe(
  config: DoctorConfig,
  credentials: Credentials,
): Promise<Overview | { readonly failed: Finding }> {
  const uri = stateUri(config);
  const subject = `scc-state ${uri}`;
  return new Promise((resolve) => {
    const fail = (text: string, remedy: string): void => resolve({ failed: failure(subject, text, remedy) });
    const opened = (talk: Talk): void => {
      const timer = systemClock.after(config.timeout, () => talk.close("no answer in time"));
      talk.start({
        message: (message) => {
          const parsed = parseStateMessage(message);
          if (parsed?.type !== "overview") return;
          timer.cancel();
          resolve(parsed);
          talk.close("seen");
        },
        closed: (reason) => fail(`it takes members, but tells nothing: ${reason}`, OTHER_RELEASE),
      });
      talk.send({ type: "observe" });
    };
    dial(
      {
        uri,
        protocol: TALK_PROTOCOL,
        query: { instanceType: "scc-doctor", version: RELEASE },
        authKey: config.authKey,
        connectTimeoutMs: config.timeout,
        maxPayload: MAX_TALK_FRAME,
        credentials,
      },
      {
        opened: (socket) => opened(new Talk(socket, systemClock)),
        failed: (problem) => fail(problem.reason, remedyFor(problem)),
      },
    );
  });
}

const OTHER_RELEASE =
  "is it of an earlier release than this command? Use the command of the cluster's release";

function remedyFor({ kind, reason }: DialFailure): string {
  if (kind === "auth") return "set SCC_AUTH_KEY to the key that scc-state was given";
  if (kind === "refused")
    return "nobody listens there: see that scc-state runs, and SCC_STATE_SERVER_HOST, SCC_STATE_SERVER_PORT";
  if (reason.includes(";") || reason.includes("answered")) return "see what it says";
  return "look for a firewall or a NetworkPolicy on the way, and at SCC_STATE_SERVER_HOST, SCC_STATE_SERVER_PORT";
}
